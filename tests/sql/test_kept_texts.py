"""Long texts are stored beside the events that have them, once each, and nothing stays that no event has."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any, Final

from stepwright.sql.database import FILE
from tests.processes.dev import ROLE, DevProcess, ended

LONG: Final = "x" * 9_000
REST: Final = {"Type": "Wait", "Seconds": 0}


def mapped(mode: str) -> dict[str, Any]:
    """Each item is long, and so is what its iteration makes of it."""
    processor = {
        "ProcessorConfig": {"Mode": mode} | ({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {}),
        "StartAt": f"{mode}-1",
        "States": {
            f"{mode}-1": {
                "Type": "Pass",
                "Assign": {"own": "{% $states.input & 'v' %}"},
                "Output": "{% $states.input & 'o' %}",
                "Next": f"{mode}-2",
            },
            f"{mode}-2": {**REST, "Output": "{% $own & 'r' %}", "End": True},
        },
    }
    items = "{% [1..4].($states.input.text & $string($)) %}"
    return {"Type": "Map", "Items": items, "ItemProcessor": processor}


DEFINITION: Final = {
    "QueryLanguage": "JSONata",
    "StartAt": "Assign",
    "States": {
        "Assign": {
            "Type": "Pass",
            "Assign": {"kept": "{% $states.input.text & 'kept' %}"},
            "Next": "Rest",
        },
        "Rest": {**REST, "Next": "Each"},
        "Each": {**mapped("INLINE"), "Output": "{% {'text': $kept & 'each'} %}", "Next": "Distributed"},
        "Distributed": {**mapped("DISTRIBUTED"), "Output": "{% $kept & 'end' %}", "End": True},
    },
}


def test_no_text_stays_that_no_event_has(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        made = sfn.create_state_machine(name="long", definition=json.dumps(DEFINITION), roleArn=ROLE)
        arn = made["stateMachineArn"]
        begun = sfn.start_execution(stateMachineArn=arn, input=json.dumps({"text": LONG}))["executionArn"]
        answer = ended(sfn, begun)
        assert answer["status"] == "SUCCEEDED", answer.get("cause")
        sfn.delete_state_machine(stateMachineArn=arn)

    database = sqlite3.connect(tmp_path / "data" / FILE)
    kept = {digest for (digest,) in database.execute("SELECT digest FROM payloads")}
    bodies = [
        *database.execute("SELECT body FROM events"),
        *database.execute("SELECT bodies FROM child_events"),
        *database.execute("SELECT body FROM parts"),
    ]
    database.close()
    named = {digest for (body,) in bodies for digest in re.findall(r'"\$payload":"(\w{64})"', body)}
    assert len(kept) > 20
    assert kept == named
