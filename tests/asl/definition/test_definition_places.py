"""Lines and columns of what is wrong."""

from __future__ import annotations

import pytest

from stepwright.asl.definition import check, places
from stepwright.asl.json_types import Pointer

TEXT = """{
  "StartAt": "A",
  "States": {
    "A": {
      "Type": "Task",
      "Rsource": "k8s:job",
      "Retry": [
        {"ErrorEquals": ["E"]},
        {"ErrorEquals": ["F"], "MaxAttempts": -1}
      ],
      "End": true
    },
    "B\\u002f\\"": {"Type": "Pass", "End": true}
  }
}
"""


def test_findings_stand_at_their_lines() -> None:
    assert [(found.message, found.line, found.column) for found in check(TEXT)] == [
        ("Field 'Rsource' is not supported; did you mean 'Resource'?", 6, 7),
        ("The field 'Resource' is required but was missing", 4, 5),
        ("The value of 'MaxAttempts' should be between 0 and 99999999", 9, 32),
        ('State "B/"" is not reachable.', 13, 5),
    ]


@pytest.mark.parametrize(
    ("pointer", "place"),
    {
        "": (1, 1),
        "/StartAt": (2, 3),
        "/States/A/Retry/1": (9, 9),
        "/States/A/Retry/1/MaxAttempts": (9, 32),
        '/States/B~1"/Type': (13, 19),
        "/States/A/Retry/7/none/of/that": (7, 7),
    }.items(),
)
def test_place_of_a_pointer(pointer: str, place: tuple[int, int]) -> None:
    assert places(TEXT).line_and_column(Pointer(pointer)) == place


def test_a_repeated_key_is_warned_about_at_its_second_place() -> None:
    text = '{"StartAt": "A",\n "States": {"A": {"Type": "Pass",\n "End": true, "End": true}}}'

    assert [str(found) for found in check(text)] == [
        "WARNING DUPLICATE_KEY: The field 'End' appears more than once; the last counts at /States/A (line 3, column 15)"
    ]


@pytest.mark.parametrize(
    "text", ["{", "not a definition", '{"StartAt": "A",}', "[1 2]", '{"a": NaN}', '"\\', "\x00", "{]"]
)
def test_text_that_is_no_json_is_one_finding_with_a_place(text: str) -> None:
    (found,) = check(text)

    assert (found.severity, found.code, found.pointer) == ("ERROR", "INVALID_JSON_DESCRIPTION", "")
    assert found.line == 1
    assert found.column is not None
