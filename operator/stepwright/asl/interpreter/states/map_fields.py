"""What the fields of a Map state evaluate to: its items, what an iteration begins with, and its bounds."""

from __future__ import annotations

from typing import Any

from stepwright.asl.checkpoint.parts import Branch, MapRun
from stepwright.asl.data import Expression, States
from stepwright.asl.failure import causes, failures
from stepwright.asl.failure.errors import QueryError
from stepwright.asl.fields.jsonata_fields import Query
from stepwright.asl.interpreter import dataflow
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Batcher, Map, Reader
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import Payload


def items_of(draft: Draft, branch: Branch, state: Map, effective: Payload) -> list[Json]:
    if isinstance(state.items, Query):
        items = state.items.expect(dataflow.states(draft, branch, state), "array")
        assert isinstance(items, list)
        return items
    items = (
        effective.value
        if state.query_language == "JSONata"
        else state.items_path.evaluate(dataflow.data(draft, branch, state, effective))
    )
    if isinstance(items, list):
        return items
    if state.query_language == "JSONata":
        raise QueryError(causes.map_input_not_an_array(items), None)
    # AWS writes a path into the context object with one dollar less.
    path = str(state.items_path)
    raise failures.runtime(causes.not_an_array(path[1:] if path.startswith("$$") else path))


def iteration_input(
    draft: Draft, branch: Branch, state: Map, effective: Payload, index: int, item: Json
) -> Payload:
    """What an iteration begins with: its item, or what ItemSelector makes of it."""
    if state.item_selector is None:
        return Payload(item)
    sight = (
        dataflow.states(draft, branch, state, item=(index, item))
        if isinstance(state.item_selector, Query)
        else dataflow.data(draft, branch, state, effective, item=(index, item))
    )
    return Payload(state.item_selector.evaluate(sight))


def child_input(
    draft: Draft,
    branch: Branch,
    state: Map,
    effective: Payload,
    items: list[Json],
    index: int,
    run: MapRun,
    first: int,
) -> tuple[Payload, int]:
    """What the child execution begins with whose first item has this index, and how many items that is. ``first``: which of the
    Map's items is the first of ``items``."""
    if state.batcher is None:
        return iteration_input(draft, branch, state, effective, first + index, items[index]), 1
    return batch(draft, branch, state, effective, items, index, (run.batch_items, run.batch_bytes), first)


def concurrency(draft: Draft, branch: Branch, state: Map, effective: Payload) -> int:
    """MaxConcurrency; 0 if it is not given."""
    given = _number(
        draft, branch, state, state.max_concurrency, field="MaxConcurrencyPath", effective=effective
    )
    if given is None:
        return 0
    if given < 0:
        # AWS lets such an execution hang until somebody stops it.
        raise failures.runtime("MaxConcurrency must not be negative.")
    return int(given)


def tolerated(
    draft: Draft, branch: Branch, state: Map, effective: Payload
) -> tuple[int | None, float | None]:
    count = _number(
        draft,
        branch,
        state,
        state.tolerated_failure_count,
        field="ToleratedFailureCountPath",
        effective=effective,
    )
    percentage = _number(
        draft,
        branch,
        state,
        state.tolerated_failure_percentage,
        field="ToleratedFailurePercentagePath",
        effective=effective,
        whole=False,
    )
    if count is not None and count < 0:
        raise failures.runtime("ToleratedFailureCount must not be negative.")
    if percentage is not None and not 0 <= percentage <= 100:
        raise failures.runtime(causes.percentage_out_of_range())
    return None if count is None else int(count), percentage


def _queried(query: Query, sight: States, *, whole: bool) -> float:
    if whole:
        return query.whole(sight, at_least=0)
    number = query.expect(sight, "number")
    assert isinstance(number, int | float)
    if not 0 <= number <= 100:
        raise query.wrong("number from 0 to 100", number)
    return number


def _number(
    draft: Draft,
    branch: Branch,
    state: Map,
    given: float | Expression | None,
    *,
    field: str,
    effective: Payload,
    whole: bool = True,
) -> Any:
    """The number that a field gives or refers to. AWS accepts a text of digits, too."""
    if given is None or isinstance(given, int | float):
        return given
    if isinstance(given, Query):
        return _queried(given, dataflow.states(draft, branch, state), whole=whole)
    value = given.evaluate(dataflow.data(draft, branch, state, effective))
    number: float | None = None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = int(value) if whole and not isinstance(value, float) else float(value)
        except ValueError:
            number = None
    if number is None or (whole and number != int(number)):
        kind = "integer" if whole else "float"
        raise failures.runtime(causes.not_a_valid_number(field, value, kind, str(given)))
    return number


def reader_config(
    draft: Draft, branch: Branch, state: Map, reader: Reader, effective: Payload
) -> dict[str, Json]:
    """ReaderConfig with MaxItems evaluated, if there is one. Whether it is negative only the reading finds."""
    most = _number(draft, branch, state, reader.max_items, field="MaxItemsPath", effective=effective)
    return dict(reader.config) if most is None else {**reader.config, "MaxItems": int(most)}


def bounds(
    draft: Draft, branch: Branch, state: Map, batcher: Batcher, effective: Payload
) -> tuple[int | None, int | None]:
    """How many items and how many bytes of input a batch may have."""
    items = _number(
        draft, branch, state, batcher.max_items, field="MaxItemsPerBatchPath", effective=effective
    )
    size = _number(
        draft, branch, state, batcher.max_bytes, field="MaxInputBytesPerBatchPath", effective=effective
    )
    for name, value in (("MaxItemsPerBatch", items), ("MaxInputBytesPerBatch", size)):
        if value is not None and value <= 0:
            raise failures.runtime(f"{name} must be positive.")
    return items, size


def batch(
    draft: Draft,
    branch: Branch,
    state: Map,
    effective: Payload,
    items: list[Json],
    index: int,
    bounds: tuple[int | None, int | None],
    first: int = 0,
) -> tuple[Payload, int]:
    """The input of the batch that begins with the item of this index, and how many items are in it: at least one, however
    large that item is. ``first``: which of the Map's items is the first of ``items``."""
    batcher = state.batcher
    assert batcher is not None
    most, room = bounds
    around: dict[str, Json] = {}
    if batcher.input is not None:
        around["BatchInput"] = dataflow.shape(draft, branch, state, batcher.input, effective).value
    size = jsontext.size_bytes(Payload({**around, "Items": []}).text)
    taken: list[Json] = []
    for at in range(index, len(items) if most is None else min(len(items), index + most)):
        item = iteration_input(draft, branch, state, effective, first + at, items[at])
        size += jsontext.size_bytes(item.text) + (1 if taken else 0)
        if taken and size > (room or draft.limits.payload_bytes):
            break
        taken.append(item.value)
    return Payload({**around, "Items": taken}), len(taken)
