"""From spec.input and spec.inputJson to the input that counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.cluster import executions
from stepwright.cluster.stored import InvalidInput, of


def body(**spec: Any) -> dict[str, Any]:
    given = {"stateMachineRef": {"name": "m"}, **spec}
    return {"metadata": {"name": "e", "namespace": "n", "uid": "u"}, "spec": given}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, "{}", id="none"),
        pytest.param({"input": None}, "null", id="null"),
        pytest.param({"input": {"b": 1, "a": [1.5, "é"]}}, '{"b":1,"a":[1.5,"é"]}', id="a value"),
        pytest.param({"inputJson": ' {"b": 1.0} '}, ' {"b": 1.0} ', id="a text, as it is"),
        pytest.param({"inputJson": json.dumps(nested(400))}, json.dumps(nested(400)), id="400 levels"),
    ],
)
def test_what_the_input_is(spec: dict[str, Any], expected: str) -> None:
    assert executions.input_text(of(body(**spec))) == expected


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        pytest.param(
            {"input": None, "inputJson": "1"},
            "spec.input and spec.inputJson are both given: give one of them",
            id="both, one of them null",
        ),
        pytest.param(
            {"input": nested(401)},
            "spec.input nests deeper than the 400 levels that are allowed",
            id="a value too deep",
        ),
        pytest.param(
            {"inputJson": "[" * 401 + "]" * 401},
            "spec.inputJson nests deeper than the 400 levels that are allowed",
            id="a text too deep",
        ),
        pytest.param({"inputJson": ""}, "spec.inputJson is not JSON: the text is empty at line 1, column 1"),
        pytest.param(
            {"inputJson": "NaN"}, "spec.inputJson is not JSON: invalid character at line 1, column 1"
        ),
        pytest.param(
            {"inputJson": '"' + "é" * 131_072 + '"'},
            "spec.inputJson has 262,146 bytes, more than the 262,144 (256 KiB) that are allowed",
            id="too large in bytes",
        ),
    ],
)
def test_what_is_no_input(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as found:
        executions.input_text(of(body(**spec)))

    assert str(found.value) == sentence
