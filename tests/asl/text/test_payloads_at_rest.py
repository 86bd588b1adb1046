"""Payloads of which nothing is asked for a while keep their texts alone."""

from __future__ import annotations

import json

from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.text import payload
from stepwright.asl.text.payload import LONG_CHARACTERS, Payload
from tests.engine.object_graph import size_bytes

VALUE: Json = [{"id": number} for number in range(LONG_CHARACTERS)]
TEXT = JsonText(json.dumps(VALUE, separators=(",", ":")))


def test_a_long_value_goes_and_comes_back() -> None:
    found = payload.of_text(TEXT)
    assert found.value == VALUE
    held = size_bytes(found)

    found.rest()
    assert size_bytes(found) < held / 5
    assert found.value == VALUE


def test_a_value_without_a_text_stays() -> None:
    found = Payload(VALUE)
    found.rest()

    assert found.value is VALUE


def test_a_short_value_stays() -> None:
    value: Json = {"a": 1}
    found = Payload(value, JsonText('{"a":1}'))
    found.rest()

    assert found.value is value
