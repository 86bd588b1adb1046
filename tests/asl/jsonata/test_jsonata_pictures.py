"""Numbers and moments written and read by pictures: ``$formatNumber``, ``$formatInteger``, ``$parseInteger``, ``$fromMillis``,
``$toMillis``.

``jsonata_pictures.json`` has random expressions with the answers of jsonata-js 2.0.6 at the moment NOW: what it gives, the
code with which it fails, or neither where it has no result. Left out are those on which it fails as JavaScript does, does not
end, or writes NaN.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from stepwright.asl import jsonata

NOW: Final = 1_700_000_000_000  # 2023-11-14T22:13:20Z

ANSWERS: Final[dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("jsonata_pictures.json").read_text()
)


def answer(source: str) -> dict[str, Any]:
    try:
        return {"gives": jsonata.compile(source).evaluate({}, NOW, lambda: Random(1))}
    except jsonata.NoResult:
        return {}
    except jsonata.EvaluationFailed as error:
        return {"fails": error.code}


def test_pictures_are_used_as_jsonata_js_does() -> None:
    got = {source: answer(source) for source in ANSWERS}
    assert {source: gives for source, gives in got.items() if gives != ANSWERS[source]} == {}


IRREGULAR: Final = {
    '$formatInteger(123456789, "#,##,##0")': "1234,56,789",
    '$formatInteger(3999, "#,##,##0")': "3,999",
    '$formatInteger(12, "#,##,##0")': "12",
    '$formatNumber(123456789, "#,##,##0")': "1234,56,789",
    '$formatNumber(-3086.2, "#,##,##0.00")': "-3,086.20",
    '$formatNumber(3.5, "#,##,##0")': "4",
    '$formatNumber(62.87654, "#,##0.###,##")': "62.876,54",
    '$formatNumber(62.8, "#,##0.###,##")': "62.8",
}


@pytest.mark.parametrize("source", IRREGULAR)
def test_groups_of_different_lengths_have_separators_only_between_digits(source: str) -> None:
    """Where a number has fewer digits than the picture, jsonata-js 2.0.6 writes separators without digits: ``,,12``."""
    assert answer(source) == {"gives": IRREGULAR[source]}
