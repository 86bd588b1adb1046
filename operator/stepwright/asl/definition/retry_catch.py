"""Retry and Catch: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html."""

from __future__ import annotations

from stepwright.asl.definition import limits
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.pointers import child
from stepwright.asl.definition.problems import UNKNOWN_ERROR, Problems, nearest
from stepwright.asl.definition.schema import CATCHER_FIELDS, RETRIER_FIELDS, check_fields, check_names
from stepwright.asl.failure import errors
from stepwright.asl.json_types import Pointer
from stepwright.asl.machine import Catcher, Retrier


def retriers(state: Fields) -> tuple[Retrier, ...]:
    found = []
    entries = list(state.objects("Retry", empty=True))
    for index, raw in entries:
        entry = state.within(raw, "Retry", index)
        check_names(raw, entry.pointer, RETRIER_FIELDS.both, entry.problems, required=RETRIER_FIELDS.required)
        entry.comment()
        interval = entry.integer("IntervalSeconds", 1, limits.SECONDS)
        max_delay = entry.integer("MaxDelaySeconds", 1, limits.MAX_DELAY_SECONDS)
        interval_seconds = 1 if interval is None else interval
        if max_delay is not None and max_delay <= interval_seconds:
            entry.problems.error(
                entry.at("MaxDelaySeconds"),
                "The value of 'MaxDelaySeconds' should be greater than 'IntervalSeconds'",
            )
        attempts = entry.integer("MaxAttempts", 0, limits.MAX_ATTEMPTS)
        rate = entry.number("BackoffRate", 1.0)
        jitter = entry.one_of("JitterStrategy", ("FULL", "NONE"))
        found.append(
            Retrier(
                error_equals=_error_equals(entry, is_last=index == entries[-1][0]),
                interval_seconds=interval_seconds,
                max_attempts=3 if attempts is None else attempts,
                backoff_rate=2.0 if rate is None else rate,
                max_delay_seconds=max_delay,
                jitter="FULL" if jitter == "FULL" else "NONE",
            )
        )
    return tuple(found)


def catchers(state: Fields) -> tuple[Catcher, ...]:
    found = []
    entries = list(state.objects("Catch", empty=True))
    for index, raw in entries:
        entry = state.within(raw, "Catch", index)
        check_fields(raw, entry.pointer, CATCHER_FIELDS, state.language, state.problems)
        entry.comment()
        found.append(
            Catcher(
                error_equals=_error_equals(entry, is_last=index == entries[-1][0]),
                next=entry.state_name("Next") or "",
                result_path=entry.target("ResultPath"),
                output=entry.template("Output") if state.language == "JSONata" else None,
                assign=entry.assignment(),
            )
        )
    return tuple(found)


def _check_name(name: str, where: Pointer, problems: Problems) -> None:
    """Names with ``States.`` are the language's, but a Fail state may raise others, too: only likely typing
    mistakes are worth a warning."""
    if name.startswith("States.") and name not in errors.NAMES:
        near = nearest(name, errors.NAMES)
        if near is not None:
            message = f"The language has no error '{name}'; did you mean '{near}'?"
            problems.warn(UNKNOWN_ERROR, where, message)


def _error_equals(entry: Fields, *, is_last: bool) -> tuple[str, ...]:
    names = []
    for index, name in enumerate(entry.array("ErrorEquals")):
        if isinstance(name, str):
            names.append(name)
            _check_name(name, child(entry.pointer, "ErrorEquals", index), entry.problems)
        else:
            entry.problems.wrong_type(child(entry.pointer, "ErrorEquals", index), "String", name)
    if errors.ALL in names:
        if len(names) > 1:
            entry.problems.error(
                entry.at("ErrorEquals"), f"'{errors.ALL}' must be the only error name in 'ErrorEquals'"
            )
        if not is_last:
            entry.problems.error(
                entry.at("ErrorEquals"),
                f"'{errors.ALL}' is only allowed in the last entry, it leaves nothing to others",
            )
    return tuple(names)
