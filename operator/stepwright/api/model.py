"""The Step Functions API as botocore's service model has it: operations, and the shapes of their requests and
answers, with what Stepwright's has beyond them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

TARGET: Final = "AWSStepFunctions."
"""The beginning of X-Amz-Target; the operation's name follows."""


_BEYOND: Final[dict[str, dict[str, Any]]] = {
    "RedriveExecutionInput": {"from": {"shape": "StepwrightRedriveFrom"}},
}
"""Members, by the structures that have them. SDKs do not know them, so they are sent as JSON."""

_SHAPES: Final[dict[str, Any]] = {
    "StepwrightRedriveFrom": {
        "type": "structure",
        "required": ["state"],
        "members": {"state": {"shape": "StepwrightStateName"}, "input": {"shape": "SensitiveData"}},
    },
    "StepwrightStateName": {"type": "string", "min": 1, "max": 80},
}


def is_loaded() -> bool:
    return service.cache_info().currsize > 0


@lru_cache(maxsize=1)
def service() -> Any:
    """To load it takes a third of a second, so the first one to need it asks for it beside the loop."""
    # Imported here: nothing needs it before the first request.
    import botocore.loaders  # noqa: PLC0415
    import botocore.model  # noqa: PLC0415

    loaded = botocore.loaders.Loader().load_service_model("stepfunctions", "service-2")
    for structure, members in _BEYOND.items():
        loaded["shapes"][structure]["members"].update(members)
    loaded["shapes"].update(_SHAPES)
    return botocore.model.ServiceModel(loaded)


@lru_cache(maxsize=1)
def _errors() -> frozenset[str]:
    return frozenset(shape.error_code for shape in service().error_shapes)


def knows_error(code: str) -> bool:
    """Whether SDKs have an exception of their own for it."""
    return code in _errors()


@lru_cache(maxsize=128)
def input_shape(operation: str) -> Any:
    """The structure that an operation takes. Raises KeyError for one that does not exist."""
    if operation not in service().operation_names:
        raise KeyError(operation)
    return service().operation_model(operation).input_shape


@lru_cache(maxsize=128)
def output_shape(operation: str) -> Any:
    """The structure that an operation answers with."""
    return service().operation_model(operation).output_shape
