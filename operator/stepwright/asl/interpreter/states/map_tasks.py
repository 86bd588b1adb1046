"""What a distributed Map does before its items are there, and after its results are: it has them read, or written.

Both are tasks of the engine's own (``checkpoint.map_tasks``) that no event records. AWS records how they fail: the Map Run
fails with States.ItemReaderFailed or States.ResultWriterFailed, and so does the state, which may catch it.
"""

from __future__ import annotations

from typing import Final

from msgspec import ValidationError, to_builtins
from msgspec.structs import replace

from stepwright.asl.checkpoint import map_tasks, versions
from stepwright.asl.checkpoint.parts import Branch, Fork, MapRun, OpenTask, Source, source_id
from stepwright.asl.checkpoint.shards import computes
from stepwright.asl.failure import errors, failures
from stepwright.asl.failure.errors import StateError
from stepwright.asl.failure.failures import WholeSentence
from stepwright.asl.interpreter import context, dataflow
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.states import map_fields
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map, Writer
from stepwright.asl.map_data import reader_config, requests
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import Payload

_PIECES: Final = 4
"""How many for each shard are asked for at once: reading further begins when less than one for each is left."""


def to_read(draft: Draft, branch: Branch, state: Map, effective: Payload) -> Payload:
    """What is to be read, as ``map_data.requests.Reading``. Evaluated before the Map Run begins, as all fields of the state."""
    reader = state.reader
    assert reader is not None
    parameters = dataflow.shape(draft, branch, state, reader.parameters, effective)
    return Payload(
        {
            "Resource": reader.resource.text,
            "Parameters": parameters.value,
            "ReaderConfig": map_fields.reader_config(draft, branch, state, reader, effective),
        }
    )


def read(draft: Draft, branch: Branch, state: Map, wanted: Payload, window: requests.Window | None) -> None:
    """``window``: which items, if the Map may run in shards. Raises States.ItemReaderFailed if nothing can be read so."""
    try:
        reader_config.of(requests.reading(wanted.value).reader_config)
    except StateError as error:
        raise WholeSentence(error.error, error.cause) from error
    _start(draft, branch, state, ITEM_READER, _within(wanted, window))


def read_on(draft: Draft, branch: Branch, state: Map, fork: Fork) -> None:
    """Have further items read in time, so that no shard has to wait for its piece."""
    run, source = fork.run, draft.checkpoint.source(branch.number)
    assert run is not None
    if not run.reading or branch.task is not None or source is None:
        return
    if len(source.pieces) < draft.limits.shards:
        window = window_of(draft, branch, run)
        assert window is not None
        assert source.after is not None
        window = replace(window, after=source.after.value)
        _start(draft, branch, state, ITEM_READER, _within(source.wanted, window))


def stretch(draft: Draft, branch: Branch, batch_items: int | None) -> int | None:
    """How many items a shard has; None if the Map cannot run in shards."""
    most = draft.limits.shard_items
    if most is None or branch.child is not None or context.current_item(draft, branch) is not None:
        return None
    state = draft.state(branch)
    assert isinstance(state, Map)
    if draft.limits.computing_shard_items is not None and computes(draft.machine, state.item_processor):
        most = draft.limits.computing_shard_items
    return most if batch_items is None else max(batch_items, most - most % batch_items)


def window_of(draft: Draft, branch: Branch, run: MapRun) -> requests.Window | None:
    """What the Map asks its reader for, from the beginning; None if it cannot run in shards, and takes all items at once."""
    items = stretch(draft, branch, run.batch_items)
    if items is None:
        return None
    limits = draft.limits
    return requests.Window(
        _PIECES * limits.shards, items, step=run.batch_items or 1, bytes=limits.piece_bytes
    )


def _within(wanted: Payload, window: requests.Window | None) -> Payload:
    assert isinstance(wanted.value, dict)
    return wanted if window is None else Payload({**wanted.value, "Window": to_builtins(window)})


def without_window(task: OpenTask) -> Payload:
    """What the task reads, whatever of it."""
    assert task.parameters is not None
    assert isinstance(task.parameters.value, dict)
    return Payload({name: value for name, value in task.parameters.value.items() if name != "Window"})


