"""``stepwright graph``, as people run it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stepwright.cli import application

ROOT = Path(__file__).resolve().parents[2]
ORDER = str(ROOT / "examples/order-processing/statemachine.yaml")
TWO = "\n---\n".join(
    "apiVersion: stepwright.dev/v1\nkind: StateMachine\n"
    f"metadata: {{name: {name}}}\n"
    f"spec: {{definition: {{StartAt: {name}, States: {{{name}: {{Type: Pass, End: true}}}}}}}}"
    for name in ("one", "two")
)


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(application(("graph", "version")), ["graph", *arguments], input=text)


def test_an_example_is_drawn_as_a_flowchart() -> None:
    result = run(ORDER)

    assert result.exit_code == 0
    assert result.stdout.startswith('flowchart TD\n  n0(["Start"])\n  subgraph n1["CheckOrder"]\n')
    ways = result.stdout.splitlines()
    condition = "$.checks.payment.authorized == true and $.checks.inventory.available == true"
    assert f'  n2 -->|"{condition}"| n3' in ways
    assert '  n3 -.->|"States.ALL"| n9' in ways


def test_an_outline_says_where_each_state_leads() -> None:
    result = run(ORDER, "--format", "text")

    assert result.stdout.splitlines()[:6] == [
        "Start -> CheckOrder",
        "CheckOrder: Parallel",
        "  Branch 1",
        "    Start -> ValidatePayment",
        "    ValidatePayment: Task (k8s:job)",
        "      -> End",
    ]
    assert "  caught Job.Failed -> Rejected" in result.stdout.splitlines()


def test_what_is_wrong_is_drawn_too() -> None:
    result = run(
        "-", "--format", "text", text='{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}'
    )

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "  -> B (there is no such state)"
    assert result.stderr == "stepwright: - is invalid; stepwright validate says why\n"


def test_one_of_several_machines_is_chosen_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(TWO, encoding="utf-8")

    assert run(str(file), "--name", "two", "--format", "text").stdout.startswith("Start -> two\n")
    assert run(str(file)).exit_code == 2
    assert "--name says which is meant: one, two" in run(str(file)).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"StartAt": ', "-:1"),
        ("{}", "has no states to draw"),
        ("", ""),
    ],
)
def test_what_holds_no_states_is_refused(text: str, said: str) -> None:
    result = run("-", text=text)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert said.replace("-:", "<stdin>:") in result.stderr


def test_names_cannot_control_the_terminal() -> None:
    result = run(
        "-",
        "--format",
        "text",
        text='{"StartAt": "A", "States": {"\\u001b[2J": {"Type": "Pass", "End": true}}}',
    )

    assert "\x1b" not in result.stdout
    assert "\\x1b[2J: Pass" in result.stdout
