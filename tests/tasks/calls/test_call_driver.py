"""What is the same for every call that a task makes: when it is made, made again, given up, and found again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import (
    Signal,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import ExecutionRef, Report, Reported, Uid, Unavailable
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.integration import (
    Again,
    Answered,
    AnswerLost,
    Call,
    CallFailed,
    RefusedForNow,
)
from stepwright.tasks.calls.slots import Host, Slots
from tests.engine.virtual_loop import VirtualClock, run
from tests.tasks.start_tasks import start_task

REF = ExecutionRef(Uid("u"), "local", "x", "m")
ID = TaskId(5)
CALL = "arn:aws:states:::service:action"


def task(pattern: str = "", *, submitted: Json = None, number: int = ID) -> StartTask:
    return start_task(parse_resource(CALL + pattern), {}, number, submitted=submitted)


class Service:
    """An integration, and the service that it calls. ``calls`` are the calls that reach it; ``begun`` what has come of
    them and outlives a process. ``answers``: what each of the next calls does beside."""

    def __init__(self, rule: Again = Again.REPEAT) -> None:
        self.rule = rule
        self.calls: list[str] = []
        self.begun = 0
        self.answers: list[Exception] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.ended = asyncio.Event()
        self.ended.set()
        self.of_host: str | Host | None = "host"
        self.open = self.most = 0
        self.released: list[TaskId] = []
        self.cannot_stop: list[Exception] = []
        """What the next stops raise."""

    def serves(self, resource: Resource) -> bool:
        return resource.service == "service"

    def host(self, call: Call) -> str | Host | None:  # noqa: ARG002
        return self.of_host

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return self.rule

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed("Service.SdkClientException", "Nobody knows.")

    async def begin(self, call: Call) -> Answered:  # noqa: ARG002
        self.calls.append("begin")
        error = self.answers.pop(0) if self.answers else None
        if isinstance(error, Unavailable | RefusedForNow):
            raise error
        self.begun += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await self.may_answer.wait()
        finally:
            self.open -= 1
        if error is not None:
            raise error
        return Answered({"id": self.begun})

    async def find(self, call: Call) -> Answered | None:  # noqa: ARG002
        self.calls.append("find")
        return Answered({"id": self.begun}) if self.begun else None

    async def follow(self, call: Call, begun: Json) -> Answered:  # noqa: ARG002
        self.calls.append(f"follow {begun}")
        await self.ended.wait()
        return Answered("done")

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:  # noqa: ARG002
        self.released.append(task)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:  # noqa: ARG002
        self.calls.append(f"stop {task.submitted}")
        if self.cannot_stop:
            raise self.cannot_stop.pop(0)

    async def close(self) -> None:
        pass


class Scene:
    def __init__(self, rule: Again = Again.REPEAT, slots: Slots | None = None) -> None:
        self.service = Service(rule)
        self.signals: list[Reported] = []
        self._slots = slots
        self.driver = self.another()

    def another(self) -> CallDriver:
        """As in the next process."""
        report: Report = lambda _, signal: self.signals.append(signal)  # noqa: E731
        return CallDriver(self.service, VirtualClock(), report, self._slots)

    async def start(self, this: StartTask, *, again: bool = False) -> list[Reported]:
        await self.driver.start(REF, this, again=again)
        await asyncio.sleep(100)
        return self.signals


def played(main: Callable[[], Any]) -> None:
    run(main)


LOST = TaskFailed(ID, "Service.SdkClientException", "Nobody knows.")
STARTED = TaskStarted(ID)


def test_the_answer_is_the_result_of_a_task_that_waits_for_nothing_else() -> None:
    async def main() -> None:
        scene = Scene()
        assert await scene.start(task()) == [STARTED, TaskSucceeded(ID, {"id": 1})]
        assert await scene.start(task(), again=True) == [*scene.signals[:2], scene.signals[1]]
        assert scene.service.calls == ["begin"]
        assert scene.driver.holds(REF.uid)
        await scene.driver.release(REF, ID)
        assert not scene.driver.holds(REF.uid)

    played(main)


@pytest.mark.parametrize(
    ("rule", "was_begun", "calls", "end"),
    [
        (Again.HARMLESS, True, ["begin"], TaskSucceeded(ID, {"id": 2})),
        (Again.REPEAT, True, ["begin"], TaskSucceeded(ID, {"id": 2})),
        (Again.FIND, True, ["find"], TaskSucceeded(ID, {"id": 1})),
        (Again.FIND, False, ["find", "begin"], TaskSucceeded(ID, {"id": 1})),
        (Again.FAIL, True, [], LOST),
    ],
)
def test_what_may_have_been_called_by_an_earlier_process_is_called_as_declared(
    rule: Again, was_begun: bool, calls: list[str], end: Signal
) -> None:
    async def main() -> None:
        scene = Scene(rule)
        scene.service.begun = int(was_begun)
        assert (await scene.start(task(), again=True))[-1] == end
        assert scene.service.calls == calls

    played(main)


@pytest.mark.parametrize("rule", Again)
def test_the_first_call_is_made_whatever_is_declared(rule: Again) -> None:
    async def main() -> None:
        scene = Scene(rule)
        assert (await scene.start(task()))[-1] == TaskSucceeded(ID, {"id": 1})
        assert scene.service.calls == ["begin"]

    played(main)


@pytest.mark.parametrize(
    ("rule", "calls", "end"),
    [
        (Again.HARMLESS, ["begin", "begin"], TaskSucceeded(ID, {"id": 2})),
        (Again.REPEAT, ["begin", "begin"], TaskSucceeded(ID, {"id": 2})),
        (Again.FIND, ["begin", "find"], TaskSucceeded(ID, {"id": 1})),
        (Again.FAIL, ["begin"], LOST),
    ],
)
def test_where_an_answer_is_lost_the_same_rule_holds(rule: Again, calls: list[str], end: Signal) -> None:
    async def main() -> None:
        scene = Scene(rule)
        scene.service.answers = [AnswerLost("cut")]
        assert (await scene.start(task()))[-1] == end
        assert scene.service.calls == calls

    played(main)


@pytest.mark.parametrize("rule", Again)
def test_a_call_that_was_certainly_not_made_is_made_with_more_and_more_patience(rule: Again) -> None:
    async def main() -> None:
        scene = Scene(rule)
        scene.service.answers = [Unavailable("away")] * 4
        assert (await scene.start(task()))[-1] == TaskSucceeded(ID, {"id": 1})
        assert scene.service.calls == ["begin"] * 5

    played(main)


def test_a_task_that_waits_for_its_token_is_submitted_at_once_and_is_silent_then() -> None:
    async def main() -> None:
        scene = Scene()
        assert await scene.start(task(".waitForTaskToken")) == [
            STARTED,
            TaskSubmitted(ID, {"id": 1}, at_once=True),
        ]
        scene.driver = scene.another()
        await scene.start(task(".waitForTaskToken", submitted={"id": 1}), again=True)
        assert scene.service.calls == ["begin"]
        assert len(scene.signals) == 2

    played(main)


@pytest.mark.parametrize("rule", Again)
def test_a_task_that_waits_for_an_end_goes_on_from_what_was_submitted(rule: Again) -> None:
    async def main() -> None:
        scene = Scene(rule)
        scene.service.ended.clear()
        submitted = TaskSubmitted(ID, {"id": 1}, at_once=rule is not Again.HARMLESS)
        assert await scene.start(task(".sync")) == [STARTED, submitted]
        await scene.driver.close()
        scene.driver = scene.another()
        scene.service.ended.set()
        assert (await scene.start(task(".sync", submitted={"id": 1}), again=True))[-1] == TaskSucceeded(
            ID, "done"
        )
        assert scene.service.calls == ["begin", "follow {'id': 1}", "follow {'id': 1}"]

    played(main)


@pytest.mark.parametrize("pattern", ["", ".waitForTaskToken", ".sync"])
def test_only_of_a_task_that_waits_for_an_end_the_stop_is_kept_and_made(pattern: str) -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.ended.clear()
        await scene.start(task(pattern))
        cancel = CancelTask(ID, parse_resource(CALL + pattern))
        await scene.driver.stop(REF, cancel)
        assert scene.driver.keeps_stops(cancel.resource) is (pattern == ".sync")
        assert ("stop {'id': 1}" in scene.service.calls) is (pattern == ".sync")
        assert not scene.driver.holds(REF.uid)

    played(main)


def test_what_is_about_to_begin_has_begun_before_it_is_stopped() -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.may_answer.clear()
        scene.service.ended.clear()
        await scene.driver.start(REF, task(".sync"), again=False)
        await asyncio.sleep(1)
        stopping = asyncio.create_task(scene.driver.stop(REF, CancelTask(ID, parse_resource(CALL + ".sync"))))
        await asyncio.sleep(1)
        assert scene.service.calls == ["begin"]
        scene.service.may_answer.set()
        await stopping
        assert scene.service.calls == ["begin", "stop {'id': 1}"]
        assert scene.signals == [STARTED]

    played(main)


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "let go"])
def test_what_could_not_be_begun_yet_is_not_begun_for_a_task_that_is_wanted_no_more(stopped: bool) -> None:
    """It was begun as soon as it could be, by then beside another operator that carried the execution on."""

    async def main() -> None:
        scene = Scene()
        scene.service.answers = [Unavailable("away")] * 3
        await scene.driver.start(REF, task(".sync"), again=False)
        await asyncio.sleep(0.05)
        if stopped:
            await scene.driver.stop(REF, CancelTask(ID, parse_resource(CALL + ".sync")))
        else:
            scene.driver.let_go(REF.uid)
        await asyncio.sleep(100)

        assert scene.service.calls == ["begin", *(["stop None"] if stopped else [])]
        assert not scene.driver.holds(REF.uid)
        assert scene.driver._beginning == {}

    played(main)


def test_a_task_that_comes_back_while_its_call_is_being_made_is_called_once() -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.may_answer.clear()
        await scene.driver.start(REF, task(".sync"), again=False)
        await asyncio.sleep(1)
        scene.driver.let_go(REF.uid)
        await scene.driver.start(REF, task(".sync"), again=True)
        await asyncio.sleep(1)
        scene.service.may_answer.set()
        await asyncio.sleep(1)

        assert scene.service.calls == ["begin", "follow {'id': 1}"]
        assert scene.signals[-1] == TaskSucceeded(ID, "done")

    played(main)


@pytest.mark.parametrize("pattern", ["", ".sync", ".waitForTaskToken"])
def test_a_process_that_is_about_to_end_waits_for_the_calls_it_has_made_and_makes_no_more(
    pattern: str,
) -> None:
    async def main() -> None:
        scene = Scene(slots=Slots(most=1))
        scene.service.may_answer.clear()
        scene.service.ended.clear()
        for number in (5, 6):  # the second one waits for a slot
            await scene.driver.start(REF, task(pattern, number=number), again=False)
        await asyncio.sleep(1)
        draining = asyncio.create_task(scene.driver.drain())
        await scene.driver.start(REF, task(pattern, number=7), again=False)
        await asyncio.sleep(1)
        assert not draining.done()

        scene.service.may_answer.set()
        await draining
        ends = {
            "": TaskSucceeded(ID, {"id": 1}),
            ".sync": TaskSubmitted(ID, {"id": 1}, at_once=True),
            ".waitForTaskToken": TaskSubmitted(ID, {"id": 1}, at_once=True),
        }
        assert scene.signals == [STARTED, ends[pattern]]
        await asyncio.sleep(100)
        assert scene.service.calls.count("begin") == 1
        assert len(scene.signals) == 2

    played(main)


def test_a_process_without_calls_under_way_need_not_wait() -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.answers = [Unavailable("away")] * 99
        await scene.driver.start(REF, task(), again=False)
        await asyncio.sleep(30)
        async with asyncio.timeout(0.1):
            await scene.driver.drain()

    played(main)


def test_no_call_is_made_while_the_lease_has_lapsed() -> None:
    async def main() -> None:
        held = False
        scene = Scene()
        driver = CallDriver(scene.service, VirtualClock(), lambda *_: None, held=lambda _: held)
        await driver.start(REF, task(), again=False)
        await asyncio.sleep(30)
        assert scene.service.calls == []

        held = True
        await asyncio.sleep(5)
        assert scene.service.calls == ["begin"]

    played(main)


def test_a_call_that_is_given_up_reports_nothing() -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.may_answer.clear()
        await scene.driver.start(REF, task(), again=False)
        await asyncio.sleep(1)
        await scene.driver.sweep(REF, frozenset())
        scene.service.may_answer.set()
        await asyncio.sleep(1)
        assert (scene.signals, scene.driver.holds(REF.uid), scene.service.open) == ([STARTED], False, 0)

    played(main)


@pytest.mark.parametrize("failure", [RuntimeError("a defect"), Unavailable("away")])
def test_a_task_that_cannot_be_stopped_keeps_no_other_running(failure: Exception) -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.ended.clear()
        for number in (5, 6):
            await scene.start(task(".sync", number=number))
        scene.service.cannot_stop = [failure]
        with pytest.raises(type(failure)):
            await scene.driver.sweep(REF, frozenset())
        await scene.driver.sweep(REF, frozenset())

        stopped = ["stop {'id': 1}", "stop {'id': 2}"]
        assert scene.service.calls[-3:] == [*stopped, stopped[0]]
        assert not scene.driver.holds(REF.uid)

    played(main)


def test_whatever_else_a_call_raises_fails_its_task() -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.answers = [RuntimeError("secret")]
        cause = "The call failed inside Stepwright (RuntimeError); the log says more."
        assert (await scene.start(task()))[-1] == TaskFailed(ID, "States.Runtime", cause)

    played(main)


@pytest.mark.parametrize("of_host", ["host", None])
def test_a_host_gets_no_more_calls_than_it_bears(of_host: str | None) -> None:
    async def main() -> None:
        scene = Scene(slots=Slots(most=9, most_of_a_host=3))
        scene.service.of_host = of_host
        scene.service.may_answer.clear()
        for number in range(10):
            await scene.driver.start(REF, task(number=number), again=False)
        await asyncio.sleep(1)
        scene.service.may_answer.set()
        await asyncio.sleep(1)
        assert scene.service.most == (10 if of_host is None else 3)
        assert sum(isinstance(signal, TaskSucceeded) for signal in scene.signals) == 10

    played(main)


def test_a_host_may_say_how_many_calls_it_bears_and_change_its_mind() -> None:
    async def main() -> None:
        scene = Scene(slots=Slots(most=9, most_of_a_host=3))
        scene.service.may_answer.clear()
        at_once = []
        for number, most in enumerate((1, 1, 1, 2)):
            scene.service.of_host = Host("host", most)
            await scene.driver.start(REF, task(number=number), again=False)
            await asyncio.sleep(1)
            at_once.append(scene.service.open)
        assert at_once == [1, 1, 1, 2]

        await scene.driver.stop(REF, CancelTask(TaskId(1), task().resource))  # one that waits
        scene.service.may_answer.set()
        await asyncio.sleep(1)
        assert scene.service.most == 2
        assert sum(isinstance(signal, TaskSucceeded) for signal in scene.signals) == 3

    played(main)


def test_where_nobody_can_answer_tokens_no_task_waits_for_one() -> None:
    async def main() -> None:
        driver = CallDriver(Service(), VirtualClock(), lambda *_: None, answers_tokens=False)
        assert driver.serves(parse_resource(CALL))
        assert not driver.serves(parse_resource(f"{CALL}.waitForTaskToken"))

    played(main)


def test_another_engine_carries_an_execution_on_and_nothing_of_it_is_stopped() -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.ended.clear()
        await scene.start(task(".sync"))
        scene.driver.let_go(REF.uid)
        await asyncio.sleep(1)
        assert not scene.driver.holds(REF.uid)
        assert not [call for call in scene.service.calls if call.startswith("stop")]

    played(main)


@pytest.mark.parametrize("landed", [False, True])
def test_a_refusal_that_may_not_last_counts_after_some_attempts(landed: bool) -> None:
    async def main() -> None:
        scene = Scene(Again.FIND)
        refused = RefusedForNow(CallFailed("Service.Busy", "Too many."), landed=landed)
        scene.service.answers = [refused] * 3
        assert (await scene.start(task()))[-1] == TaskSucceeded(ID, {"id": 1})
        assert scene.service.calls.count("find") == (3 if landed else 0)

        scene = Scene(Again.FIND)
        scene.service.answers = [refused] * 20
        assert (await scene.start(task()))[-1] == TaskFailed(ID, "Service.Busy", "Too many.")
        assert scene.service.calls.count("begin") == 8

    played(main)


@pytest.mark.parametrize("pattern", ["", ".sync"])
def test_who_carries_an_execution_on_finds_what_was_being_begun_for_it(pattern: str) -> None:
    """The call came there after it had been looked for, and there were two: seed 27616 of the simulation."""

    async def main() -> None:
        scene = Scene(Again.FIND)
        scene.service.may_answer.clear()
        held = {REF.uid: True}
        driver = CallDriver(scene.service, VirtualClock(), lambda *_: None, held=lambda uid: held[uid])
        await driver.start(REF, task(pattern), again=False)
        await asyncio.sleep(1)
        async with asyncio.timeout(0.1):
            await driver.handed_over()  # nothing is given away

        held[REF.uid] = False
        driver.let_go(REF.uid)
        handing_over = asyncio.ensure_future(driver.handed_over())
        await asyncio.sleep(5)
        assert not handing_over.done()
        scene.service.may_answer.set()
        await handing_over
        assert scene.service.calls == ["begin"]

    played(main)


def test_what_may_be_called_twice_is_not_waited_for_by_who_carries_it_on() -> None:
    async def main() -> None:
        scene = Scene()
        scene.service.may_answer.clear()
        held = {REF.uid: True}
        driver = CallDriver(scene.service, VirtualClock(), lambda *_: None, held=lambda uid: held[uid])
        await driver.start(REF, task(), again=False)
        await asyncio.sleep(1)
        held[REF.uid] = False
        driver.let_go(REF.uid)
        async with asyncio.timeout(0.1):
            await driver.handed_over()
        await asyncio.sleep(1)
        assert scene.service.open == 0

    played(main)
