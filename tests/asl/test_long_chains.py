"""A long flat chain does not count as depth where a definition is made: it fails when it is evaluated, as on AWS, and can be caught.

Source: https://github.com/floci-io/floci/issues/2737 for the levels of evaluation.
"""

from __future__ import annotations

import json

import pytest

from stepwright.asl import jsonata
from stepwright.asl.definition import check, compile_definition
from stepwright.asl.json_types import JsonText
from tests.asl.virtual_time import Play

CHAINS = {
    "texts": ("'a'", " & 'a'"),
    "a sum": ("1", " + 1"),
    "conditions": ("true", " and true"),
    "alternatives": ("false", " or false"),
    "a path": ("$states.input", ".a"),
    "predicates": ("$states.input", "[0]"),
    "calls": ("'a'", " ~> $string"),
    "comparisons": ("1", " = 1"),
}


@pytest.mark.parametrize("terms", [200, 5_000])
@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS.keys())
def test_a_long_chain_is_accepted_and_overflows_when_it_is_evaluated(
    chain: tuple[str, str], terms: int
) -> None:
    first, next_term = chain
    expression = jsonata.compile(first + next_term * terms)

    with pytest.raises(jsonata.LimitExceeded, match="Stack overflow error"):
        expression.evaluate({"states": {"input": {}}}, 0, lambda: None)


@pytest.mark.parametrize("chain", list(CHAINS.values())[:4], ids=list(CHAINS)[:4])
def test_a_chain_of_ninety_terms_is_evaluated(chain: tuple[str, str]) -> None:
    first, next_term = chain
    jsonata.compile(first + next_term * 90).evaluate({}, 0, lambda: None)


def test_what_is_not_evaluated_does_not_overflow() -> None:
    expression = jsonata.compile("true ? 'short' : " + "'a'" + " & 'a'" * 500)

    assert expression.evaluate({}, 0, lambda: None) == "short"


def test_the_overflow_is_caught() -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "P",
        "States": {
            "P": {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": "A",
                        "States": {
                            "A": {"Type": "Pass", "Output": "{% 1" + " + 1" * 400 + " %}", "End": True}
                        },
                    }
                ],
                "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
                "End": True,
            },
            "Caught": {"Type": "Succeed"},
        },
    }
    machine, _ = compile_definition(json.dumps(definition))
    play = Play(machine)
    play.start(JsonText("{}"))
    play.to_end()

    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"


def test_real_nesting_is_refused_as_ever() -> None:
    with pytest.raises(jsonata.InvalidExpression, match="nests deeper than 120 levels"):
        jsonata.compile("(" * 200 + "1" + ")" * 200)


def test_an_expression_of_very_many_tokens_is_refused() -> None:
    with pytest.raises(jsonata.InvalidExpression, match="has more than 30000 tokens"):
        jsonata.compile("[" + ",".join(["1"] * 20_000) + "]")


@pytest.mark.parametrize("states", [1, 12])
def test_a_definition_of_very_many_tokens_is_refused_once(states: int) -> None:
    table = "{% [" + ",".join(["1"] * 12_000) + "] %}"
    fields = {f"f{i}": table for i in range(12 // states)}
    chain = {
        f"S{i}": {
            "Type": "Pass",
            "Output": fields,
            **({"Next": f"S{i + 1}"} if i < states - 1 else {"End": True}),
        }
        for i in range(states)
    }
    found = check(json.dumps({"QueryLanguage": "JSONata", "StartAt": "S0", "States": chain}))

    assert [each.message for each in found] == [
        "The JSONata expressions of a definition must not have more than 250000 tokens together"
    ]
