"""A write ends before its events come near what etcd takes in one request, whatever they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.step import ChildEvent, Step
from stepwright.engine.batch import Batch
from tests.data import history_shapes

TEXTS = ["x" * 5_000, "ä" * 5_000, '"' * 5_000, "\\" * 5_000, "<" * 5_000]


def stored_bytes(event: dict[str, Any]) -> int:
    """The event is a text in the status, and the API server writes these three as ``\\u003c``."""
    text = json.dumps(json.dumps(event, ensure_ascii=False), ensure_ascii=False)
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

        assert (batch.children_bytes if of_child else batch.size_bytes) >= 0.95 * (stored_bytes(event) - 500)
