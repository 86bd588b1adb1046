"""Which fields a state may have: by state type and query language.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html and the pages of the state types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from stepwright.asl import choice_rules
from stepwright.asl.definition.problems import Problems
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import QueryLanguage


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class StateFields:
    """``both``: in either language. The order of ``required`` is the order in which missing ones are named."""

    both: frozenset[str]
    json_path: frozenset[str] = frozenset()
    jsonata: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()

    def allowed(self, language: QueryLanguage) -> frozenset[str]:
        return self.both | (self.json_path if language == "JSONPath" else self.jsonata)


_EVERY = _names("Type Comment QueryLanguage")
_GOES_ON = _names("Next End Assign")
_MAY_FAIL = _names("Retry Catch")
_IN_OUT = _names("InputPath OutputPath")
_RESULT = _names("ResultSelector ResultPath")

STATE_FIELDS: Final[dict[str, StateFields]] = {
    "Task": StateFields(
        _EVERY | _GOES_ON | _MAY_FAIL | _names("Resource TimeoutSeconds HeartbeatSeconds Credentials"),
        _IN_OUT | _RESULT | _names("Parameters TimeoutSecondsPath HeartbeatSecondsPath"),
        _names("Arguments Output"),
        required=("Resource",),
    ),
    "Wait": StateFields(
        _EVERY | _GOES_ON | _names("Seconds Timestamp"),
        _IN_OUT | _names("SecondsPath TimestampPath"),
        _names("Output"),
    ),
    "Pass": StateFields(
        _EVERY | _GOES_ON,
        _IN_OUT | _names("Result Parameters ResultPath"),
        _names("Output"),
    ),
    "Succeed": StateFields(_EVERY, _IN_OUT, _names("Output")),
    "Fail": StateFields(_EVERY | _names("Error Cause"), _names("ErrorPath CausePath"), frozenset()),
    "Choice": StateFields(
        _EVERY | _names("Choices Default Assign"),
        _IN_OUT,
        _names("Output"),
        required=("Choices",),
    ),
    "Parallel": StateFields(
        _EVERY | _GOES_ON | _MAY_FAIL | _names("Branches"),
        _IN_OUT | _RESULT | _names("Parameters"),
        _names("Arguments Output"),
        required=("Branches",),
    ),
    "Map": StateFields(
        _EVERY
        | _GOES_ON
        | _MAY_FAIL
        | _names("ItemProcessor Iterator ItemSelector MaxConcurrency ToleratedFailureCount")
        | _names("ToleratedFailurePercentage ItemReader ItemBatcher ResultWriter Label"),
        _IN_OUT
        | _RESULT
        | _names(
            "Parameters ItemsPath MaxConcurrencyPath ToleratedFailureCountPath ToleratedFailurePercentagePath"
        ),
        _names("Items Output"),
    ),
}
"""In the order in which AWS lists the types."""

MACHINE_FIELDS: Final = _names("Comment StartAt States Version TimeoutSeconds QueryLanguage")
BRANCH_FIELDS: Final = _names("Comment StartAt States")
PROCESSOR_FIELDS: Final = _names("Comment StartAt States ProcessorConfig")
SCOPE_REQUIRED: Final = ("States", "StartAt")

RETRIER_FIELDS: Final = StateFields(
    _names("ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy Comment"),
    required=("ErrorEquals",),
)
CATCHER_FIELDS: Final = StateFields(
    _names("ErrorEquals Next Comment Assign"),
    _names("ResultPath"),
    _names("Output"),
    required=("ErrorEquals", "Next"),
)
RULE_FIELDS: Final = StateFields(
    _names("Next Assign Comment"),
    frozenset(choice_rules.OPERATORS) | _names("Variable And Or Not"),
    _names("Condition Output"),
    required=("Condition",),
)
PROCESSOR_CONFIG_FIELDS: Final = StateFields(_names("Mode ExecutionType"))
READER_FIELDS: Final = StateFields(
    _names("Resource ReaderConfig"), _names("Parameters"), _names("Arguments"), required=("Resource",)
)
READER_CONFIG_FIELDS: Final = StateFields(
    _names(
        "InputType Transformation CSVHeaderLocation CSVHeaders CSVDelimiter ItemsPointer ManifestType MaxItems"
    ),
    _names("MaxItemsPath"),
)
BATCHER_FIELDS: Final = StateFields(
    _names("BatchInput MaxItemsPerBatch MaxInputBytesPerBatch"),
    _names("MaxItemsPerBatchPath MaxInputBytesPerBatchPath"),
)
WRITER_FIELDS: Final = StateFields(_names("Resource WriterConfig"), _names("Parameters"), _names("Arguments"))
WRITER_CONFIG_FIELDS: Final = StateFields(_names("Transformation OutputType"))

PART_FIELDS: Final[Mapping[str, StateFields]] = MappingProxyType(
    {
        "Retry[]": RETRIER_FIELDS,
        "Catch[]": CATCHER_FIELDS,
        "Choices[]": RULE_FIELDS,
        "ItemProcessor/ProcessorConfig": PROCESSOR_CONFIG_FIELDS,
        "ItemReader": READER_FIELDS,
        "ItemReader/ReaderConfig": READER_CONFIG_FIELDS,
        "ItemBatcher": BATCHER_FIELDS,
        "ResultWriter": WRITER_FIELDS,
        "ResultWriter/WriterConfig": WRITER_CONFIG_FIELDS,
    }
)
"""Of the objects within states, by where they are; ``[]`` stands for each item of a list."""


def check_fields(
    raw: dict[str, Json], pointer: Pointer, fields: StateFields, language: QueryLanguage, problems: Problems
) -> None:
    """Fields that a state lacks, and those that it must not have."""
    allowed = fields.allowed(language)
    other = fields.json_path | fields.jsonata
    for name in raw:
        if name in allowed:
            continue
        if name in other:
            only = "JSONata" if language == "JSONPath" else "JSONPath"
            problems.error(
                pointer,
                f"The QueryLanguage is set to '{language}', but field '{name}' is only supported for the"
                f" '{only}' QueryLanguage",
                member=name,
            )
        else:
            problems.unsupported(pointer, name, allowed)
    missing = [name for name in fields.required if name not in raw]
    if missing:
        problems.missing(pointer, missing)


def check_names(
    raw: dict[str, Json],
    pointer: Pointer,
    allowed: frozenset[str],
    problems: Problems,
    required: tuple[str, ...] = (),
) -> None:
    """The same for objects that are alike in both languages."""
    for name in raw:
        if name not in allowed:
            problems.unsupported(pointer, name, allowed)
    missing = [name for name in required if name not in raw]
    if missing:
        problems.missing(pointer, missing)
