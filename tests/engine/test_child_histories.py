"""What a write says of the histories of child executions takes little more than its texts, and says all that was recorded."""

from __future__ import annotations

import gc
import tracemalloc

import msgspec

from stepwright.asl.step import ChildEvent
from stepwright.engine.child_histories import ChildHistories
from stepwright.engine.kept_apart import LONG_BYTES


def entered(child: str, number: int, text: str) -> ChildEvent:
    details = {"name": "P", "input": text, "inputDetails": {"truncated": False}}
    event = {
        "timestamp": "2026-11-30T08:00:00.000Z",
        "type": "PassStateEntered",
        "id": number,
        "previousEventId": number - 1,
        "stateEnteredEventDetails": details,
    }
    return ChildEvent(child, event)


def test_all_events_are_told_in_the_order_of_each_child() -> None:
    first = [entered("a", 1, "x"), entered("b", 1, "y"), entered("b", 2, "y"), entered("a", 2, "ä")]
    histories = ChildHistories()
    histories.add(first)
    histories.add([entered("a", 3, "z")])

    assert len(histories) == 5
    assert [(name, begin, end) for name, begin, end, _ in histories.rows()] == [("a", 1, 3), ("b", 1, 2)]
    assert [each.event["id"] for each in histories.events()] == [1, 2, 3, 1, 2]
    assert list(histories.events())[:2] == [first[0], first[3]]
    sizes = [len(msgspec.json.encode(each.event)) for each in histories.events()]
    assert histories.size_bytes == sum(sizes) + len(",")  # two of them were recorded one after the other


def test_a_long_text_is_there_once_and_counts_once() -> None:
    text = "x" * (LONG_BYTES + 1)
    histories = ChildHistories()
    histories.add([entered("a", 1, text), entered("a", 2, text)])
    histories.add([entered("b", 1, text)])

    assert list(histories.texts.values()) == [text]
    assert text not in str(list(histories.rows()))
    assert [each.event["stateEnteredEventDetails"]["input"] for each in histories.events()] == [text] * 3
    assert len(text) < histories.size_bytes < len(text) + 1_500


def test_thousands_of_events_take_less_than_twice_their_texts() -> None:
    histories = ChildHistories()
    gc.collect()
    tracemalloc.start()
    try:
        for child in range(1_000):
            histories.add([entered(f"{child:036}", number, '{"n":"17"}') for number in range(1, 5)])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken < 2 * histories.size_bytes
