"""Reading objects with the models."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from stepwright.cluster.resources import API_VERSION, Execution, StateMachine


def execution(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": "Execution", "metadata": {"name": "e"}, "spec": spec, **more}


def state_machine(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": "StateMachine", "metadata": {"name": "m"}, "spec": spec}


def test_an_execution_without_status_is_pending_at_seq_0() -> None:
    read = Execution.model_validate(execution({"stateMachineRef": {"name": "order"}}))

    assert (read.status.phase, read.status.seq, read.status.settled) == ("Pending", 0, False)


def test_what_users_write_refuses_unknown_fields() -> None:
    with pytest.raises(ValidationError, match=r"spec\.retries\n  Extra inputs are not permitted"):
        Execution.model_validate(execution({"stateMachineRef": {"name": "order"}, "retries": 1}))


def test_what_a_newer_operator_wrote_can_be_read() -> None:
    body = execution({"stateMachineRef": {"name": "order"}}, status={"phase": "Running", "seq": 3, "new": 1})

    assert Execution.model_validate(body).status.seq == 3


@pytest.mark.parametrize("definition", [{"StartAt": "A"}, '{"StartAt": "A"}'], ids=["object", "text"])
def test_a_definition_is_an_object_or_a_text(definition: Any) -> None:
    assert (
        definition == StateMachine.model_validate(state_machine({"definition": definition})).spec.definition
    )


def test_any_other_definition_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValidationError, match="a definition is an object or a text that holds one, not list"):
        StateMachine.model_validate(state_machine({"definition": []}))


def test_task_defaults_apply_where_none_are_written() -> None:
    defaults = StateMachine.model_validate(state_machine({"definition": "{}"})).spec.task_defaults

    assert (defaults.ttl_seconds_after_finished, defaults.pending_grace_seconds) == (3600, 300)
