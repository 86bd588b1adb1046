"""The two families of errors in the language: what a Catch can see, and what refuses a definition."""

from __future__ import annotations

from typing import Final

# Names as in https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
ALL: Final = "States.ALL"
TASK_FAILED: Final = "States.TaskFailed"
TIMEOUT: Final = "States.Timeout"
HEARTBEAT_TIMEOUT: Final = "States.HeartbeatTimeout"
PERMISSIONS: Final = "States.Permissions"
RESULT_PATH_MATCH_FAILURE: Final = "States.ResultPathMatchFailure"
PARAMETER_PATH_FAILURE: Final = "States.ParameterPathFailure"
BRANCH_FAILED: Final = "States.BranchFailed"
NO_CHOICE_MATCHED: Final = "States.NoChoiceMatched"
INTRINSIC_FAILURE: Final = "States.IntrinsicFailure"
EXCEED_TOLERATED_FAILURE_THRESHOLD: Final = "States.ExceedToleratedFailureThreshold"
ITEM_READER_FAILED: Final = "States.ItemReaderFailed"
RESULT_WRITER_FAILED: Final = "States.ResultWriterFailed"
DATA_LIMIT_EXCEEDED: Final = "States.DataLimitExceeded"
QUERY_EVALUATION_ERROR: Final = "States.QueryEvaluationError"
RUNTIME: Final = "States.Runtime"

NAMES: Final = frozenset(
    {
        *(ALL, TASK_FAILED, TIMEOUT, HEARTBEAT_TIMEOUT, PERMISSIONS, RESULT_PATH_MATCH_FAILURE),
        *(PARAMETER_PATH_FAILURE, BRANCH_FAILED, NO_CHOICE_MATCHED, INTRINSIC_FAILURE),
        *(EXCEED_TOLERATED_FAILURE_THRESHOLD, ITEM_READER_FAILED, RESULT_WRITER_FAILED),
        *(DATA_LIMIT_EXCEEDED, QUERY_EVALUATION_ERROR, RUNTIME),
    }
)


class StateError(Exception):
    """An error of a running state, as a Retry or Catch sees it.

    ``error`` is an error name (``States.Runtime``), ``cause`` a sentence for people. Either may be None if
    AWS records none (a Fail state without Error).
    """

    def __init__(self, error: str | None, cause: str | None) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class QueryError(StateError):
    """A JSONata expression that gave an error, nothing, or something that its field cannot use.

    ``location`` is the field, as AWS's EvaluationFailed events name it: ``Output/total``, ``Choices[0]/Condition``.
    """

    def __init__(self, cause: str, location: str | None) -> None:
        super().__init__(QUERY_EVALUATION_ERROR, cause)
        self.location = location
