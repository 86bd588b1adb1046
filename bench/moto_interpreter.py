"""Moto's Step Functions interpreter, to measure ours beside: its own worker, run in this process and thread.

Moto parses the definition for each execution. That is left out here, as compiling is for ours: it would make moto
look slower than its interpreter is. Tasks are answered by moto's own mocks, without any service behind them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.eval.evaluation_details import (
    AWSExecutionDetails,
    EvaluationDetails,
    ExecutionDetails,
    StateMachineDetails,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import SyncExecutionWorker
from moto.stepfunctions.parser.backend.execution_worker_comm import ExecutionWorkerCommunication
from moto.stepfunctions.parser.mocking.mock_config import (
    MockedResponseReturn,
    MockTestCase,
    StateMockedResponses,
)
from moto.stepfunctions.parser.utils import TMP_THREADS

from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.step import HistoryEvent

# It logs each failure, which would count as its time.
logging.disable(logging.ERROR)

ROLE = "arn:aws:iam::123456789012:role/bench"


class _NobodyListens(ExecutionWorkerCommunication):  # type: ignore[misc] # moto has no types
    def terminated(self) -> None:
        pass


class _Worker(SyncExecutionWorker):  # type: ignore[misc] # likewise
    program: Any

    def _get_evaluation_entrypoint(self) -> Any:
        return self.program


def execution_of(
    definition: dict[str, Any], input: str, identity: Identity
) -> Callable[[], list[HistoryEvent]]:
    """A function that runs one execution to its end and gives its history."""
    text = json.dumps(definition)
    program = AmazonStateLanguageParser.parse(text)[0]
    answers = MockTestCase("bench", "bench", [_answer(name) for name in _tasks(definition)])
    details = EvaluationDetails(
        aws_execution_details=AWSExecutionDetails(
            account="123456789012", region="us-east-1", role_arn=identity.role_arn
        ),
        execution_details=ExecutionDetails(
            arn=identity.execution_id,
            name=identity.name,
            role_arn=identity.role_arn,
            inpt=json.loads(input),
            start_time=datetime.now(UTC).isoformat(),
        ),
        state_machine_details=StateMachineDetails(
            arn=identity.state_machine_id,
            name=identity.state_machine_name,
            typ=StateMachineType.STANDARD,
            definition=text,
        ),
    )

    def run() -> list[HistoryEvent]:
        worker = _Worker(details, _NobodyListens(), None, {}, answers)
        worker.program = program
        worker.start()
        TMP_THREADS.clear()
        history: list[HistoryEvent] = worker.env.event_manager.get_event_history()
        return history

    return run


def _tasks(definition: dict[str, Any]) -> list[str]:
    return [name for name, state in definition["States"].items() if state["Type"] == "Task"]


def _answer(state: str) -> Any:
    return StateMockedResponses(state, "done", [MockedResponseReturn(0, 0, {"ok": True})])
