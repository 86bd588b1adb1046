"""Definitions that AWS, other validators and real projects accepted or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.definition import check
from stepwright.asl.diagnostics import Diagnostic
from tests.data import conformance

pytestmark = pytest.mark.conformance

PLACEHOLDERS = {
    # The records mask names of their accounts, https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
    '"activity_arn"': '"arn:aws:states:us-east-1:123456789012:activity:activity"',
}

REFUSED_AS_AWS_WOULD = {
    # "QueryLanguage": "JSONata" stands among the states, so the machine is JSONPath with fields of JSONata.
    "shared-fallback-state-jsonata/statemachine/statemachine.asl.json",
}


MATTERS_OF_STYLE = {
    # One validator wants exactly one blank inside of {% and %}. AWS's own samples have expressions without, and what
    # stands between may have any blanks JSONata has, line ends included.
    "invalid-json-surround-syntax-extra-spaces.json",
    "invalid-jsonata-surround-syntax-no-spaces.json",
}


def cases(records: list[dict[str, Any]]) -> list[Any]:
    return conformance.parameters(records, lambda record: str(record["id"]))


def ends_with_one_of(record: dict[str, Any], names: set[str]) -> bool:
    return any(record["id"].endswith(name) for name in names)


def errors(record: dict[str, Any], *, unfinished: bool = False) -> list[Diagnostic]:
    definition = record.get("definition_raw", record["definition"])
    text = definition if isinstance(definition, str) else json.dumps(definition)
    for masked, real in PLACEHOLDERS.items():
        text = text.replace(masked, real)
    found = check(text, express=record.get("type") == "EXPRESS", unfinished=unfinished)
    return [diagnostic for diagnostic in found if diagnostic.severity == "ERROR"]


def problems(record: dict[str, Any]) -> list[str]:
    """What refuses a definition, which may be one that is filled in when it is deployed."""
    return [str(error) for error in errors(record, unfinished=True)]


@pytest.mark.parametrize("record", cases(conformance.oracle("definitions/definitions") or []))
def test_real_definitions_are_accepted(record: dict[str, Any]) -> None:
    if ends_with_one_of(record, REFUSED_AS_AWS_WOULD):
        assert problems(record)
        return
    assert problems(record) == []


@pytest.mark.parametrize("record", cases(conformance.oracle("definitions/validator_valid") or []))
def test_what_other_validators_accept_is_accepted(record: dict[str, Any]) -> None:
    assert problems(record) == []


@pytest.mark.parametrize("record", cases(conformance.oracle("definitions/validator_invalid") or []))
def test_what_other_validators_refuse_is_refused(record: dict[str, Any]) -> None:
    if ends_with_one_of(record, MATTERS_OF_STYLE):
        assert not errors(record)
        return

    assert errors(record)


@pytest.mark.parametrize(
    "record",
    cases(
        [record for record in conformance.records() if record["kind"] == "execution" and record["definition"]]
    ),
)
def test_what_ran_on_aws_is_accepted(record: dict[str, Any]) -> None:
    assert problems(record) == []


def refused_by_aws() -> list[dict[str, Any]]:
    return [
        record
        for record in conformance.records()
        if record["kind"] in {"create", "update"}
        and "InvalidDefinition" in json.dumps(record["expected"].get("create_error"))
    ]


@pytest.mark.parametrize("record", cases(refused_by_aws()))
def test_what_aws_refused_to_create_is_refused_with_its_sentence(record: dict[str, Any]) -> None:
    refusal = sentence(record["expected"]["create_error"])
    if "ValueError" in refusal:  # recorded elsewhere, in other words
        assert errors(record)
        return

    assert any(f"{error.code}: {first_clause(error)} at " in refusal for error in errors(record))
    assert any(f" at {error.pointer}'" in refusal for error in errors(record))


def sentence(refusal: Any) -> str:
    """The message of a recorded error, of which there are two forms."""
    if isinstance(refusal, str):
        return refusal
    return str(refusal.get("exception_value") or refusal.get("Error", {}).get("Message"))


def first_clause(error: Diagnostic) -> str:
    """AWS's words; ours follow after a semicolon."""
    return error.message.partition(";")[0]


@pytest.mark.parametrize(
    "record", cases([record for record in conformance.records() if record["kind"] == "validate"])
)
def test_validate_state_machine_definition(record: dict[str, Any]) -> None:
    expected = record["expected"]["validate_response"]["diagnostics"]
    found = errors(record)

    assert [(error.code, error.severity) for error in found] == [
        (one["code"], one["severity"]) for one in expected
    ]
    if expected and expected[0]["code"] != "INVALID_JSON_DESCRIPTION":  # the parser's own words
        assert [error.message for error in found] == [one["message"] for one in expected]
        assert [error.pointer or "/" for error in found] == [one.get("location", "/") for one in expected]
