"""Who may do what: whoever may do the same with kubectl, as the API server says (SubjectAccessReview), and for what kubectl has no
word who has been given a verb of ours: ``start``, ``stop``, ``redrive``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from stepwright.catalog.callers import Caller, User
from stepwright.catalog.remembered import Answer, Remembered
from stepwright.cluster.catalog.machine_names import machine_object
from stepwright.cluster.places import Places, Spot
from stepwright.cluster.resources import GROUP
from stepwright.engine.ports import Unavailable
from stepwright.kube import reviews
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError

ALLOWED_SECONDS: Final = 10.0
"""How long an answer counts: a right may have been taken away since."""
REFUSED_SECONDS: Final = 2.0
MOST_REMEMBERED: Final = 100_000

_OF_TOKENS: Final = "authentication.kubernetes.io/"


class Right(NamedTuple):
    """A verb on a kind of objects; ``on_machine``: it can be given for one state machine alone, by its name."""

    verb: str
    resource: str
    group: str = GROUP
    on_machine: bool = False

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{'.' if self.group else ''}{self.group}"


_READ_MACHINE: Final = Right("get", "statemachines", on_machine=True)
_READ_EXECUTION: Final = Right("get", "executions")
_READ_HISTORY: Final = (_READ_EXECUTION, Right("get", "executionhistories"))

RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = MappingProxyType(
    {
        "CreateStateMachine": (Right("create", "statemachines"),),
        "UpdateStateMachine": (Right("update", "statemachines", on_machine=True),),
        "DeleteStateMachine": (Right("delete", "statemachines", on_machine=True),),
        "DescribeStateMachine": (_READ_MACHINE,),
        "DescribeStateMachineForExecution": (_READ_EXECUTION, Right("get", "statemachines")),
        "ListStateMachines": (Right("list", "statemachines"),),
        "ValidateStateMachineDefinition": (Right("create", "statemachines"),),
        "TestState": (Right("create", "statemachines"),),
        # Kubernetes knows no right to create executions of one state machine alone: hence the second.
        "StartExecution": (Right("create", "executions"), Right("start", "statemachines", on_machine=True)),
        "DescribeExecution": (_READ_EXECUTION,),
        "ListExecutions": (Right("list", "executions"),),
        "GetExecutionHistory": _READ_HISTORY,
        "DescribeMapRun": (_READ_EXECUTION,),
        "ListMapRuns": (_READ_EXECUTION,),
        "UpdateMapRun": (Right("update", "executions"),),
        "StopExecution": (Right("stop", "executions"),),
        "RedriveExecution": (Right("redrive", "executions"),),
        "TagResource": (Right("update", "statemachines", on_machine=True),),
        "UntagResource": (Right("update", "statemachines", on_machine=True),),
        "ListTagsForResource": (_READ_MACHINE,),
        # What AWS has no operation for. With kubectl it is a change of the Execution.
        "RedriveExecutionFrom": (Right("redrive", "executions"), Right("update", "executions")),
        # What the console asks for beside AWS's operations.
        "GetTaskLogs": (_READ_EXECUTION, Right("get", "pods/log", group="")),
    }
)
"""By operation, all that are served."""


class Access:
    """Implements ``catalog.ports.Access``. What is missing and what is forbidden look alike: of an account that nobody has,
    nobody may do anything."""

    def __init__(self, api: Api, places: Places, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._api: Final = api
        self._places: Final = places
        self._remembered: Final = Remembered[_Question, bool](MOST_REMEMBERED, monotonic)

    async def allows(self, caller: Caller, action: str, resource: str) -> bool:
        spot = self._places.find(resource)
        if caller.user is None or spot is None or action not in RIGHTS:
            return False
        for right in RIGHTS[action]:
            if not await self._has(caller.user, right, spot):
                return False
        return True

    async def everywhere(self, caller: Caller, action: str) -> None:
        """Find out whether somebody has the rights for an operation in all namespaces, to be remembered for questions about each."""
        if caller.user is not None:
            for right in RIGHTS[action]:
                await self._ask(
                    caller.user, _question(caller.user, right.verb, right.resource, right.group, "")
                )

    def needs(self, action: str) -> str:
        rights = " and ".join(map(str, RIGHTS.get(action, ())))
        return f"this needs the right to {rights} in the namespace" if rights else ""

    async def may(self, user: User, verb: str, resource: str, namespace: str, name: str, group: str) -> bool:
        """On one object, in whatever way the right is given. Raises Unavailable."""
        question = _question(user, verb, resource, group, namespace)
        if self._remembered.recall(question._replace(namespace="")) == (True,):
            return True
        # Nearly everybody has a right on all objects of a namespace, or on none: so one answer is good for all.
        if await self._ask(user, question):
            return True
        return bool(name) and await self._ask(user, question._replace(name=name))

    async def _has(self, user: User, right: Right, spot: Spot) -> bool:
        if not right.on_machine or spot.kind != "stateMachine" or spot.names[0] == "*":
            name = ""
        else:
            name = machine_object(spot.names[0])
        return await self.may(user, right.verb, right.resource, spot.namespace, name, right.group)

    async def _ask(self, user: User, question: _Question) -> bool:
        return await self._remembered.answer(question, partial(self._answer, user, question))

    async def _answer(self, user: User, question: _Question) -> Answer[bool]:
        attributes = {
            "verb": question.verb,
            "group": question.group,
            **_resource(question.resource),
            "namespace": question.namespace,
            "name": question.name,
        }
        asked = reviews.User(user.name, user.uid, user.groups, user.extra)
        try:
            told = await reviews.decision(self._api, asked, {"resourceAttributes": attributes})
        except ApiError as error:
            raise Unavailable(
                f"the API server cannot say now whether the caller may do this: {error}"
            ) from error
        return Answer(told.allowed, ALLOWED_SECONDS if told.allowed else REFUSED_SECONDS)


def _resource(text: str) -> dict[str, str]:
    resource, _, subresource = text.partition("/")
    return {"resource": resource, "subresource": subresource}


def _scopes(user: User) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What an authorizer may look at beside groups: what distinguishes one token of an account from the next says nothing of its
    rights."""
    return tuple(sorted(item for item in user.extra.items() if not item[0].startswith(_OF_TOKENS)))


def _question(user: User, verb: str, resource: str, group: str, namespace: str) -> _Question:
    said = msgspec.json.encode((user.name, user.groups, _scopes(user)))
    return _Question(sha256(said).digest(), verb, resource, group, namespace, "")


class _Question(NamedTuple):
    who: bytes
    """A digest of the name, groups and scopes, of which there may be some KiB, and as many questions as there are names to ask for."""
    verb: str
    resource: str
    group: str
    namespace: str
    """Empty: all."""
    name: str
    """Empty: all objects."""
