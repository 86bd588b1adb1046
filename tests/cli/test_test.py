"""``stepwright test``, as people run it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from stepwright.cli import application

ROOT = Path(__file__).resolve().parents[2]

MACHINE = """\
StartAt: Charge
States:
  Charge:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Parameters: {FunctionName: charge, Payload.$: $}
    TimeoutSeconds: 60
    Retry: [{ErrorEquals: [Busy], IntervalSeconds: 5, MaxAttempts: 2}]
    OutputPath: $.Payload
    Next: Both
  Both:
    Type: Parallel
    Branches:
      - {StartAt: A, States: {A: {Type: Pass, Next: B}, B: {Type: Pass, End: true}}}
      - {StartAt: C, States: {C: {Type: Wait, Seconds: 2592000, End: true}}}
    ResultSelector: {charged.$: "$[0].charged"}
    End: true
"""
GOOD = """\
definition: machine.yaml
mocks:
  Charge: {return: {Payload: {charged: 7}}}
tests:
  - name: it is charged
    input: {amount: 7}
    expect:
      output: {charged: 7}
      path: [Charge, Both: [[A, B], [C]]]
      tasks: {Charge: {input: {FunctionName: charge, Payload: {amount: 7}}}}
      duration: 30 d
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "machine.yaml").write_text(MACHINE)

    def run(content: str | None, *arguments: str) -> Result:
        if content is not None:
            Path("charge.test.yaml").write_text(content)
        return CliRunner().invoke(application(("test",)), ["test", *arguments])

    return run


def expecting(expect: str, mock: str = "{return: {Payload: {charged: 7}}}") -> str:
    return f"definition: machine.yaml\nmocks:\n  Charge: {mock}\ntests:\n  - name: t\n    expect: {expect}\n"


def test_a_file_whose_tests_pass(run: Any) -> None:
    told = run(GOOD)

    assert told.exit_code == 0
    first, second, _, last = told.stdout.splitlines()
    assert (first, second) == ("charge.test.yaml", "  ✓ it is charged  (5 states, 30 d)")
    assert last.startswith("1 passed in ")
    assert last.endswith(" s (30 d of virtual time)")


def test_a_test_that_fails_says_what_was_expected_what_came_and_how_it_went(run: Any) -> None:
    told = run(expecting("{output: {charged: 8}}"))

    assert told.exit_code == 1
    said = told.stdout.split("\n\n")
    assert said[0] == "charge.test.yaml\n  ✗ t  (5 states, 30 d)"
    assert said[1] == "charge.test.yaml:5:5: t"
    assert said[2] == "  output of state Both, /charged\n    expected  8\n    came      7"
    assert (
        said[3].splitlines()
        == [
            "  how it went:",
            "    ✓ Charge  Task",
            "    ✓ Both    Parallel, took 30 d",
            "      ✓ [0]/A  Pass",
            "      ✓ [1]/C  Wait, took 30 d",
            "      ✓ [0]/B  Pass",
            "    SUCCEEDED after 30 d",
        ]
        or said[3]
    )


