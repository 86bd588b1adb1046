"""``${Name}`` in the texts of a definition."""

from __future__ import annotations

import json

import pytest

from stepwright.cluster.substitutions import MissingSubstitution, substitute


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        pytest.param("${A}-${B}-${A}", {"A": "1", "B": "2"}, "1-2-1", id="each and every one"),
        pytest.param("${A}", {}, "${A}", id="without values all stays: it may be the user's own"),
        pytest.param("${A}", {"A": "${B}", "B": "no"}, "${B}", id="once, not again in what was put in"),
        pytest.param("$.{A} $A {A}", {"A": "1"}, "$.{A} $A {A}", id="what only looks like one"),
        pytest.param('"${A}"', {"A": 'say "é"\n'}, r'"say \"é\"\n"', id="as text within a JSON text"),
    ],
)
def test_substitute(text: str, values: dict[str, str], expected: str) -> None:
    assert substitute(text, values) == expected


def test_a_value_is_the_text_it_was_given() -> None:
    value = 'quotes " and \\ and\nlines, 漢字'

    assert json.loads(substitute('"${A}"', {"A": value})) == value


def test_all_that_are_missing_are_named_once() -> None:
    with pytest.raises(MissingSubstitution) as found:
        substitute("${X} ${A} ${Y} ${X}", {"B": "", "A": ""})

    assert str(found.value) == "No substitution is given for ${X}, ${Y}; definitionSubstitutions has A, B"
