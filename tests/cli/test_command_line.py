"""What people expect of any command line: short help, the version, completion; and output that controls nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stepwright import __version__
from stepwright.asl.signals import Millis
from stepwright.asl.step import Visit
from stepwright.cli import application, plain, watching

ROOT = Path(__file__).resolve().parents[2]
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


def invoke(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(application(), arguments, **options)


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(content: Any, name: str = "machine.json") -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("command", [(), ("run",), ("validate",), ("test",), ("completion",)])
def test_help_has_a_short_form(command: tuple[str, ...]) -> None:
    short, long = invoke(*command, "-h"), invoke(*command, "--help")

    assert short.exit_code == 0
    assert short.stdout == long.stdout


def test_the_version_is_an_option_too() -> None:
    assert invoke("--version").stdout == f"stepwright {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    script = invoke("completion", shell)
    asked = {
        "_STEPWRIGHT_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "stepwright vali",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "stepwright vali",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    answered = subprocess.run(
        [sys.executable, "-m", "stepwright.cli"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator"), **asked},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert script.exit_code == 0
    assert f"_STEPWRIGHT_COMPLETE=complete_{shell}" in script.stdout
    assert "validate" in answered.stdout
    assert "operator" not in answered.stdout


# --- run --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value", "place"),
    [
        (
            "a.asl.yaml",
            "StartAt: W\nStates: {W: {Type: Wait, Seconds: $S, End: true}}\n".replace("$S", "'${S}'"),
            "0",
            "2:26",
        ),
        (
            "a.asl.yaml",
            "StartAt: W\nStates:\n  W:\n    Type: Wait\n    Seconds: ${S}\n    End: true\n",
            "0",
            "5:5",
        ),
        (
            "a.asl.json",
            '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":${S},"End":true}}}',
            "0",
            "1:45",
        ),
    ],
    ids=["in quotes", "as a number", "bare in JSON"],
)
def test_what_is_not_substituted_is_refused_with_its_place(
    file: Any, name: str, text: str, value: str, place: str
) -> None:
    path = file(text, name)

    assert invoke("validate", path).exit_code == 0
    refused = invoke("run", path)
    assert refused.exit_code == 2
    assert refused.stderr.splitlines() == [
        (
            f"{path}:{place}: ERROR UNRESOLVED_SUBSTITUTION: '${{S}}' was not substituted, its value cannot be checked"
            " at /States/W/Seconds"
        ),
        "stepwright: --substitute NAME=VALUE puts a value in",
    ]
    if "'" not in text:
        given = invoke("run", path, "--substitute", f"S={value}")
        assert (given.exit_code, given.stdout) == (0, "{}\n")


def test_an_expression_that_is_not_filled_in_is_refused_as_that(file: Any) -> None:
    rule = {"Condition": "{% ${Flag} = true %}", "Next": "Y"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Y"}
    path = file(
        {"QueryLanguage": "JSONata", "StartAt": "C", "States": {"C": choice, "Y": {"Type": "Succeed"}}}
    )

    refused = invoke("run", path)

    assert refused.exit_code == 2
    assert "ERROR UNRESOLVED_SUBSTITUTION: '{% ${Flag} = true %}' was not substituted" in refused.stderr
    assert invoke("run", path, "--substitute", "Flag=true").exit_code == 0


def test_values_come_from_a_file_too(file: Any) -> None:
    path = file('{"StartAt":"W","States":{"W":{"Type":"Pass","Result":["${A}", ${N}, ${T}],"End":true}}}')
    values = file("A: text\nN: 5\nT: true\n", "values.yaml")

    assert (
        invoke("run", path, "--substitute", f"@{values}", "--substitute", "A=last").stdout
        == '["last",5,true]\n'
    )
    wrong = invoke("run", path, "--substitute", "@" + file("A: 1.5\n", "wrong.yaml"))
    assert wrong.exit_code == 2
    assert "not a text, a whole number" in wrong.stderr
    assert invoke("run", path, "--substitute", "nonsense").exit_code == 2


def test_one_of_several_state_machines_is_run_by_its_name(file: Any) -> None:
    def machine(name: str) -> str:
        return (
            f"apiVersion: stepwright.dev/v1\nkind: StateMachine\nmetadata: {{name: {name}}}\nspec:\n"
            f"  definition: {{StartAt: A, States: {{A: {{Type: Pass, Result: {name}, End: true}}}}}}\n"
        )

    path = file(f"{machine('one')}---\n{machine('two')}", "both.yaml")

    assert invoke("run", path, "--name", "two").stdout == '"two"\n'
    assert invoke("run", path).stderr == (
        f"stepwright: {path} holds 2 state machines, and --name says which is meant: one, two\n"
    )
    assert "none of them is 'six'" in invoke("run", path, "--name", "six").stderr


def test_the_input_is_json_or_a_file_or_comes_from_standard_input(file: Any) -> None:
    path, given = file(PASS), file('{"n": 1}', "input.json")

    for argument in (given, f"@{given}", '{"n": 1}'):
        assert invoke("run", path, "--input", argument).stdout == '{"n": 1}\n'
    assert invoke("run", path, "--input", "-", input='{"n": 1}').stdout == '{"n": 1}\n'
    assert invoke("run", "-", "--input", "-").exit_code == 2
    assert invoke("run", path, "--input", "nothing.json").stderr.startswith(
        "stepwright: the input is not JSON, nor the name of a file"
    )


def test_tasks_without_a_mock_are_told_beforehand(file: Any) -> None:
    task = {"Type": "Task", "Resource": "acme:deliver"}
    path = file({"StartAt": "A", "States": {"A": task | {"Next": "B"}, "B": task | {"End": True}}})
    mocks = file(
        {
            "StateMachines": {"m": {"TestCases": {"T": {"A": "R"}}}},
            "MockedResponses": {"R": {"0": {"Return": 1}}},
        },
        "mocks.json",
    )

    result = invoke("run", path, "--mock", f"{mocks}#T", "--name", "m")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == (
        f"stepwright: {mocks}#T has no answers for these tasks, and nothing here runs them: 'B'"
        " (acme:deliver)"
    )


# --- Nothing that is printed controls anything ------------------------------------------------------------------------

HOSTILE = "A\x1b]0;title\x07\r\n::error::forged\x85##[error]x##vso[task]"


def is_harmless(text: str) -> bool:
    controls = [each for each in text if each != "\n" and (ord(each) < 32 or 127 <= ord(each) < 160)]
    commands = [
        each
        for each in text.splitlines()
        if each.strip().startswith("::") or "##[" in each or "##vso[" in each
    ]
    return not controls and not commands


def test_texts_are_shown_without_what_controls_a_terminal_or_a_ci_system() -> None:
    assert plain.shown(HOSTILE) == (
        "A\\x1b]0;title\\x07\\x0d\n  | ::error::forged\\x85# #[error]x# #vso[task]"
    )
    assert plain.shown("::add-mask::x") == "| ::add-mask::x"
    assert plain.in_a_line("a\nb\tc") == "a\\nb\\tc"
    assert json.loads(plain.as_json('"\x7f\x9b é"')) == "\x7f\x9b é"
    assert plain.as_json('"\x9b"') == '"\\u009b"'


def test_an_execution_that_fails_prints_nothing_that_controls(file: Any) -> None:
    fail = {"Type": "Fail", "Error": HOSTILE, "Cause": HOSTILE}
    path = file({"StartAt": "A", "States": {"A": fail}})

    result = invoke("run", path, "--watch")

    assert result.exit_code == 1
    assert is_harmless(result.stderr)
    assert "forged" in result.stderr


def test_an_output_prints_nothing_that_controls_and_stays_what_it_is(file: Any) -> None:
    result = invoke(
        "run",
        file(PASS),
        "--input",
        json.dumps({"x": HOSTILE}, ensure_ascii=False).replace("\\u0085", "\x85"),
    )

    assert json.loads(result.stdout) == {"x": HOSTILE}
    assert is_harmless(result.stdout.replace("##", ""))


def test_a_test_prints_nothing_that_controls(file: Any) -> None:
    file({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": HOSTILE, "Cause": HOSTILE}}})
    tests = {"definition": "machine.json", "tests": [{"name": HOSTILE, "expect": {"output": HOSTILE}}]}

    result = invoke("test", file(tests, "a.test.json"))

    assert result.exit_code == 1
    assert is_harmless(result.stdout)
    assert "forged" in result.stdout


def test_what_is_watched_at_a_terminal_is_harmless(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    visit = Visit(1, HOSTILE, HOSTILE, "Task", Millis(0), outcome="Failed", ended=Millis(1), error=HOSTILE)

    with watching.watching(wanted=True) as show:
        show(visit)

    told = capsys.readouterr().err  # with the sequences by which it moves the cursor itself
    assert "forged" in told
    assert not any(each in told for each in ("\x1b]0;title", "\x07", "\x85", "##[", "\n::"))
