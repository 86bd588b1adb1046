"""``arn:aws:states:::eks:call``: any request of the Kubernetes API, with AWS's names. What names an EKS cluster means this one.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.kube.api import APPLY_PATCH, JSON_PATCH, MERGE_PATCH
from stepwright.kube.api_errors import ApiError
from stepwright.tasks.calls.integration import Again, CallFailed
from stepwright.tasks.kubernetes import answers
from stepwright.tasks.kubernetes.asking import Asked

PREFIX: Final = "EKS."

_TYPES: Final = frozenset({APPLY_PATCH, JSON_PATCH, MERGE_PATCH})


def again(given: Any) -> Again:
    """A repeat of what makes or changes something could do it twice, and nobody could tell."""
    method = given.get("Method") if isinstance(given, dict) else None
    return Again.FAIL if method in ("POST", "PATCH") else Again.HARMLESS


async def make(asked: Asked) -> Json:
    given = asked.given
    with told_as_aws_does():
        status, answer = await asked.api.answer(
            given["Method"],
            path_of(given),
            given.get("RequestBody"),
            _content_type(given),
            most_bytes=answers.LARGEST_BYTES,
        )
    return _shaped(status, _body(answer))


@contextmanager
def told_as_aws_does() -> Iterator[None]:
    """Refusals that stay. What may soon be different is raised as it is, and asked again."""
    try:
        yield
    except ApiError as error:
        if error.status in (0, 401, 429) or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        raise _failed(error) from error


def path_of(given: Mapping[str, Any]) -> str:
    query = urlencode(given.get("QueryParameters", {}), doseq=True)
    return str(given["Path"]) + (f"?{query}" if query else "")


def _content_type(given: Mapping[str, Any]) -> str:
    """Of a patch: a list is a JSON patch; a server-side apply is one that names its field manager and what it applies."""
    if given["Method"] != "PATCH":
        return "application/json"
    body = given.get("RequestBody")
    if isinstance(body, list):
        return JSON_PATCH
    is_applied = (
        "fieldManager" in given.get("QueryParameters", {}) and isinstance(body, dict) and "apiVersion" in body
    )
    return APPLY_PATCH if is_applied else MERGE_PATCH


def _body(answer: bytes) -> Json:
    try:
        body = jsontext.parse(answer)
    except InvalidJson:
        return answer.decode(errors="replace")
    return answers.without_secrets(body) if isinstance(body, dict) else body


def _shaped(status: int, body: Json) -> dict[str, Json]:
    return {"ResponseBody": body, "StatusCode": status, "StatusText": HTTPStatus(status).phrase}


def _failed(error: ApiError) -> CallFailed:
    body: dict[str, Json] = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
        "code": error.status,
    }
    return CallFailed(f"{PREFIX}{error.status}", jsontext.dump(_shaped(error.status, body)))
