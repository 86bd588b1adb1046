"""Files of mocks in AWS's format: everything that can be wrong with them is said before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.failure.matching import Failure
from stepwright.asl.text.jsontext import dump
from stepwright.mocks.answers import Answer
from stepwright.mocks.config_file import Unusable, read


def responses(**given: Any) -> dict[str, Any]:
    return {"StateMachines": {}, "MockedResponses": given}


def test_ranges_are_inclusive_and_in_any_order() -> None:
    file = read(
        "m.json",
        dump(
            responses(
                A={"3": {"Return": 3}, "0-1": {"Throw": {"Error": "E", "Cause": "c"}}, "2": {"Return": None}}
            )
        ),
    )

    thrown = Answer(failure=Failure("E", "c"))
    assert file.responses["A"] == (thrown, thrown, Answer(None), Answer(3))


def test_yaml_says_the_same() -> None:
    file = read("m.yaml", "StateMachines: {}\nMockedResponses:\n  A:\n    '0': {Return: 1.0}\n")

    assert file.responses["A"] == (Answer(1.0),)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param({"A": {}}, "1:40: it has no answers: invocations are named '0', '1-2'", id="empty"),
        pytest.param({"A": {"1": {"Return": 1}}}, "1:40: invocation 0 has no answer, but a later one has", id="gap"),
        pytest.param({"A": {"0-1": {"Return": 1}, "1": {"Return": 1}}}, "1:64: invocation 1 has an answer already", id="twice"),
        pytest.param({"A": {"first": {"Return": 1}}}, "1:45: 'first' names no invocations: '0' is the first, '1-2' are the two after it", id="word"),
        pytest.param({"A": {"2-1": {"Return": 1}}}, "1:45: '2-1' is not a range of invocations: it ends before it begins", id="backwards"),
        pytest.param({"A": {"0-99999999": {"Return": 1}}}, "1:45: '0-99999999' is not a range of invocations: at most 100000 are possible", id="huge"),
        pytest.param({"A": {"0": {}}}, "1:45: exactly one of Return and Throw is expected", id="neither"),
        pytest.param({"A": {"0": {"Return": 1, "Throw": {"Error": "E"}}}}, "1:45: exactly one of Return and Throw is expected", id="both"),
        pytest.param({"A": {"0": {"Throw": {"Cause": "c"}}}}, "1:50: Error must be a text", id="no Error"),
        pytest.param({"A": {"0": {"Throw": {"Error": "E", "Cuase": "c"}}}}, "1:71: there is no field 'Cuase' here; is 'Cause' meant?", id="misspelt"),
        pytest.param({"A": {"0": 1}}, "1:45: an object is expected", id="no object"),
        pytest.param([], "1:21: an object is expected", id="no responses"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(given: Any, problem: str) -> None:
    with pytest.raises(Unusable) as told:
        read("m.json", dump({"StateMachines": {}, "MockedResponses": given}))

    assert told.value.problems[0] == f"m.json:{problem}"


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(Unusable) as told:
        read("m.json", dump({"StateMachines": {"A": {"TestCases": {"B": {"C": "D"}}, "x": 1}}, "y": 1}))

    assert len(told.value.problems) == 3