@pytest.mark.parametrize(
    ("expect", "mock", "where", "expected", "came"),
    [
        pytest.param("{}", "{error: Oh, cause: 'no'}", "status at state Charge", "SUCCEEDED", "FAILED: Oh: no", id="status"),
        pytest.param("{error: Ah}", "{error: Oh}", "error at state Charge", "Ah", "Oh", id="error"),
        pytest.param("{error: Ah}", "{return: {Payload: {charged: 7}}}", "error of state Both", "Ah", "none: SUCCEEDED", id="no error"),
        pytest.param("{cause: a}", "{error: Oh, cause: b}", "cause at state Charge", "a", "b", id="cause"),
        pytest.param("{causeContains: a}", "{error: Oh, cause: b}", "cause at state Charge", "a text with 'a' in it", "b", id="part of a cause"),
        pytest.param("{outputContains: {n: 1}}", None, "output of state Both, /n", "1", "nothing: there is no such member", id="part of an output"),
        pytest.param("{output: {}}", None, "output of state Both, /charged", "nothing", "7", id="more than expected"),
        pytest.param("{path: [Both]}", None, "path, step 1", "Both", "Charge", id="path"),
        pytest.param("{path: [Charge]}", None, "path, step 2 (after Charge)", "the end", "Both", id="longer path"),
        pytest.param("{path: [Charge, Both: [[A], [C]]]}", None, "path in Both[0], step 2 (after A)", "the end", "B", id="path of a branch"),
        pytest.param("{path: [Charge, Both: [[A, B]]]}", None, "path, branches of Both", "1", "2", id="branches"),
        pytest.param("{tasks: {Charge: {calls: 2}}}", None, "calls of state Charge", "2", "1", id="calls"),
        pytest.param("{tasks: {Charge: {input: {FunctionName: charge, Payload: 1}}}}", None, "input of state Charge, /Payload", "1", "{}", id="input"),
        pytest.param("{tasks: {Charge: {inputs: []}}}", None, "calls of state Charge", "0", "1", id="inputs"),
        pytest.param("{duration: 1 h}", None, "duration", "1 h", "30 d", id="duration"),
        pytest.param("{status: RUNNING}", "{never: true}", "status at state Charge", "RUNNING", "FAILED: States.Timeout", id="timeout"),
    ],
)  # fmt: skip
def test_every_expectation_is_held_against_what_came(
    run: Any, expect: str, mock: str | None, where: str, expected: str, came: str
) -> None:
    told = run(expecting(expect) if mock is None else expecting(expect, mock))

    assert told.exit_code == 1
    assert f"\n  {where}\n    expected  {expected}\n    came      {came}\n" in told.stdout


def test_a_task_that_is_not_mocked_fails_the_test(run: Any) -> None:
    told = run("definition: machine.yaml\ntests: [{name: t, expect: {}}]\n")

    assert told.exit_code == 1
    assert (
        "  state Charge called its task (Resource arn:aws:states:::lambda:invoke), and it is not mocked."
        in told.stdout
    )
    assert "    … Charge  Task\n    RUNNING after 0 s: waits for Charge" in told.stdout


def test_answers_come_in_turn_or_by_attempt_and_take_their_time(run: Any) -> None:
    content = expecting("{tasks: {Charge: {calls: 3}}, outputContains: {charged: 1}}", """
    - {error: Busy, times: 2}
    - {return: {Payload: {charged: 1}}, after: 1 min, heartbeats: 5}
""") + """\
  - name: by attempt
    mocks: {Charge: {attempts: [{error: Busy}, {return: {Payload: {charged: 2}}}]}}
    expect: {outputContains: {charged: 2}}
"""  # fmt: skip

    told = run(content)

    assert told.exit_code == 0, told.stdout


