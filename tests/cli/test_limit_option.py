"""``--limit`` of ``stepwright dev``, ``run`` and ``operator``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from stepwright.asl.limits import EXPRESS, STANDARD
from stepwright.cli import application, limits
from tests.processes.dev import ROLE, DevProcess, ended

LONG = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}}}


def test_the_page_names_every_quota() -> None:
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(limits.FIELDS)


def test_quotas_are_set_by_name() -> None:
    given = ["history-events=50", "payload-bytes=1000", "execution-seconds=none"]

    assert limits.applied(STANDARD, given).history_events == 50
    assert limits.applied(STANDARD, given).payload_bytes == 1000
    assert limits.applied(STANDARD, given).execution_seconds is None
    assert limits.express(EXPRESS, given).history_events is None
    assert limits.express(EXPRESS, given).payload_bytes == 1000
    assert limits.express(EXPRESS, given).execution_seconds == 300


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "events=5",
            (
                "'events=5' is not one of payload-bytes=NUMBER, variable-bytes=NUMBER, assign-bytes=NUMBER, "
                "variables-bytes=NUMBER, history-events=NUMBER, history-bytes=NUMBER, events-per-second=NUMBER, "
                "quota-seconds=NUMBER, execution-seconds=NUMBER"
            ),
        ),
        ("history-events=2", "history-events must be a whole number from 3 or 'none', not '2'"),
        ("payload-bytes=none", "payload-bytes must be a whole number from 3, not 'none'"),
        ("payload-bytes=-5", "payload-bytes must be a whole number from 3, not '-5'"),
        ("payload-bytes=1e6", "payload-bytes must be a whole number from 3, not '1e6'"),
    ],
)
def test_what_is_no_quota_is_refused(text: str, message: str) -> None:
    with pytest.raises(typer.BadParameter) as error:
        limits.applied(STANDARD, [text])

    assert str(error.value) == message


def test_run_takes_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(LONG))

    assert (
        CliRunner().invoke(application(("run",)), ["run", str(file), "--limit", "history-events=6"]).exit_code
        == 0
    )
    failed = CliRunner().invoke(application(("run",)), ["run", str(file), "--limit", "history-events=5"])

    assert failed.exit_code == 1
    assert "maximum number of history events (5)" in failed.output


def test_dev_takes_limits_for_standard_and_express(tmp_path: Path) -> None:
    arguments = ("--limit", "history-events=5", "--limit", "payload-bytes=100")
    with DevProcess(tmp_path / "data", *arguments) as dev:
        sfn = dev.client()
        arns = [
            sfn.create_state_machine(name=kind, roleArn=ROLE, definition=json.dumps(LONG), type=kind)[
                "stateMachineArn"
            ]
            for kind in ("STANDARD", "EXPRESS")
        ]

        standard = ended(sfn, sfn.start_execution(stateMachineArn=arns[0])["executionArn"])
        express = sfn.start_sync_execution(stateMachineArn=arns[1])
        large = sfn.start_sync_execution(stateMachineArn=arns[1], input=json.dumps("x" * 99))

        assert (standard["status"], standard["error"]) == ("FAILED", "States.Runtime")
        assert express["status"] == "SUCCEEDED"
        assert (large["status"], large["error"]) == ("FAILED", "States.DataLimitExceeded")
        sfn.close()
