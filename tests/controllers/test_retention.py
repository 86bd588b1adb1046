"""How long ended executions stay, and how many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stepwright.cluster.nested.parent import PARENT_UID
from stepwright.controllers import retention as retentions
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.retention import Ended, Retention, Surplus, due_time, most
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Policy
from stepwright.engine.ports import Uid
from stepwright.kube.api_errors import Unreachable
from tests.engine.virtual_loop import VirtualClock, run

FLUX = {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}
FLUX_HELM = {"labels": {"helm.toolkit.fluxcd.io/name": "apps"}}
HELM = {"labels": {"app.kubernetes.io/managed-by": "Helm"}}
RELEASED = {"annotations": {"meta.helm.sh/release-name": "apps"}}
BY_HAND = {"labels": {"app.kubernetes.io/managed-by": "us"}}
INSTANCE = {"labels": {"app.kubernetes.io/instance": "apps"}}
ARGO = {"labels": {"argocd.argoproj.io/instance": "apps"}}
TRACKED = {"annotations": {"argocd.argoproj.io/tracking-id": "apps:stepwright.dev/Execution:shop/run-1"}}
OTHERS = {"labels": {"app": "x"}, "annotations": {"note": "y"}}


class Api:
    """Answers deletions slowly; ``fails`` of them not at all."""

    def __init__(self, fails: int = 0) -> None:
        self.deleted: list[str] = []
        self._fails = fails

    async def delete(self, path: str, _: Any) -> None:
        await asyncio.sleep(1)
        if self._fails:
            self._fails -= 1
            raise Unreachable("no answer", outcome_unknown=True)
        self.deleted.append(path.rsplit("/", 1)[1])


def seen(
    name: str = "run-1",
    *,
    ttl: int | None = None,
    end: str = "2026-01-01T00:00:00Z",
    phase: str = "Succeeded",
    **marks: Any,
) -> Seen:
    body = {
        "metadata": {"namespace": "shop", "name": name, "uid": f"uid of {name}", **marks},
        "spec": {"stateMachineRef": {"name": "m"}, "ttlSecondsAfterFinished": ttl},
        "status": {"phase": phase, "endTime": end},
    }
    return msgspec.convert(body, Seen)


def ended(**given: Any) -> Ended:
    found = Ended.of(seen(**given))
    assert found is not None
    return found


# --- The decisions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "said", "default", "marks", "seconds"),
    [
        (None, None, None, {}, None),
        (5, None, None, {}, 5),
        (5, 60, 700, {}, 5),
        (0, 60, 700, {}, 0),
        (None, 60, 700, {}, 60),
        (None, None, 700, {}, 700),
        (None, None, 700, OTHERS, 700),
        (None, None, 700, FLUX, None),
        (None, None, 700, FLUX_HELM, None),
        (None, None, 700, HELM, None),
        (None, None, 700, RELEASED, None),
        (None, None, 700, BY_HAND, 700),
        (None, None, 700, INSTANCE, None),
        (None, None, 700, ARGO, None),
        (None, None, 700, TRACKED, None),
        (None, 60, 700, FLUX, 60),
        (5, None, 700, ARGO, 5),
    ],
)
def test_who_says_how_long_an_execution_stays(
    own: int | None, said: int | None, default: int | None, marks: dict[str, Any], seconds: int | None
) -> None:
    """What a tool would make again would run again: the installation's word does not count for it."""
    found = ended(ttl=own, **marks)

    due = due_time(found, Policy(said), Policy(default))

    assert due == (None if seconds is None else found.end + seconds * 1000)


@pytest.mark.parametrize(
    ("phase", "said", "default", "marks", "stay"),
    [
        ("Succeeded", NOTHING_SAID, NOTHING_SAID, {}, None),
        ("Succeeded", Policy(successful=3), Policy(successful=9), {}, 3),
        ("Succeeded", Policy(failed=3), Policy(successful=9), {}, 9),
        ("Failed", Policy(failed=1), NOTHING_SAID, {}, 1),
        ("TimedOut", Policy(failed=1), NOTHING_SAID, {}, 1),
        ("Aborted", NOTHING_SAID, Policy(failed=4), {}, 4),
        ("Aborted", NOTHING_SAID, Policy(failed=4), FLUX, None),
        ("Aborted", Policy(failed=2), Policy(failed=4), FLUX, 2),
    ],
)
def test_who_says_how_many_executions_stay(
    phase: str, said: Policy, default: Policy, marks: dict[str, Any], stay: int | None
) -> None:
    assert most(ended(phase=phase, **marks), said, default) == stay


# --- What is done ----------------------------------------------------------------------------------------------------


def played(
    script: Callable[[Retention], Any], *, policy: Policy = NOTHING_SAID, fails: int = 0, seconds: float = 600
) -> list[str]:
    """The names of the executions that are deleted."""

    async def main() -> list[str]:
        api: Any = Api(fails)
        retention = Retention(api, VirtualClock(), lambda _: policy)
        running = asyncio.create_task(retention.run())
        await script(retention)
        await asyncio.sleep(seconds)
        assert not running.done()
        assert not retention._deletions
        running.cancel()
        return api.deleted  # type: ignore[no-any-return]

    return run(main)


def test_a_late_event_of_an_execution_that_is_being_deleted_does_no_harm() -> None:
    """The timer armed by it rang when nothing was known of the execution any more: the operator ended."""

    async def script(retention: Retention) -> None:
        retention.keep(seen(ttl=5))
        await asyncio.sleep(5.5)
        retention.keep(seen(ttl=5))

    assert set(played(script)) == {"run-1"}