def test_mocks_of_aws_are_taken_too(run: Any) -> None:
    Path("mocks.json").write_text(
        '{"StateMachines": {"charge": {"TestCases": {"Happy": {"Charge": "Charged"}}}}, '
        '"MockedResponses": {"Charged": {"0": {"Return": {"Payload": {"charged": 1}}}}}}'
    )

    told = run(
        "definition: machine.yaml\nmockConfig: mocks.json#Happy\ntests: [{expect: {outputContains: {charged: 1}}}]\n"
    )

    assert told.exit_code == 0, told.stdout
    assert "✓ test 1" in told.stdout


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param("tests: []\n", "charge.test.yaml:1:1: definition is missing", id="no definition"),
        pytest.param("definition: none.yaml\ntests: []\n", "charge.test.yaml:1:1: none.yaml cannot be read", id="missing file"),
        pytest.param("definition: {StartAt: A}\ntests: []\n", "charge.test.yaml:1:1: the definition is not valid:", id="invalid definition"),
        pytest.param(expecting("{ouput: 1}"), "charge.test.yaml:6:14: there is no field 'ouput' here; is 'output' meant?", id="unknown expectation"),
        pytest.param(expecting("{status: DONE}"), "charge.test.yaml:6:14: one of SUCCEEDED, FAILED, TIMED_OUT, RUNNING is expected", id="status"),
        pytest.param(expecting("{duration: soon}"), "charge.test.yaml:6:14: seconds, or a span such as '1 h 30 min', are expected", id="duration"),
        pytest.param(expecting("{path: [1]}"), "charge.test.yaml:6:21: a state's name is expected, or one name with the paths of its branches", id="path"),
        pytest.param(expecting("{tasks: {Chrage: {}}}"), "charge.test.yaml:6:22: 'Chrage' is not a Task state of workflow; is 'Charge' meant?", id="task"),
        pytest.param(expecting("{}", "{retrun: 1}"), "charge.test.yaml:3:12: there is no field 'retrun' here; is 'return' meant?", id="mock"),
        pytest.param(expecting("{}", "{return: 1, error: E}"), "charge.test.yaml:3:3: exactly one of return, error and never is expected", id="two answers"),
        pytest.param(expecting("{}", "{return: 1, times: 2}"), "charge.test.yaml:3:23: times has a meaning only in a list of answers", id="times"),
        pytest.param("definition: machine.yaml\nstart: today\ntests: []\n", "charge.test.yaml:2:1: a moment such as 2024-01-01T00:00:00Z is expected", id="start"),
        pytest.param("a: [", "charge.test.yaml:2:1:", id="not YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_exits_with_2_and_its_place(run: Any, content: str, problem: str) -> None:
    told = run(content)

    assert told.exit_code == 2
    assert problem in told.stderr


@pytest.mark.parametrize(
    ("arguments", "told"), [((), "no tests found"), (("nowhere",), "nowhere: there is no such")]
)
def test_nothing_to_test_exits_with_2(run: Any, arguments: tuple[str, ...], told: str) -> None:
    result = run(None, *arguments)

    assert result.exit_code == 2
    assert told in result.stderr


def test_some_tests_are_chosen_by_name(run: Any) -> None:
    assert run(GOOD, "-k", "charged").exit_code == 0
    assert run(GOOD, "-k", "shipped").exit_code == 2


def test_placeholders_of_sam_are_substituted(run: Any) -> None:
    definition = "{StartAt: A, States: {A: {Type: Pass, Result: '${Who}', End: true}}}"

    told = run(
        f"definition: {definition}\nsubstitutions: {{Who: you}}\ntests: [{{expect: {{output: you}}}}]\n"
    )

    assert told.exit_code == 0, told.stdout


def test_ci_is_told_in_xml(run: Any) -> None:
    run(expecting("{output: 1}"), "--junit", "junit.xml")

    (suite,) = ET.parse("junit.xml").getroot()
    (case,) = suite
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert (case.get("classname"), case.get("name")) == ("charge.test.yaml", "t")


def test_the_xml_can_be_read_whatever_a_workflow_says(run: Any) -> None:
    strange = "\\u001b[2J \\u0007 \\ufffe \\u0085 \\u2028 ü 🙂"
    Path("machine.yaml").write_text(
        f'{{"StartAt": "A", "States": {{"A": {{"Type": "Fail", "Error": "E", "Cause": "{strange}"}}}}}}'
    )

    run('definition: machine.yaml\ntests: [{name: "it\\e[2J", expect: {output: 1}}]', "--junit", "junit.xml")

    ((case,),) = ET.parse("junit.xml").getroot()
    assert case.get("name") == r"it\u001b[2J"
    assert r"\u001b[2J \u0007 \ufffe \u0085 \u2028 ü 🙂" in (case[0].text or "")


def test_the_examples_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    told = CliRunner().invoke(application(("test",)), ["test", "examples"])

    assert told.exit_code == 0, told.stdout
