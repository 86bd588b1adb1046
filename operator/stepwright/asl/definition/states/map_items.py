"""What a distributed Map reads its items from, how it groups them, and where it leaves results.

ItemReader and ResultWriter are checked here, not compiled: nothing runs them.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.definition import limits, resources
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.problems import INLINE_MAP
from stepwright.asl.definition.schema import StateFields, check_fields
from stepwright.asl.machine import Batcher, MapMode

_NONE: Final[frozenset[str]] = frozenset()
_CALL: Final = StateFields(
    frozenset({"Resource"}), frozenset({"Parameters"}), frozenset({"Arguments"}), required=("Resource",)
)
_READER: Final = StateFields(
    _CALL.both | {"ReaderConfig"}, _CALL.json_path, _CALL.jsonata, required=("Resource",)
)
_READER_CONFIG: Final = StateFields(
    frozenset(
        {
            "InputType",
            "Transformation",
            "CSVHeaderLocation",
            "CSVHeaders",
            "CSVDelimiter",
            "ItemsPointer",
            "ManifestType",
            "MaxItems",
        }
    ),
    frozenset({"MaxItemsPath"}),
    _NONE,
)
_BATCHER: Final = StateFields(
    frozenset({"BatchInput", "MaxItemsPerBatch", "MaxInputBytesPerBatch"}),
    frozenset({"MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"}),
    _NONE,
)
_WRITER: Final = StateFields(_CALL.both | {"WriterConfig"}, _CALL.json_path, _CALL.jsonata)
_DISTRIBUTED: Final = ("ItemReader", "ItemBatcher", "ResultWriter")
_BATCH_BYTES: Final = 256 * 1024


def check(state: Fields, mode: MapMode) -> str | None:
    """The name of a field that is present but not served, if there is one."""
    if mode == "INLINE":
        for name in _DISTRIBUTED:
            if name in state:
                state.problems.warn(
                    INLINE_MAP,
                    state.at(name),
                    f"'{name}' is only supported for the 'DISTRIBUTED' Mode; set it in ItemProcessor.ProcessorConfig",
                )
    _reader(state)
    _writer(state)
    return next((name for name in ("ItemReader", "ResultWriter") if name in state), None)


def _reader(state: Fields) -> None:
    reader = _part(state, "ItemReader", _READER)
    if reader is None:
        return
    _call(reader)
    config = _part(reader, "ReaderConfig", _READER_CONFIG)
    if config is not None:
        config.text("InputType", literal=False)
        config.one_of("CSVHeaderLocation", ("FIRST_ROW", "GIVEN"))
        config.array("CSVHeaders")
        config.integer_or_expression("MaxItems", 0, limits.MAP_ITEMS)


def batcher(state: Fields) -> Batcher | None:
    batcher = _part(state, "ItemBatcher", _BATCHER)
    if batcher is None:
        return None
    return Batcher(
        input=batcher.template("BatchInput"),
        max_items=batcher.integer_or_expression("MaxItemsPerBatch", 1, limits.SECONDS),
        max_bytes=batcher.integer_or_expression("MaxInputBytesPerBatch", 1, _BATCH_BYTES),
    )


def _writer(state: Fields) -> None:
    writer = _part(state, "ResultWriter", _WRITER)
    if writer is not None:
        _call(writer)
        writer.object("WriterConfig")


def _call(part: Fields) -> None:
    resource = part.text("Resource", literal=False)
    if resource is not None and not resources.is_valid(resource):
        part.problems.error(part.at("Resource"), "Value is not a valid resource ARN")
    if "Resource" in part and part.arguments not in part:
        part.problems.missing(part.pointer, [part.arguments])
    part.template(part.arguments)


def _part(fields: Fields, name: str, allowed: StateFields) -> Fields | None:
    raw = fields.object(name)
    if raw is None:
        return None
    part = fields.within(raw, name)
    check_fields(raw, part.pointer, allowed, part.language, part.problems)
    return part
