"""Express executions that call nobody are answered before anything else happens: no engine carries them."""

from __future__ import annotations

import json

import pytest

from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import EXPRESS
from stepwright.engine.alone import Held
from stepwright.engine.engine import Engine
from stepwright.engine.forgetting import ExpressJournal
from stepwright.engine.ports import ExecutionRef, Loaded
from tests.asl.virtual_time import machine
from tests.engine.virtual_loop import VirtualClock, run

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}}}


@pytest.mark.parametrize("length", [10, 100_000, 131_072, 262_142], ids=str)
def test_an_input_of_any_size_is_answered_at_once(length: int) -> None:
    given = JsonText(json.dumps("x" * length))
    identity = Identity(
        uid="u", execution_id="arn", name="x", role_arn="", state_machine_id="", state_machine_name="m"
    )

    async def main() -> None:
        engine = Engine(ExpressJournal(), (), Held(), clock=VirtualClock(), limits=EXPRESS)
        loaded = Loaded(ExecutionRef.of(identity, "local"), identity, machine(PASS), given, 0, {})

        ended = engine.at_once(loaded)

        assert ended is not None
        outcome, _ = ended
        assert (outcome.status, outcome.output) == ("SUCCEEDED", given)

    run(main)