def test_an_execution_gone_while_its_deletion_was_not_answered_is_forgotten() -> None:
    async def script(retention: Retention) -> None:
        retention.keep(seen(ttl=5))
        await asyncio.sleep(5.5)
        retention.forget(Uid("uid of run-1"))

    assert played(script, fails=1) == []


def until(seconds: float, policy: Policy, **more: Any) -> tuple[float, list[str]]:
    """When an execution was deleted whose time was over after five seconds, if it was, and what is asked in the meantime.
    ``policy``: that of its state machine from then on."""

    async def main() -> tuple[float, list[str]]:
        api, clock, says = Api(), VirtualClock(), [NOTHING_SAID]
        what: Any = api
        retention = Retention(what, clock, lambda _: says[0], **more)
        running = asyncio.create_task(retention.run())
        began = clock.now()
        says[0] = Policy(5)
        retention.keep(seen(end="2026-01-01T00:00:00Z"))
        await asyncio.sleep(1)
        says[0] = policy
        retention.keep_own()
        for _ in range(round(seconds)):
            if not api.deleted:
                await asyncio.sleep(1)
        running.cancel()
        return (clock.now() - began) / 1000, api.deleted

    return run(main)


@pytest.mark.parametrize(
    ("policy", "deleted_at"),
    [
        pytest.param(Policy(5), 6, id="nothing has changed"),
        pytest.param(Policy(300), 301, id="it may stay longer by now"),
        pytest.param(NOTHING_SAID, None, id="it may stay for ever by now"),
    ],
)
def test_what_the_state_machine_says_when_the_time_is_over_counts(
    policy: Policy, deleted_at: float | None
) -> None:
    seconds, deleted = until(1_000, policy)

    assert bool(deleted) is (deleted_at is not None)
    assert deleted_at is None or deleted_at <= seconds <= deleted_at + 1


def test_an_execution_that_is_another_operator_s_by_then_is_left_to_it() -> None:
    mine = [True]

    def owns(_: Uid) -> bool:
        return mine.pop() if mine else False

    assert until(1_000, Policy(5), owns=owns)[1] == []


def test_a_child_stays_as_long_as_its_task_may_ask_for_it() -> None:
    async def main() -> list[list[str]]:
        api, is_missed = Api(), [False]
        what: Any = api

        async def may_miss(_: Any) -> bool:
            return is_missed[0]

        retention = Retention(what, VirtualClock(), lambda _: NOTHING_SAID, may_miss=may_miss)
        running = asyncio.create_task(retention.run())
        retention.keep(seen(ttl=5, labels={PARENT_UID: "1"}))
        await asyncio.sleep(300)
        kept = list(api.deleted)
        is_missed[0] = True
        await asyncio.sleep(62)
        running.cancel()
        return [kept, api.deleted]

    assert run(main) == [[], ["run-1"]]


def test_a_deletion_that_is_under_way_ends_with_its_operator() -> None:
    """It went on after it, for as long as its answer was waited for: seed 81045 of the simulation."""

    async def main() -> tuple[int, int]:
        api: Any = Api()
        retention = Retention(api, VirtualClock(), lambda _: NOTHING_SAID)
        running = asyncio.create_task(retention.run())
        retention.keep(seen(ttl=5))
        await asyncio.sleep(5.5)
        before = len(retention._deletions)
        running.cancel()
        await asyncio.wait((running,))
        return before, len(retention._deletions)

    assert run(main) == (1, 0)


def test_what_has_much_time_is_not_remembered() -> None:
    async def script(retention: Retention) -> None:
        for number in range(100):
            retention.keep(seen(f"run-{number}", ttl=7 * 24 * 3600))
        assert len(retention) == 0

    assert played(script) == []


def test_no_more_are_remembered_than_fit_and_those_that_fall_due_first_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retentions, "MOST_REMEMBERED", 10)
    names = [f"run-{number}" for number in range(30)]

    async def script(retention: Retention) -> None:
        before = retention.horizon
        for number, name in reversed(list(enumerate(names))):
            retention.keep(seen(name, ttl=60 + 60 * number))
        assert len(retention) <= 10
        assert retention.horizon < before
        # All that fall due before the next round are there.
        begin = ended().end
        due = [
            name for number, name in enumerate(names) if begin + 60_000 * (number + 1) <= retention.horizon
        ]
        assert due == names[: len(retention)]

    assert played(script, seconds=620)[:5] == names[:5]


def test_of_each_kind_of_end_the_newest_stay() -> None:
    minutes = [3, 1, 4, 0, 5, 9, 2, 6]

    async def script(retention: Retention) -> None:
        surplus = Surplus(retention)
        for minute in minutes:
            for phase in ("Succeeded", "Failed", "Aborted"):
                found = ended(name=f"{phase}-{minute}", phase=phase, end=f"2026-01-01T00:0{minute}:00Z")
                surplus.add(found)

    gone = played(script, policy=Policy(successful=3, failed=2))

    stay = {"Succeeded-5", "Succeeded-6", "Succeeded-9"}
    assert {name for name in gone if name.startswith("Succeeded")} == {
        f"Succeeded-{minute}" for minute in minutes
    } - stay
    assert len([name for name in gone if not name.startswith("Succeeded")]) == 2 * len(minutes) - 2


def test_none_may_stay() -> None:
    async def script(retention: Retention) -> None:
        Surplus(retention).add(ended(name="only"))

    assert played(script, policy=Policy(successful=0)) == ["only"]
