"""Forms have each field of the language, as its parsers read it, with words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from stepwright.asl.definition import check, recorded, schema
from stepwright.asl.definition.recorded import LANGUAGES
from stepwright.asl.definition.schema import STATE_FIELDS, StateFields
from stepwright.asl.json_types import Json
from stepwright.asl.machine import QueryLanguage
from stepwright.console import fields

ALL = fields.fields()
FORMS = [(state_type, language) for state_type in STATE_FIELDS for language in LANGUAGES]


def form(state_type: str, language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ALL["states"][state_type][language]["fields"]
    return found


def places() -> Iterator[tuple[str, str]]:
    """Each place, with the type that has it."""
    yield from ((fields.MACHINE, place) for place in ALL["machine"]["fields"])
    for state_type, language in FORMS:
        yield from ((state_type, place) for place in form(state_type, language))


def words(state_type: str, place: str) -> str | None:
    return next((key for key in (f"{state_type}:{place}", place) if key in ALL["words"]), None)


@pytest.mark.parametrize(("state_type", "language"), FORMS)
def test_a_form_has_each_field_that_a_state_may_have(state_type: str, language: QueryLanguage) -> None:
    allowed = STATE_FIELDS[state_type].allowed(language) - {"Type"}

    assert {place for place in form(state_type, language) if "/" not in place} == allowed


def test_every_field_has_words_and_all_words_have_a_field() -> None:
    named = {place: words(*place) for place in places()}

    assert [place for place, key in named.items() if key is None] == []
    assert set(ALL["words"]) - set(named.values()) == set()
    assert {each["group"] for each in ALL["words"].values()} == set(ALL["groups"])
    assert all(each["title"] and each["help"].endswith(".") for each in ALL["words"].values())


def test_bounds_and_choices_are_those_of_the_language() -> None:
    task = form("Task", "JSONPath")

    assert task["TimeoutSeconds"] == {"kind": "integer", "min": 1, "max": 99_999_999}
    assert task["Retry[]/JitterStrategy"] == {"kind": "one_of", "values": ("FULL", "NONE")}
    assert task["Retry[]/MaxAttempts"]["min"] == 0
    assert task["Retry[]/BackoffRate"] == {"kind": "number", "min": 1.0}
    assert task["Catch[]/Next"] == {"kind": "state", "required": True}
    assert form("Task", "JSONata")["TimeoutSeconds"]["expression"] is True
    assert form("Wait", "JSONata")["Seconds"]["expression"] is True
    assert form("Map", "JSONPath")["ItemReader/ReaderConfig/MaxItems"]["max"] == 100_000_000
    assert form("Map", "JSONPath")["ItemProcessor"]["kind"] == "scope"
    assert form("Parallel", "JSONata")["Branches"] == {"kind": "scopes", "required": True}
    assert form("Choice", "JSONata")["Choices[]/Condition"] == {"kind": "condition", "required": True}
    assert form("Choice", "JSONPath")["Choices[]/Next"] == {"kind": "state", "required": True}
    assert form("Pass", "JSONPath")["Result"]["kind"] == "any"


def test_fields_that_exclude_one_another_are_told() -> None:
    groups = ALL["states"]["Wait"]["JSONPath"]["groups"]

    assert {"fields": ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"), "required": True} in groups
    assert {"fields": ("Next", "End"), "required": True} in groups
    assert {"fields": ("Seconds", "Timestamp"), "required": True} in ALL["states"]["Wait"]["JSONata"][
        "groups"
    ]
    assert {"fields": ("MaxConcurrency", "MaxConcurrencyPath"), "required": False} in ALL["states"]["Map"][
        "JSONPath"
    ]["groups"]


@pytest.mark.parametrize(("state_type", "language"), FORMS)
def test_what_a_form_calls_exclusive_the_language_refuses_together(
    state_type: str, language: QueryLanguage
) -> None:
    for group in ALL["states"][state_type][language]["groups"]:
        if any("/" in name for name in group["fields"]):
            continue
        state: dict[str, Json] = {"Type": state_type, **dict.fromkeys(group["fields"], "x")}
        found = check({"QueryLanguage": language, "StartAt": "A", "States": {"A": state}})

        told = ", ".join(group["fields"])
        assert f"Only one of these fields is allowed: [{told}]" in [each.message for each in found]


def test_a_field_that_no_parser_asks_for_is_not_left_out_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    known = STATE_FIELDS["Wait"]
    also = StateFields(known.both | {"Soon"}, known.json_path, known.jsonata)
    monkeypatch.setitem(schema.STATE_FIELDS, "Wait", also)

    with pytest.raises(recorded.Silent, match="Nothing asks for Soon in JSONPath"):
        recorded.of_state("Wait", "JSONPath")


def test_what_is_written_for_the_browser_is_what_the_parsers_ask_for() -> None:
    assert fields.main(["--check"]) == 0
