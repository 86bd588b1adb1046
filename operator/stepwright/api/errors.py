"""Refusals in AWS's words. Source: the exceptions of botocore's service model and recorded answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from stepwright.asl.diagnostics import Diagnostic
from stepwright.catalog.callers import Caller

Reason = Literal[
    "API_DOES_NOT_SUPPORT_LABELED_ARNS",
    "CANNOT_UPDATE_COMPLETED_MAP_RUN",
    "INVALID_ROUTING_CONFIGURATION",
    "MISSING_REQUIRED_PARAMETER",
]
"""The reason of a ValidationException, if the model has one."""


class ApiError(Exception):
    """``code`` is the exception's name, as boto3 shows it in ``response["Error"]["Code"]``. ``members``: the
    exception's other members in the model."""

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members

    @property
    def passes(self) -> bool:
        """Whether it is temporary, so that the same request may be repeated."""
        return self.code == "ServiceUnavailableException"


def _said(code: str, words: str, what: str) -> ApiError:
    return ApiError(code, f"{words}: '{what}'")


def invalid_arn(why: str) -> ApiError:
    return _said("InvalidArn", "Invalid Arn", why)


def invalid_role(arn: str) -> ApiError:
    return ApiError("InvalidArn", f"Invalid Role Arn: '{arn}'")


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


def invalid_encryption(why: str) -> ApiError:
    return ApiError("InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {why}")


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


def activity_exists() -> ApiError:
    return ApiError(
        "ActivityAlreadyExists", "Activity already exists. EncryptionConfiguration may not be updated."
    )


def no_such_resource(arn: str) -> ApiError:
    return ApiError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)


def no_such_reference(arn: str) -> ApiError:
    return ApiError(
        "ResourceNotFound", "Request references a resource that does not exist.", resourceName=arn
    )


def too_many_tags(arn: str, most: int) -> ApiError:
    return ApiError("TooManyTags", f"A resource can have at most {most} tags: '{arn}'", resourceName=arn)


def type_not_supported() -> ApiError:
    return ApiError(
        "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
    )


def unavailable(why: str) -> ApiError:
    """A repeated request may succeed."""
    return ApiError("ServiceUnavailableException", why, 503)


def internal(error: Exception, error_id: str) -> ApiError:
    return ApiError(
        "InternalServerError",
        f"An internal error of Stepwright ({type(error).__name__}). Its log says more at error_id {error_id}",
        500,
    )


def task_over(activity: str | None) -> ApiError:
    """``activity``: the ARN of the activity whose task it was."""
    return _said("TaskTimedOut", "Task Timed Out", activity or "Provided task does not exist anymore")


def access_denied(caller: Caller, action: str, resource: str, needs: str = "") -> ApiError:
    """``needs``: the rights for it, if that is known."""
    told = f"User: {caller.named} is not authorized to perform: states:{action} on resource: {resource}"
    return ApiError("AccessDeniedException", f"{told} ({needs})" if needs else told)


def not_allowed(why: str) -> ApiError:
    """Of a store that has said itself who lacks which right."""
    return ApiError("AccessDeniedException", why)


def limit_reached(why: str) -> ApiError:
    return ApiError("ExecutionLimitExceeded", why)


def conflict(message: str) -> ApiError:
    return ApiError("ConflictException", message)


def validation(message: str, reason: Reason | None = None) -> ApiError:
    if reason is None:
        return ApiError("ValidationException", message)
    return ApiError("ValidationException", message, reason=reason)


def nothing_given(*names: str) -> ApiError:
    """An update that changes none of what it could."""
    some = f"{', '.join(names[:-1])} or the {names[-1]}"
    return validation(f"Either the {some} must be specified", "MISSING_REQUIRED_PARAMETER")


def labelled(arn: str) -> ApiError:
    return validation(
        f"This operation does not support the ARN of a Map by its label: '{arn}'",
        "API_DOES_NOT_SUPPORT_LABELED_ARNS",
    )


def serialization(message: str) -> ApiError:
    return ApiError("SerializationException", message)


def unknown_operation(target: str, status: int = 400) -> ApiError:
    return ApiError("UnknownOperationException", f"The operation {_shown(target)!r} is not known", status)


def _shown(text: str) -> str:
    """The beginning of a client's text."""
    return text if len(text) <= 100 else f"{text[:100]}..."


def not_served(operation: str, where: str = "") -> ApiError:
    return ApiError(
        "UnknownOperationException", f"Stepwright does not serve the operation {operation}{where} yet"
    )


def no_express(where: str) -> ApiError:
    return validation(
        f"Express executions are not served{where} yet: use a state machine of the type Standard"
    )


def unauthenticated(why: str) -> ApiError:
    """SDKs take it for the credentials' fault, and do not repeat the request."""
    return ApiError("UnrecognizedClientException", why, 403)


def throttled(why: str = "Rate exceeded") -> ApiError:
    """SDKs repeat the request after a while."""
    return ApiError("ThrottlingException", why)
