"""``${Name}`` in the text of a definition."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.definition.substitutions import InvalidSubstitution, substitute


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        pytest.param("${A}-${B}-${A}", {"A": "1", "B": "2"}, "1-2-1", id="each and every one"),
        pytest.param("${A}", {}, "${A}", id="without values all stays: it may be the user's own"),
        pytest.param("${A} ${f}", {"A": "1"}, "1 ${f}", id="a name without a value stays"),
        pytest.param("${A}", {"A": "${B}", "B": "b"}, "b", id="within values, too"),
        pytest.param("$.{A} $A {A}", {"A": "1"}, "$.{A} $A {A}", id="what only looks like one"),
        pytest.param('"${A}"', {"A": 'x\\ny"'}, '"x\\ny""', id="as it is, not as text within a text"),
        pytest.param(
            "${N} ${T} ${F}", {"N": 5, "T": True, "F": False}, "5 true false", id="numbers and booleans"
        ),
        pytest.param("$${A} ${!A} ${A}", {"A": "1"}, "${A} ${A} 1", id="escaped"),
        pytest.param("$${f} ${!f}", {"A": "1"}, "$${f} ${!f}", id="nothing to escape"),
        pytest.param("${a.b} ${axb}", {"a.b": "1"}, "1 ${axb}", id="a name with a dot"),
    ],
)
def test_substitute(text: str, values: dict[str, Any], expected: str) -> None:
    assert substitute(text, values) == expected


def test_values_that_stand_in_one_another_are_refused() -> None:
    with pytest.raises(InvalidSubstitution, match="The substitutions for A, B stand in one another"):
        substitute("${A}", {"A": "a${B}", "B": "b${A}", "C": "c"})


@pytest.mark.parametrize("value", [1.5, None, [], {}])
def test_a_value_of_another_kind_is_refused(value: Any) -> None:
    with pytest.raises(InvalidSubstitution, match="must be a text, a whole number, true or false"):
        substitute("${A}", {"A": value})


def test_values_within_values_do_not_grow_without_end() -> None:
    values = {f"N{level}": f"${{N{level + 1}}}" * 100 for level in range(20)} | {"N20": "x" * 100}

    with pytest.raises(InvalidSubstitution, match="too large"):
        substitute("${N0}", values)
