"""What a state does with its data, in the stages of AWS's ``inspectionData``.

Which stages are reported differs from type to type, in ways that only recorded answers show: a Pass with
Result reports nothing about its input, a Parallel only what becomes of its result. In JSONata there is little
to report but Arguments.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from stepwright.asl.checkpoint.parts import Branch, Fork
from stepwright.asl.interpreter import dataflow, forks
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.states import map_fields as map_
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Choice, Fail, Map, Parallel, Pass, State, Succeed, Task, Wait
from stepwright.asl.map_data import reading
from stepwright.asl.text.payload import Payload

Stage: TypeAlias = tuple[str, Payload | float]
"""A field of ``inspectionData``: a document, or one of a Map's numbers."""


def before(draft: Draft, branch: Branch, state: State, content: str | None) -> Iterator[Stage]:
    """The stages from InputPath up to the state's work. ``content``: what a Map's ItemReader is said to have found.

    Raises ``StateError`` at the stage that fails; earlier stages stay reported.
    """
    yield from _BEFORE[type(state)](draft, branch, state, content)


def after(draft: Draft, branch: Branch, state: State, result: Payload) -> Iterator[Stage]:
    """The stages from the result of a Task, Parallel or Map on."""
    assert isinstance(state, Task | Map | Parallel)
    if isinstance(state, Task):
        yield "result", result
    if state.query_language == "JSONPath":
        shaped = dataflow.shape(draft, branch, state, state.result_selector, result)
        yield "afterResultSelector", shaped
        yield "afterResultPath", dataflow.place(state.result_path, branch.input, shaped)


def exceeded(draft: Draft, branch: Branch, state: Map, content: str | None, failed: int) -> bool:
    """Whether so many failed iterations are more than the Map tolerates; if no tolerance is given, any number
    is tolerated here."""
    effective = dataflow.effective_input(draft, branch, state)
    count, percentage = map_.tolerated(draft, branch, state, effective)
    if count is None and percentage is None:
        return False
    items = _items(draft, branch, state, effective, content)
    fork = Fork(
        branch=branch.number,
        width=len(items),
        limit=0,
        previous=0,
        failed=failed,
        tolerated_count=count,
        tolerated_percentage=percentage,
    )
    return not forks.tolerates(fork)


def _nothing_more(draft: Draft, branch: Branch, state: State, _read: Any) -> Iterator[Stage]:
    if state.query_language == "JSONPath":
        # A Fail state has no InputPath.
        effective = (
            branch.input if isinstance(state, Fail) else dataflow.effective_input(draft, branch, state)
        )
        yield "afterInputPath", effective


def _pass(draft: Draft, branch: Branch, state: Pass, _read: Any) -> Iterator[Stage]:
    if state.query_language == "JSONata":
        return
    if state.has_result:
        result = Payload(state.result)
        yield "result", result
    else:
        effective = dataflow.effective_input(draft, branch, state)
        yield "afterInputPath", effective
        result = dataflow.shape(draft, branch, state, state.parameters, effective)
        yield "afterParameters", result
    yield "afterResultSelector", result
    yield "afterResultPath", dataflow.place(state.result_path, branch.input, result)


def _task(draft: Draft, branch: Branch, state: Task, _read: Any) -> Iterator[Stage]:
    effective = dataflow.effective_input(draft, branch, state)
    json_path = state.query_language == "JSONPath"
    if json_path:
        yield "afterInputPath", effective
    parameters = dataflow.shape(draft, branch, state, state.parameters, effective)
    yield "afterParameters" if json_path else "afterArguments", parameters


def _parallel(draft: Draft, branch: Branch, state: Parallel, _read: Any) -> Iterator[Stage]:
    effective = dataflow.effective_input(draft, branch, state)
    dataflow.shape(draft, branch, state, state.parameters, effective)  # it may fail
    return
    yield


def _map(draft: Draft, branch: Branch, state: Map, content: str | None) -> Iterator[Stage]:
    effective = dataflow.effective_input(draft, branch, state)
    json_path = state.query_language == "JSONPath"
    if json_path:
        yield "afterInputPath", effective
    items = _items(draft, branch, state, effective, content)
    if json_path and state.reader is None:
        yield "afterItemsPath", Payload(items)
    yield "maxConcurrency", map_.concurrency(draft, branch, state, effective)
    count, percentage = map_.tolerated(draft, branch, state, effective)
    if count is not None:
        yield "toleratedFailureCount", count
    if percentage is not None:
        yield "toleratedFailurePercentage", float(percentage)
    if state.item_selector is not None:
        inputs = [
            map_.iteration_input(draft, branch, state, effective, index, item).value
            for index, item in enumerate(items)
        ]
        yield "afterItemSelector", Payload(inputs)
    if state.batcher is not None:
        bounds = map_.bounds(draft, branch, state, state.batcher, effective)
        batches: list[Json] = []
        at = 0
        while at < len(items):
            batch, count = map_.batch(draft, branch, state, effective, items, at, bounds)
            batches.append(batch.value)
            at += count
        yield "afterItemBatcher", Payload(batches)


def _items(draft: Draft, branch: Branch, state: Map, effective: Payload, content: str | None) -> list[Json]:
    """A reader of which nothing is said has found nothing."""
    if state.reader is None:
        return map_.items_of(draft, branch, state, effective)
    config = map_.reader_config(draft, branch, state, state.reader, effective)
    return [] if content is None else reading.items(config, content)


_BEFORE: Final[dict[type[State], Callable[[Draft, Branch, Any, Any], Iterator[Stage]]]] = {
    Pass: _pass,
    Task: _task,
    Choice: _nothing_more,
    Wait: _nothing_more,
    Succeed: _nothing_more,
    Fail: _nothing_more,
    Parallel: _parallel,
    Map: _map,
}
