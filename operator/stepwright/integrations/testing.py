"""The contract that each integration keeps, as tests for pytest: a class to inherit from, once for each Resource.

Stepwright's own integrations are held to it, too. What is called is whatever the inheriting class starts, preferably the real
thing; the end of processes is played, at the moments that matter.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from stepwright.asl.definition import TaskCheck
from stepwright.asl.failure import errors as language_errors
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import parse
from stepwright.asl.signals import Signal, TaskFailed, TaskId, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import Unavailable
from stepwright.integrations.driver import Driver
from stepwright.integrations.played import (
    REF,
    Moment,
    Objects,
    Process,
    Withholding,
    listening,
    means,
    task,
)
from stepwright.tasks.calls import named_connections
from stepwright.tasks.calls.integration import (
    Again,
    AnswerLost,
    Call,
    CallFailed,
    Integration,
    RefusedForNow,
)
from stepwright.tasks.calls.means import Means

__all__ = ["Contract", "Fault", "OtherSide"]

Fault = Literal["down", "silent", "slow", "broken", "huge", "throttling", "refusing", "expired"]
"""What is wrong with the other side: nobody listens; it accepts and says nothing; it says all that it should, but byte by byte; it
speaks no known language; it says more than a task's result may have; it takes no more for now; it does not accept the credentials; it
does not accept them any more."""

LARGEST_RESULT_BYTES: Final = 256 * 1024
PATIENCE_SECONDS: Final = 60.0
"""For one test; more than anything here should take."""

_OF_THE_LANGUAGE: Final = frozenset(
    value
    for value in vars(language_errors).values()
    if isinstance(value, str) and value.startswith("States.")
)
_OF_CONNECTIONS: Final = frozenset(
    f"{named_connections.ERROR}.{reason}"
    for reason in ("ResourceNotFound", "AccessDenied", named_connections.INVALID)
)


async def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class OtherSide:
    """What is called. ``parameters`` of a task that reaches it. ``connections``: ``spec`` by the Connection's name; ``secrets``:
    texts by ``NAME/KEY``, which must be found nowhere afterwards. ``effects``: how often it has done what was asked, as whoever is
    concerned would count. For ``.sync``: ``running``, how much of it goes on; ``end`` lets it end well."""

    parameters: Json
    effects: Callable[[], Awaitable[int]]
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    running: Callable[[], Awaitable[int]] | None = None
    end: Callable[[], Awaitable[None]] = _nothing


class Contract:
    """``resource``: whose tasks are tried, of this ``driver``. ``errors``: those that its page lists, beside those of the language
    and of Connections. ``wrong``: parameters that are refused, in definitions and when a task runs. ``faults``: those that
    ``other_side`` can play; the tests of others are skipped. ``effects``: of one task; 0 if it only reads."""

    driver: ClassVar[Driver]
    resource: ClassVar[str]
    errors: ClassVar[frozenset[str]]
    wrong: ClassVar[Sequence[Json]] = ()
    faults: ClassVar[frozenset[Fault]] = frozenset()
    effects: ClassVar[int] = 1

    def other_side(self, fault: Fault | None) -> AbstractAsyncContextManager[OtherSide]:
        """Start what is called, with this fault, for one test."""
        raise NotImplementedError

    def integration(self, means: Means) -> Integration:
        """As a process makes it."""
        made = self.driver.row.integration
        assert made is not None
        return made(means)

    def check(self) -> TaskCheck:
        """What is said of definitions."""
        check_for = self.driver.row.check_for
        assert check_for is not None
        return check_for({})

    # --- A task -------------------------------------------------------------------------------------------------------

    def test_a_task_is_done_once_and_its_result_is_kept_until_it_is_recorded(self) -> None:
        async def main(scene: _Scene) -> None:
            process = scene.process()
            await process.driver.start(REF, scene.task, again=False)
            await process.driver.start(REF, scene.task, again=False)
            end = await scene.end(process)
            await process.driver.start(REF, scene.task, again=False)
            assert isinstance(end, TaskSucceeded | TaskSubmitted), end
            assert process.reported[-1] == end, "what has ended is reported again, and not done again"
            assert len(json.dumps(end.output)) <= LARGEST_RESULT_BYTES
            assert await scene.side.effects() == self.effects
            await process.driver.release(REF, scene.task.task)
            await process.driver.release(REF, scene.task.task)
            assert not process.driver.holds(REF.uid), "what is released is forgotten"

        self._play(main)

    def test_a_process_that_ends_before_the_request_loses_nothing(self) -> None:
        self._play(lambda scene: self._killed(scene, "before the request", 0))

    def test_a_process_that_ends_between_request_and_answer_leaves_what_is_declared(self) -> None:
        self._play(lambda scene: self._killed(scene, "after the answer", self.effects))

    def test_a_process_that_is_told_to_end_records_its_answer_or_leaves_the_call_to_the_next(self) -> None:
        async def main(scene: _Scene) -> None:
            withheld = Withholding(scene.another(scene.side), "after the answer")
            process = scene.of(withheld)
            await process.driver.start(REF, scene.task, again=False)
            await withheld.reached.wait()
            draining = asyncio.ensure_future(process.driver.drain())
            await asyncio.sleep(0)
            if withheld.again(scene.call) is Again.HARMLESS:
                await draining
                await self._carried_on(scene, process, self.effects)
                return
            assert not draining.done(), "a call that may not be made again is waited for"
            withheld.go_on.set()
            await draining
            ends = [each for each in process.reported if not isinstance(each, TaskStarted)]
            assert ends, "what was waited for is reported"
            assert not isinstance(ends[0], TaskFailed), ends
            assert await scene.side.effects() == self.effects

        self._play(main)

    def test_what_was_begun_is_followed_by_the_next_process(self) -> None:
        if not self._waits_for_an_end:
            return

        async def main(scene: _Scene) -> None:
            process = scene.process()
            await process.driver.start(REF, scene.task, again=False)
            begun = await process.submitted()
            assert isinstance(begun, TaskSubmitted), begun
            await process.driver.close()
            next_process = scene.process()
            await next_process.driver.start(REF, scene.submitted(begun.output), again=True)
            await scene.side.end()
            end = await next_process.end()
            assert isinstance(end, TaskSucceeded), end
            assert await scene.side.effects() == self.effects

        self._play(main)

    def test_what_was_begun_is_stopped_with_its_task_and_stopping_it_twice_is_harmless(self) -> None:
        if not self._waits_for_an_end:
            return

        async def main(scene: _Scene) -> None:
            assert scene.side.running is not None, "OtherSide.running is needed for .sync"
            process = scene.process()
            await process.driver.start(REF, scene.task, again=False)
            begun = await process.submitted()
            assert isinstance(begun, TaskSubmitted), begun
            await process.driver.close()
            stopped = _cancelled(scene.submitted(begun.output))
            for each in (scene.process(), scene.process()):
                await each.driver.stop(REF, stopped)
            assert await scene.side.running() == 0

        self._play(main)

    def test_a_task_that_is_stopped_before_its_call_calls_nothing(self) -> None:
        async def main(scene: _Scene) -> None:
            process = scene.process()
            await process.driver.start(REF, scene.task, again=False)
            await process.driver.stop(REF, _cancelled(scene.task))
            assert not process.driver.holds(REF.uid)
            assert await scene.side.effects() == 0

        self._play(main)

    # --- What is refused ----------------------------------------------------------------------------------------------

    def test_wrong_parameters_are_told_of_a_definition(self) -> None:
        check, resource = self.check(), parse(self.resource)
        for given in self.wrong:
            state = {"Type": "Task", "Resource": self.resource, "Arguments": given, "End": True}
            found = [each.message for each in check(resource, state, Pointer("/States/Trial"))]
            assert found, f"nothing is said of {given}"

    def test_wrong_parameters_fail_the_task_and_call_nothing(self) -> None:
        async def main(scene: _Scene) -> None:
            for given in self.wrong:
                process = scene.process()
                await process.driver.start(REF, task(parse(self.resource), given), again=False)
                end = await process.end()
                assert isinstance(end, TaskFailed), (given, end)
                assert end.error in _OF_THE_LANGUAGE, end
            assert await scene.side.effects() == 0

        self._play(main)

    def test_a_connection_that_is_not_there_fails_the_task(self) -> None:
        async def main(scene: _Scene) -> None:
            if not scene.side.connections:
                return
            bare = OtherSide(scene.side.parameters, scene.side.effects)
            failure = await _failure(scene.another(bare), scene.call)
            assert isinstance(failure, CallFailed), failure
            assert failure.error == f"{named_connections.ERROR}.ResourceNotFound"

        self._play(main)

    # --- What is wrong with the other side ----------------------------------------------------------------------------

    def test_nobody_listens(self) -> None:
        self._faulty("down")

    def test_nothing_is_answered(self) -> None:
        self._faulty("silent")

    def test_what_is_answered_comes_too_slowly(self) -> None:
        self._faulty("slow")

    def test_what_is_answered_makes_no_sense(self) -> None:
        self._faulty("broken")

    def test_what_is_answered_is_too_large(self) -> None:
        self._faulty("huge")

    def test_no_more_is_taken_for_now(self) -> None:
        self._faulty("throttling")

    def test_the_credentials_are_not_believed(self) -> None:
        self._faulty("refusing")

    def test_the_credentials_are_not_believed_any_more(self) -> None:
        self._faulty("expired")

    def test_no_secret_is_told(self) -> None:
        async def main(scene: _Scene) -> None:
            with listening() as heard:
                process = scene.process()
                await process.driver.start(REF, scene.task, again=False)
                await scene.end(process)
            self._tells_nothing(scene.side, repr(process.reported), heard.text)

        self._play(main)

    # --- How that is done ---------------------------------------------------------------------------------------------

    async def _killed(self, scene: _Scene, moment: Moment, done: int) -> None:
        withheld = Withholding(scene.another(scene.side), moment)
        process = scene.of(withheld)
        await process.driver.start(REF, scene.task, again=False)
        await withheld.reached.wait()
        await self._carried_on(scene, process, done)

    async def _carried_on(self, scene: _Scene, process: Process, done: int) -> None:
        """By the next process, which knows nothing of what this one has ``done``."""
        assert await scene.side.effects() == done
        await process.driver.close()
        integration = scene.another(scene.side)
        rule, lost = integration.again(scene.call), integration.lost(scene.call)
        process = scene.of(integration)
        await process.driver.start(REF, scene.task, again=True)
        end = await scene.end(process)
        effects = await scene.side.effects()
        if isinstance(end, TaskFailed):
            assert rule in (Again.FAIL, Again.FIND), f"{rule} repeats the call, and it ended as {end}"
            assert (end.error, end.cause) == (lost.error, lost.cause)
            assert effects == done
            return
        assert rule is not Again.FAIL, "what nobody can know fails with the error of a lost connection"
        most = self.effects + (done if rule is Again.REPEAT else 0)
        assert self.effects <= effects <= most, f"{effects} effects after a repeat that is {rule.name}"

    def _faulty(self, fault: Fault) -> None:
        if fault not in self.faults:
            import pytest  # noqa: PLC0415 - whoever runs this has it; processes that run tasks need not

            pytest.skip(f"its test does not play the fault {fault!r}")

        async def main(scene: _Scene) -> None:
            with listening() as heard:
                failure = await _failure(scene.another(scene.side), scene.call)
            told = failure.failure if isinstance(failure, RefusedForNow) else failure
            if isinstance(told, CallFailed):
                known = self.errors | _OF_THE_LANGUAGE | _OF_CONNECTIONS
                assert told.error in known, f"{told.error} is not among the errors that are listed"
                assert told.cause, "a failure says why"
                self._tells_nothing(scene.side, told.error + told.cause, heard.text)
            else:
                self._tells_nothing(scene.side, str(told), heard.text)

        self._play(main, fault)

    def _tells_nothing(self, side: OtherSide, *texts: str) -> None:
        for name, secret in side.secrets.items():
            assert not any(secret in text for text in texts), f"the secret {name} is shown"

    @property
    def _waits_for_an_end(self) -> bool:
        return parse(self.resource).waits_for_end

    def _play(self, main: Callable[[_Scene], Coroutine[Any, Any, None]], fault: Fault | None = None) -> None:
        async def played() -> None:
            async with (
                asyncio.timeout(PATIENCE_SECONDS),
                self.other_side(fault) as side,
                _scene(self, side) as scene,
            ):
                await main(scene)

        asyncio.run(played())


class _Scene:
    """One test: the other side, and the processes that call it."""

    def __init__(self, contract: Contract, side: OtherSide) -> None:
        self.side = side
        self.task = task(parse(contract.resource), side.parameters)
        self.call = Call(REF, self.task)
        self.made: list[Integration] = []
        self.processes: list[Process] = []
        self._contract = contract

    def another(self, side: OtherSide) -> Integration:
        made = self._contract.integration(means(Objects(side.connections, side.secrets)))
        self.made.append(made)
        return made

    def of(self, integration: Integration) -> Process:
        process = Process(integration)
        self.processes.append(process)
        return process

    def process(self) -> Process:
        return self.of(self.another(self.side))

    def submitted(self, begun: Json) -> StartTask:
        return task(self.task.resource, self.task.parameters, begun)

    async def end(self, process: Process) -> Signal:
        """Of the task, or of what this side can know of it."""
        resource = self.task.resource
        if resource.waits_for_token:
            return await process.submitted()
        if resource.waits_for_end:
            begun = await process.submitted()
            if isinstance(begun, TaskFailed):
                return begun
            await self.side.end()
        return await process.end()


@asynccontextmanager
async def _scene(contract: Contract, side: OtherSide) -> AsyncIterator[_Scene]:
    scene = _Scene(contract, side)
    try:
        yield scene
    finally:
        for process in scene.processes:
            await process.driver.close()
        for made in scene.made:
            await made.close()


async def _failure(integration: Integration, call: Call) -> Exception:
    """How a call fails that cannot succeed."""
    try:
        answered = await integration.begin(call)
    except (CallFailed, RefusedForNow, AnswerLost, Unavailable) as failure:
        return failure
    raise AssertionError(f"the call succeeds with {answered}")


def _cancelled(task: StartTask) -> CancelTask:
    return CancelTask(
        TaskId(task.task), task.resource, task.submitted, task.scheduled, task.parameters, task.credentials
    )
