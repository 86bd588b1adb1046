"""What a distributed Map reads its items from, how it groups them, and where it leaves results.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from stepwright.asl.data import Expression
from stepwright.asl.definition import limits, resources
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.problems import INLINE_MAP
from stepwright.asl.definition.schema import (
    BATCHER_FIELDS,
    READER_CONFIG_FIELDS,
    READER_FIELDS,
    WRITER_CONFIG_FIELDS,
    WRITER_FIELDS,
    StateFields,
    check_fields,
)
from stepwright.asl.machine import Batcher, MapMode, Reader, Writer
from stepwright.asl.map_data import reader_config
from stepwright.asl.resource import Resource
from stepwright.asl.resource import parse as parse_resource

_MAX_ITEMS: Final = frozenset({"MaxItems", "MaxItemsPath"})
_TRANSFORMATIONS: Final = ("NONE", "COMPACT", "FLATTEN")
_OUTPUT_TYPES: Final = ("JSON", "JSONL")
_INPUT_TYPES: Final = ("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")
_AS_WRITTEN: Final[Mapping[str, Sequence[str]]] = {
    "CSVDelimiter": tuple(reader_config.DELIMITERS),
    "ItemsPointer": (),
    "ManifestType": ("ATHENA_DATA", "S3_INVENTORY"),
    "Transformation": ("NONE", "LOAD_AND_FLATTEN"),
}
"""What decides only when the items are read, and what is usual there."""
_DISTRIBUTED: Final = ("ItemReader", "ItemBatcher", "ResultWriter")
_BATCH_BYTES: Final = 256 * 1024


def check(state: Fields, mode: MapMode) -> str | None:
    """The name of a field that is present but not served in this mode, if there is one."""
    if mode == "INLINE":
        for name in _DISTRIBUTED:
            if name in state:
                state.problems.warn(
                    INLINE_MAP,
                    state.at(name),
                    f"'{name}' is only supported for the 'DISTRIBUTED' Mode; set it in ItemProcessor.ProcessorConfig",
                )
        return next((name for name in ("ItemReader", "ResultWriter") if name in state), None)
    return None


def reader(state: Fields) -> Reader | None:
    reader = _part(state, "ItemReader", READER_FIELDS)
    if reader is None:
        return None
    resource, parameters = _call(reader)
    config = _part(reader, "ReaderConfig", READER_CONFIG_FIELDS)
    if config is None:
        return Reader(resource, parameters)
    config.text("InputType", literal=False, usual=_INPUT_TYPES)
    config.one_of("CSVHeaderLocation", ("FIRST_ROW", "GIVEN"))
    config.array("CSVHeaders")
    for name, usual in _AS_WRITTEN.items():
        config.as_written(name, usual=usual)
    return Reader(
        resource,
        parameters,
        config={name: value for name, value in config.raw.items() if name not in _MAX_ITEMS},
        max_items=config.integer_or_expression("MaxItems", 0, limits.MAP_ITEMS),
    )


def batcher(state: Fields) -> Batcher | None:
    batcher = _part(state, "ItemBatcher", BATCHER_FIELDS)
    if batcher is None:
        return None
    return Batcher(
        input=batcher.template("BatchInput"),
        max_items=batcher.integer_or_expression("MaxItemsPerBatch", 1, limits.SECONDS),
        max_bytes=batcher.integer_or_expression("MaxInputBytesPerBatch", 1, _BATCH_BYTES),
    )


def writer(state: Fields) -> Writer | None:
    writer = _part(state, "ResultWriter", WRITER_FIELDS)
    if writer is None:
        return None
    resource, parameters = _call(writer)
    config = _part(writer, "WriterConfig", WRITER_CONFIG_FIELDS)
    return Writer(
        resource if "Resource" in writer else None,
        parameters,
        transformation=None if config is None else config.one_of("Transformation", _TRANSFORMATIONS),
        output_type=None if config is None else config.one_of("OutputType", _OUTPUT_TYPES),
    )


def _call(part: Fields) -> tuple[Resource, Expression | None]:
    text = part.text("Resource", literal=False)
    if text is not None and not resources.is_valid(text):
        part.problems.error(part.at("Resource"), "Value is not a valid resource ARN")
    if "Resource" in part and part.arguments not in part:
        part.problems.missing(part.pointer, [part.arguments])
    return parse_resource(text or ""), part.template(part.arguments)


def _part(fields: Fields, name: str, allowed: StateFields) -> Fields | None:
    raw = fields.object(name)
    if raw is None:
        return None
    part = fields.within(raw, name)
    check_fields(raw, part.pointer, allowed, part.language, part.problems)
    return part
