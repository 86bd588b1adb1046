"""Dates and times: https://docs.jsonata.org/date-time-functions. Now is the moment when the state was entered."""

from __future__ import annotations

from typing import Final

from stepwright.asl.jsonata import date_pictures
from stepwright.asl.jsonata.functions.table import Table
from stepwright.asl.jsonata.runtime import Runtime
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Value

_MOMENT: Final = 6
_PICTURE: Final = 2
"""Steps of the budget for each character of a picture, which is analysed each time."""


def now(runtime: Runtime, picture: Value, timezone: Value) -> Value:
    _pay(runtime, picture)
    return date_pictures.format(runtime.now, _given(picture), _given(timezone))


def _pay(runtime: Runtime, picture: Value) -> None:
    runtime.spend(_MOMENT if picture is UNDEFINED else _MOMENT + _PICTURE * len(picture))


def millis(runtime: Runtime) -> Value:
    return runtime.now


def to_millis(runtime: Runtime, value: Value, picture: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if picture is UNDEFINED:
        runtime.spend(1 + len(value) // 32)
        return date_pictures.parse_iso(value)
    runtime.spend(_PICTURE * len(picture) + len(value))
    found = date_pictures.parse(value, picture, runtime.now, runtime.spend)
    return UNDEFINED if found is None else found


def from_millis(runtime: Runtime, value: Value, picture: Value, timezone: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    _pay(runtime, picture)
    return date_pictures.format(value, _given(picture), _given(timezone))


def _given(value: Value) -> str | None:
    return None if value is UNDEFINED else value


TABLE: Final[Table] = {
    "now": ("<s?s?:s>", now),
    "millis": ("<:n>", millis),
    "toMillis": ("<s-s?:n>", to_millis),
    "fromMillis": ("<n-s?s?:s>", from_millis),
}
