"""Map: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html."""

from __future__ import annotations

from stepwright.asl.data import Expression
from stepwright.asl.definition import limits, retry_catch
from stepwright.asl.definition.fields import IDENTITY, Fields, Nested
from stepwright.asl.definition.problems import INVALID_LABEL
from stepwright.asl.definition.schema import PROCESSOR_CONFIG_FIELDS, check_names
from stepwright.asl.definition.states import map_items
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import Map, MapMode

_LABEL_REFUSES = frozenset('?*<>{}[]:;,\\|^~$#%&`"')
_MODES = ("INLINE", "DISTRIBUTED")


def parse(state: Fields, envelope: Envelope) -> Map:
    processor = _processor(state)
    jsonata = state.language == "JSONata"
    concurrency = state.integer_or_expression("MaxConcurrency", 0, limits.SECONDS)
    mode = _mode(state, processor)
    unserved = map_items.check(state, mode)
    return Map(
        **envelope,
        item_processor=state.at(processor),
        items_path=IDENTITY if jsonata else _items_path(state),
        items=_items(state) if jsonata else None,
        item_selector=_item_selector(state),
        max_concurrency=0 if concurrency is None else concurrency,
        tolerated_failure_count=state.integer_or_expression("ToleratedFailureCount", 0, limits.SECONDS),
        tolerated_failure_percentage=state.number_or_expression("ToleratedFailurePercentage", 0, 100),
        mode=mode,
        is_express=_is_express(state, processor),
        label=_label(state),
        reader=map_items.reader(state),
        batcher=map_items.batcher(state),
        writer=map_items.writer(state),
        unserved=unserved,
        result_selector=None if jsonata else state.template("ResultSelector"),
        result_path=state.target("ResultPath"),
        retry=retry_catch.retriers(state),
        catch=retry_catch.catchers(state),
    )


def _processor(state: Fields) -> str:
    """The name of the field that holds the scope of the iterations."""
    state.only_one("ItemProcessor", "Iterator")
    name = "Iterator" if "Iterator" in state and "ItemProcessor" not in state else "ItemProcessor"
    if name not in state:
        state.problems.missing(state.pointer, ["ItemProcessor"])
    raw = state.object(name)
    if raw is not None:
        state.nested.append(Nested(raw, state.at(name), "processor"))
    return name


def _items_path(state: Fields) -> Expression:
    return state.path("ItemsPath") or IDENTITY


def _items(state: Fields) -> Expression | None:
    value = state.raw.get("Items")
    if "Items" in state and not isinstance(value, list | str):
        state.problems.wrong_type(state.at("Items"), "Array", value)
    return state.template("Items")


def _item_selector(state: Fields) -> Expression | None:
    if state.language == "JSONPath":
        state.only_one("ItemSelector", "Parameters")
    return state.template(
        "Parameters" if "Parameters" in state and "ItemSelector" not in state else "ItemSelector"
    )


def _mode(state: Fields, processor: str) -> MapMode:
    raw = state.raw.get(processor)
    config = raw.get("ProcessorConfig") if isinstance(raw, dict) else None
    if not isinstance(config, dict):
        if isinstance(raw, dict) and "ProcessorConfig" in raw:
            state.within(raw, processor).object("ProcessorConfig")
        return "INLINE"
    fields = state.within(config, processor, "ProcessorConfig")
    check_names(config, fields.pointer, PROCESSOR_CONFIG_FIELDS.both, state.problems)
    mode = fields.one_of("Mode", _MODES)
    fields.one_of("ExecutionType", ("STANDARD", "EXPRESS"))
    if mode == "DISTRIBUTED" and "ExecutionType" not in fields:
        state.problems.missing(fields.pointer, ["ExecutionType"])
    if "ExecutionType" in fields and mode != "DISTRIBUTED":
        state.problems.error(
            fields.pointer,
            "'ExecutionType' is only supported for the 'DISTRIBUTED' Mode",
            member="ExecutionType",
        )
    return "DISTRIBUTED" if mode == "DISTRIBUTED" else "INLINE"


def _is_express(state: Fields, processor: str) -> bool:
    raw = state.raw.get(processor)
    config = raw.get("ProcessorConfig") if isinstance(raw, dict) else None
    return isinstance(config, dict) and config.get("ExecutionType") == "EXPRESS"


def _label(state: Fields) -> str | None:
    label = state.text("Label", literal=False)
    if label is None:
        return None
    where = state.at("Label")
    if not 1 <= len(label) <= limits.LABEL_CHARACTERS:
        state.problems.error(
            where, f"Label must have 1 to {limits.LABEL_CHARACTERS} characters", code=INVALID_LABEL
        )
    for character in label:
        if (
            character in _LABEL_REFUSES
            or character.isspace()
            or character < " "
            or "\x7f" <= character <= "\x9f"
        ):
            state.problems.error(
                where, f"Label contains invalid character: {character!r}", code=INVALID_LABEL
            )
            break
    return label
