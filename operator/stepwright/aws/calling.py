"""Calls of AWS's services, whoever makes them: what is asked, what is answered, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """``members`` as botocore gives them; a body that is streamed is there as bytes. ``headers``: those of the HTTP response, as
    the service has spelled them."""

    members: Mapping[str, Any]
    headers: Mapping[str, str]
    status: int
    request_id: str


class ServiceRefused(Exception):  # noqa: N818 - what a service said
    """The service has answered that it will not. ``code`` as it stood in the answer; ``shape``: the exception that the service's
    model has for it, if any. ``extended_id``: S3's second id of a request. ``attempts``: how many it took."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        shape: str | None,
        status: int,
        request_id: str,
        extended_id: str | None = None,
        attempts: int = 1,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.shape = shape
        self.status = status
        self.request_id = request_id
        self.extended_id = extended_id
        self.attempts = attempts


class NoAnswer(Exception):  # noqa: N818 - it names a condition
    """The service could not be reached, or what came was not its answer. The sentence says what happened."""


class MayNotConnect(Exception):  # noqa: N818
    """The caller may not connect to where the service is. The sentence says why."""


class AnswerTooLarge(Exception):  # noqa: N818
    """More bytes than any task could use."""


class Client(Protocol):
    """Of one service, in one region. Its calls block, so they are for threads."""

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        """``operation`` and what is ``given`` as botocore spells them. Raises ServiceRefused, NoAnswer, MayNotConnect,
        AnswerTooLarge."""