def take_pieces(draft: Draft, fork: Fork, wanted: Payload, output: Json) -> None:
    """The reader has cut further items into pieces. Raises States.ItemReaderFailed."""
    try:
        cut = requests.cut(output)
    except ValidationError as error:
        raise WholeSentence(
            errors.ITEM_READER_FAILED, f"The reader did not answer with items: {error}"
        ) from error
    known = draft.checkpoint.source(fork.branch)
    pieces = tuple((piece.count, Payload(piece.piece)) for piece in cut.pieces)
    source = Source(
        fork.branch,
        wanted if known is None else known.wanted,
        None if cut.after is None else Payload(cut.after),
        pieces if known is None else known.pieces + pieces,
    )
    for _, piece in pieces:
        draft.pay_for_text(len(piece.text))
    draft.checkpoint.put(source_id(fork.branch), source)
    fork.width += sum(piece.count for piece in cut.pieces)


def items_of(draft: Draft, output: Json) -> Payload:
    """The items that a reader has answered with. Raises States.ItemReaderFailed if they are more than there is room for."""
    items = output.get("items") if isinstance(output, dict) else None
    if not isinstance(items, list):
        raise WholeSentence(errors.ITEM_READER_FAILED, "The reader did not answer with a list of items.")
    found = Payload(items)
    size, most = jsontext.size_bytes(found.text), draft.limits.read_bytes
    if size > most:
        raise WholeSentence(
            errors.ITEM_READER_FAILED,
            f"The items that were read take {size:,} bytes as JSON, and a Map reads at most {most:,} here. MaxItems reads"
            " fewer of them.",
        )
    return found


def changed(expected: int, found: int) -> StateError:
    return WholeSentence(
        errors.ITEM_READER_FAILED,
        f"A piece of the items had {expected:,} items at first and {found:,} when it was read again.",
    )


def to_write(draft: Draft, branch: Branch, state: Map, fork: Fork, writer: Writer) -> Payload:
    """Where the results are to be left, and how: ``map_data.requests.Writing`` without them."""
    assert writer.resource is not None
    run = fork.run
    assert run is not None
    part = {"Part": run.ordinal} if run.is_shard else {}
    redrive = {"Redrive": run.redrives} if run.redrives else {}
    effective = dataflow.effective_input(draft, branch, state)
    parameters = dataflow.shape(draft, branch, state, writer.parameters, effective)
    config = {"Transformation": writer.transformation, "OutputType": writer.output_type}
    wanted: dict[str, Json] = {
        "Resource": writer.resource.text,
        "Parameters": parameters.value,
        "WriterConfig": {name: value for name, value in config.items() if value is not None},
        "MapRunArn": run.arn,
        **part,
        **redrive,
    }
    return Payload(wanted)


def start_writing(draft: Draft, branch: Branch, state: Map, wanted: Payload) -> None:
    fork = draft.checkpoint.peek_fork(branch.number)
    assert fork is not None
    draft.meter.left -= len(map_tasks.outputs_of(draft.parts, fork))
    _start(draft, branch, state, RESULT_WRITER, wanted)


def written(fork: Fork, details: Json) -> Payload:
    """The result of a state whose results were left elsewhere."""
    assert fork.run is not None
    return Payload({"MapRunArn": fork.run.arn, "ResultWriterDetails": details})


def failed(branch: Branch, error: str | None, cause: str | None) -> StateError:
    """The task of the Map has failed, and so does its run."""
    said = failures.said(error, cause)
    branch.task = None
    return WholeSentence(said.error, said.cause)


def _start(draft: Draft, branch: Branch, state: Map, resource: Resource, parameters: Payload) -> None:
    draft.pay_for_text(len(parameters.text))
    draft.head.needs(versions.READ_OR_WRITTEN)
    branch.task = OpenTask(
        id=draft.next_own_task_id(), scheduled=draft.now, parameters=parameters, resource=resource.text
    )
    draft.commands.append(map_tasks.start_task(state, draft.parts, branch))
