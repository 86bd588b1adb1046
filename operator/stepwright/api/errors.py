"""What is refused, as AWS says it. Source: the exceptions of botocore's service model and recorded answers."""

from __future__ import annotations

from collections.abc import Iterable

from stepwright.asl.diagnostics import Diagnostic


class ApiError(Exception):
    """``code`` is the exception's name, as boto3 shows it in ``response["Error"]["Code"]``."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def _said(code: str, words: str, what: str) -> ApiError:
    return ApiError(code, f"{words}: '{what}'")


def invalid_arn(why: str) -> ApiError:
    return _said("InvalidArn", "Invalid Arn", why)


def invalid_name(name: str) -> ApiError:
    return _said("InvalidName", "Invalid Name", name)


def invalid_token(why: str = "Invalid token") -> ApiError:
    return _said("InvalidToken", "Invalid Token", why)


def invalid_definition(diagnostics: Iterable[Diagnostic]) -> ApiError:
    found = (
        f"{diagnostic.code}: {diagnostic.message} at {diagnostic.pointer or '/'}"
        for diagnostic in diagnostics
        if diagnostic.severity == "ERROR"
    )
    return _said("InvalidDefinition", "Invalid State Machine Definition", ", ".join(found))


def invalid_input(why: str) -> ApiError:
    return _said("InvalidExecutionInput", "Invalid State Machine Execution Input", why)


def invalid_output(why: str) -> ApiError:
    return _said("InvalidOutput", "Invalid Output", why)


def invalid_logging(why: str) -> ApiError:
    return ApiError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")


def machine_exists(arn: str) -> ApiError:
    return _said("StateMachineAlreadyExists", "State Machine Already Exists", arn)


def no_such_machine(arn: str) -> ApiError:
    return _said("StateMachineDoesNotExist", "State Machine Does Not Exist", arn)


def machine_deleting(arn: str) -> ApiError:
    return _said("StateMachineDeleting", "State Machine is being deleted", arn)


def execution_exists(arn: str) -> ApiError:
    return _said("ExecutionAlreadyExists", "Execution Already Exists", arn)


def no_such_execution(arn: str) -> ApiError:
    return _said("ExecutionDoesNotExist", "Execution Does Not Exist", arn)


def not_redrivable(arn: str, reason: str) -> ApiError:
    return ApiError("ExecutionNotRedrivable", f"Execution {arn} invalid for redrive as: {reason}")


def no_such_activity(arn: str) -> ApiError:
    return _said("ActivityDoesNotExist", "Activity Does Not Exist", arn)


def no_such_resource(arn: str) -> ApiError:
    return _said("ResourceNotFound", "Resource not found", arn)


def type_not_supported() -> ApiError:
    return ApiError(
        "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
    )


def task_over() -> ApiError:
    return _said("TaskTimedOut", "Task Timed Out", "Provided task does not exist anymore")


def conflict(message: str) -> ApiError:
    return ApiError("ConflictException", message)


def validation(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def serialization(message: str) -> ApiError:
    return ApiError("SerializationException", message)


def unknown_operation(target: str, status: int = 400) -> ApiError:
    return ApiError("UnknownOperationException", f"The operation {_shown(target)!r} is not known", status)


def _shown(text: str) -> str:
    """Of what a client made up: its beginning."""
    return text if len(text) <= 100 else f"{text[:100]}..."


def not_served(operation: str) -> ApiError:
    return ApiError("UnknownOperationException", f"Stepwright does not serve the operation {operation} yet")
