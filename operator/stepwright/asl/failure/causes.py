"""The sentences of causes, as AWS words them; each from a recorded history unless its comment says otherwise.

All causes of the language are here, so that a change of wording is one change. A function is named after what
went wrong and takes what its sentence names. The interpreter puts ``in_state`` before most of them.
"""

from __future__ import annotations

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext


def in_state(name: str, entered_event_id: int, cause: str) -> str:
    return f"An error occurred while executing the state '{name}' (entered at the event id #{entered_event_id}). {cause}"


def machine_deleted(name: str) -> str:
    return f"State machine {name} has been deleted"


# Paths. ``reason`` is what PathNotFound.reason says: how far the path got.


def invalid_path(path: str, reason: str) -> str:
    """InputPath, OutputPath, ItemsPath, TimeoutSecondsPath, HeartbeatSecondsPath."""
    return f"Invalid path '{path}' : {reason}"


def no_document_for_path() -> str:
    """Not in the records; as users of AWS quote it."""
    return "Unable to apply Path transformation to null or empty input."


def path_too_costly(path: str) -> str:
    return f"The JSONPath '{path}' looks at too much of its document, or finds too much in it."


def state_too_costly() -> str:
    """Ours: AWS names no such limit."""
    return "The state's paths, templates and functions look at or make more than a single state may."


def value_too_large() -> str:
    return "The evaluated template exceeds the maximum number of bytes service limit."


def path_not_found_for_field(path: str, field: str, document: Json) -> str:
    """A field of a payload template (``value.$``), ErrorPath, CausePath."""
    return f"The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{text(document)}'"


def choice_variable_not_found(path: str) -> str:
    """Variable or the path of a ...Path operator. Not in the records; as users of AWS quote it."""
    return f"Invalid path '{path}': The choice state's condition path references an invalid value."


def no_choice_matched() -> str:
    """Not in the records; as users of AWS quote it. The specification's error is States.NoChoiceMatched, the one that was
    measured on AWS in 2026 States.Runtime: https://github.com/floci-io/floci/pull/3167."""
    return "Failed to transition out of the state. The state does not point to a next state."


def not_an_array(path: str) -> str:
    """ItemsPath that leads to something else."""
    return f'Reference path "{path}" must point to array.'


def result_path_not_applicable(path: str, document: Json) -> str:
    """ResultPath that runs into a value which is not an object. Ours: AWS's sentence is not in the
    records."""
    return f"Unable to apply ReferencePath {path} to input {text(document)}"


# Wait


def seconds_path_not_found(path: str) -> str:
    return f"The SecondsPath parameter does not reference an input value: {path}"


def seconds_path_not_a_number(path: str, value: Json) -> str:
    return f"The SecondsPath parameter cannot be parsed as a long value: {path} == {plain(value)}"


def timestamp_path_not_found(path: str) -> str:
    return f"The TimestampPath parameter does not reference an input value: {path}"


def timestamp_path_not_a_timestamp(path: str, value: Json) -> str:
    return (
        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: "
        f"{path} == {plain(value)}"
    )


def timestamp_not_a_timestamp(value: Json) -> str:
    """Timestamp given by a JSONata expression."""
    return f"The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {plain(value)}"


def wait_too_long() -> str:
    return "Wait state delay is too long."


# JSONata. ``field`` is what EvaluationFailed calls the location.


def query_undefined(source: str, field: str) -> str:
    return (
        f"The JSONata expression '{source}' specified for the field '{field}' returned nothing (undefined)."
    )


def query_failed(source: str, field: str, code: str, message: str) -> str:
    return (
        f"The JSONata expression '{source}' specified for the field '{field}' "
        f"threw an error during evaluation. {code}: {message}"
    )


def query_exceeded(source: str, field: str, message: str) -> str:
    """A limit of time, memory or depth. As others measured it: https://github.com/floci-io/floci/issues/2737."""
    return (
        f"The JSONata expression '{source}' specified for the field '{field}' "
        f"threw an error during evaluation: {message}"
    )


def query_of_wrong_type(source: str, field: str, expected: str, value: Json) -> str:
    return (
        f"The JSONata expression '{source}' specified for the field '{field}' returned an unexpected result type. "
        f"Expected '{expected}', but was '{kind_of(value)}' for value: {text(value)}"
    )


def query_gave_function(source: str, field: str) -> str:
    """Ours: what AWS says is not in the records."""
    return (
        f"The JSONata expression '{source}' specified for the field '{field}' returned an unexpected result type. "
        "Expected a JSON value, but was 'function'"
    )


def query_gave_no_text(field: str) -> str:
    """Ours: what AWS says is not in the records."""
    return (
        f"The JSONata expression specified for the field '{field}' returned half of a surrogate pair, "
        "which no text can hold"
    )


def map_input_not_an_array(value: Json) -> str:
    """A Map without Items whose input is something else."""
    return f"Map state input must be an array but was: {text(value)}"


# Map


def not_a_valid_number(field: str, value: Json, kind: str, path: str) -> str:
    """``field`` is MaxConcurrencyPath, ToleratedFailureCountPath (kind integer) or ...PercentagePath (kind float)."""
    return f'The {field} field refers to value "{plain(value)}" which is not a valid {kind}: {path}'


def percentage_out_of_range() -> str:
    return "ToleratedFailurePercentage must be between 0 and 100."


def tolerated_failures_exceeded() -> str:
    return "The specified tolerated failure threshold was exceeded"


# Intrinsic functions. Not in the records; the first as users of AWS quote it.


def intrinsic_failed(call: str, reason: str) -> str:
    return f"The function '{call}' had the following error: {reason}"


def intrinsic_argument_not_found(path: str, document: Json) -> str:
    return f"The JsonPath argument for the field '{path}' could not be found in the input '{text(document)}'"


def text(value: Json) -> str:
    """A value inside a cause: as JSON, or its kind if it has no text (too deep)."""
    try:
        return jsontext.dump(value)
    except jsontext.InvalidJson:
        return f"<{kind_of(value)}>"


def plain(value: Json) -> str:
    """A value as Java prints it: a string without quotes, all else as JSON."""
    return value if isinstance(value, str) else text(value)


def kind_of(value: Json) -> str:
    """JSON's word for the type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
