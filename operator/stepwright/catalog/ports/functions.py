"""What stands for the functions that tasks call: Lambda's own, or what somebody runs in their place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from stepwright.asl.json_types import Json
from stepwright.catalog.callers import Caller

LARGEST_RESULT_BYTES: Final = 262_144
"""What a task's result may have; longer answers are not read to their end."""

Speech = Literal["lambda", "json"]
"""``lambda``: the Invoke API, https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. ``json``: a POST of the payload,
answered with the result."""

Signed: TypeAlias = Callable[[str, Mapping[str, str], bytes], Awaitable[dict[str, str]]]
"""The headers of a POST to a URL, with what proves who calls. Raises ValueError for text that cannot be sent so, Unavailable."""


@dataclass(frozen=True, slots=True)
class FunctionName:
    """As a task names a function. ``text``: as it was given, without a qualifier of its own; ``name``: the name alone;
    ``qualifier``: a version or an alias; ``region``: of its ARN. ``template``: it is the name of a TaskTemplate."""

    text: str
    name: str
    qualifier: str | None = None
    region: str | None = None
    template: bool = False

    @property
    def of_template(self) -> str:
        """The name of the TaskTemplate that stands for it if none claims it."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Function:
    """What stands for a function, as it is now; it may be kept for as long as a call takes.

    ``key``: those with the same one share ``most_at_once`` (None: the limit of every host). ``url``: ``http`` or ``https``, a
    host, and what all paths there begin with, without a slash at its end; to ``invoked_as`` with the Invoke API. ``shown``:
    as causes call it. ``repeats``: whether it may be called again if nobody knows whether it was called. ``connect_seconds``:
    how long a call waits for somebody to take it. ``seconds``: how long a call may take. ``largest_bytes``: of its
    answer. ``stands_in``: it is not Lambda itself, so it may say less about itself than Lambda does, and is given more about the
    call.
    """

    key: str
    url: str
    invoked_as: str
    shown: str
    seconds: float
    connect_seconds: float
    largest_bytes: int
    signed: Signed
    speech: Speech = "lambda"
    most_at_once: int | None = None
    repeats: bool = True
    stands_in: bool = False


@dataclass(frozen=True, slots=True)
class FunctionJob:
    """What stands for a function that runs once for each call, as ``k8s:job`` with these ``parameters`` would, but for the
    input, which is the payload. ``shown``: as causes call it."""

    parameters: Mapping[str, Json]
    shown: str


@dataclass(frozen=True, slots=True)
class FunctionWork:
    """What stands for a function whose calls workers ask for: those of the TaskTemplate ``template``. ``seconds``: how long one
    may take, and ``heartbeat_seconds``: how long it may be silent. ``shown``: as causes call it."""

    template: str
    seconds: int
    heartbeat_seconds: int
    shown: str


StandsFor: TypeAlias = Function | FunctionJob | FunctionWork


class Functions(Protocol):
    """All of them."""

    def known(self, name: FunctionName, namespace: str) -> StandsFor | None:
        """What stands for it in an execution's namespace, as far as is known without asking anybody."""

    def lacking(self, name: FunctionName, namespace: str) -> str | None:
        """Why nothing stands for it, as far as is known without asking anybody; None if something does, or nobody knows."""

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> StandsFor:
        """Raises NoFunction, FunctionUnfit, NoConnection, Unavailable."""
