"""A write ends before its events come near what etcd takes in one request, whatever they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.step import ChildEvent, Step
from stepwright.engine.batch import Batch
from tests.data import history_shapes

TEXTS = ["x" * 2_000, "ä" * 2_000, '"' * 2_000, "\\" * 2_000, "<" * 2_000]
"""None is so long that it would be stored apart, once."""


def stored_bytes(event: dict[str, Any], *, of_child: bool) -> int:
    """The event is a text in the status, and the API server writes these three as ``\\u003c``. That of a child execution is only
    stored by itself."""
    stored = json.dumps(event, ensure_ascii=False)
    if of_child:
        return len(stored.encode())
    text = json.dumps(stored, ensure_ascii=False)
    return len(text.encode()) + 5 * sum(text.count(sign) for sign in "<>&")


@pytest.mark.parametrize("of_child", [False, True], ids=["its own", "of a child execution"])
@pytest.mark.parametrize("kind", sorted(history_shapes.TYPES - history_shapes.WITHOUT_DETAILS))
def test_all_that_an_event_holds_counts_in_the_size_of_its_write(kind: str, of_child: bool) -> None:
    for text in TEXTS:
        event = history_shapes.filled(kind, text)
        step = Step(Checkpoint({}))
        if of_child:
            step.child_events.append(ChildEvent("child", event))
        else:
            step.events.append(event)
        batch = Batch(None)
        batch.add(step, None)

        size = batch.child_histories.size_bytes if of_child else batch.size_bytes
        assert size >= 0.95 * (stored_bytes(event, of_child=of_child) - 500)
