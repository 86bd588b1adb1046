"""What is done about a state machine: the whole table, without a loop."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.controllers import state_machine_watch
from stepwright.controllers.machine_acts import FINALIZER, Act, Here, act_upon, once_held
from stepwright.controllers.state_machine_watch import SeenMachine

OURS = Here(owned=True, checked=True, revision="greet-2")
UNCHECKED = OURS._replace(checked=False)
THEIRS = OURS._replace(owned=False)
IN_DOUBT = OURS._replace(in_doubt=True)


def _seen(*finalizers: str, deleted: bool = False, revision: str | None = "greet-2") -> SeenMachine:
    metadata: dict[str, Any] = {"name": "greet", "namespace": "shop", "uid": "1", "finalizers": finalizers}
    if deleted:
        metadata["deletionTimestamp"] = "2026-11-01T00:00:00Z"
    return state_machine_watch.seen({"metadata": metadata, "spec": {}, "status": {"revision": revision}})


NEW = _seen()
HELD = _seen("another/finalizer", FINALIZER)
DELETED = _seen(FINALIZER, deleted=True)


@pytest.mark.parametrize(
    ("seen", "here", "act"),
    [
        pytest.param(NEW, UNCHECKED, Act.HOLD, id="new"),
        pytest.param(_seen("another/finalizer"), OURS, Act.HOLD, id="somebody has removed the finalizer"),
        pytest.param(HELD, UNCHECKED, Act.CHECK, id="its definition is not checked"),
        pytest.param(HELD, OURS, Act.PRUNE, id="all is done"),
        pytest.param(_seen(FINALIZER, revision="greet-3"), OURS, Act.LEARN, id="another installation has checked it"),
        pytest.param(DELETED, OURS, Act.DRAIN, id="deleted"),
        pytest.param(DELETED, UNCHECKED, Act.DRAIN, id="deleted before it was checked"),
        pytest.param(_seen(deleted=True), OURS, Act.DRAIN, id="deleted before it was held"),
        # Another operator's.
        pytest.param(NEW, THEIRS, Act.LEARN, id="theirs, new"),
        pytest.param(HELD, THEIRS._replace(checked=False), Act.LEARN, id="theirs, changed"),
        pytest.param(DELETED, THEIRS, Act.LEARN, id="theirs, deleted"),
        # etcd may have been restored.
        pytest.param(HELD, IN_DOUBT, Act.READ_ANEW, id="in doubt"),
        pytest.param(DELETED, IN_DOUBT, Act.READ_ANEW, id="in doubt whether it is deleted"),
        pytest.param(HELD, IN_DOUBT._replace(owned=False), Act.READ_ANEW, id="theirs, in doubt"),
    ],
)  # fmt: skip
def test_what_is_done_about_a_state_machine(seen: SeenMachine, here: Here, act: Act) -> None:
    assert act_upon(seen, here) is act


@pytest.mark.parametrize(
    ("here", "act"),
    [(UNCHECKED, Act.CHECK), (OURS, Act.PRUNE), (OURS._replace(revision=None), Act.LEARN)],
)
def test_what_follows_once_its_finalizer_is_written(here: Here, act: Act) -> None:
    """What was seen of it does not show that yet."""
    assert once_held(NEW, here) is act
