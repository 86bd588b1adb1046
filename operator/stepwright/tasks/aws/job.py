"""What it takes to wait for the end of something that a task has begun.

Requests are botocore's; what was begun, and what is reported about it, is spelled as tasks spell it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stepwright.asl.json_types import Json
from stepwright.tasks.calls.integration import Again

Object = Mapping[str, Any]
Request = tuple[str, Object]
"""An operation and what it is given, as botocore spells them."""


@dataclass(frozen=True, slots=True)
class Many:
    """A request that asks about many at once. ``ids``: its member that lists them, ``most``: how many of them. ``listed``: where
    the answer lists those that there are, ``id``: the member of each that is its id."""

    ids: str
    most: int
    listed: str
    id: str


def itself(answer: Object) -> Object:
    return answer


@dataclass(frozen=True, slots=True)
class Job:
    """``look``: the request that asks how it is, made from what was begun. ``found``: the job in its answer, None while it is not
    there; ``many`` instead where the request may ask for others, too. ``ended``: whether it ended well; None while it runs.
    ``stops``: requests that stop it. ``output``: of the job, if that is not the job itself. ``again``: what to do when nobody knows
    whether it was begun. ``ends_gone``: it has ended well when the service does not know it any more."""

    look: Callable[[Object], Request]
    ended: Callable[[Object], bool | None]
    stops: Callable[[Object], tuple[Request, ...]]
    found: Callable[[Object], Object | None] = itself
    many: Many | None = None
    output: Callable[[Object], Json] = dict
    again: Again = Again.REPEAT
    ends_gone: bool = False

    def joined(self, requests: Sequence[Request]) -> Request:
        """One for all of them, which differ in their ids alone."""
        name, given = requests[0]
        if self.many is None:
            assert len(requests) == 1
            return name, given
        ids = [one for _, own in requests for one in own[self.many.ids]]
        return name, {**given, self.many.ids: ids}

    def find(self, answer: Object, given: Object) -> Object | None:
        """The job in the answer to ``given``, or to a request that asked for others, too."""
        if self.many is None:
            return self.found(answer)
        asked = given[self.many.ids]
        known = answer.get(self.many.listed) or ()
        return next((job for job in known if job.get(self.many.id) in asked), None)


def by(member: str, done: str, failed: str) -> Callable[[Object], bool | None]:
    """By a member of the job that has one of these words."""
    well, badly = frozenset(done.split()), frozenset(failed.split())

    def ended(job: Object) -> bool | None:
        said: Any = job
        for name in member.split("."):
            said = said.get(name, {})
        return True if said in well else False if said in badly else None

    return ended


def inside(member: str) -> Callable[[Object], Object | None]:
    """Where an answer has it."""
    return lambda answer: answer.get(member)


def within(member: str) -> Callable[[Object], Json]:
    """An output that has the job as this member."""
    return lambda job: {member: dict(job)}


def nothing(begun: Object) -> tuple[Request, ...]:  # noqa: ARG001
    """AWS does not stop it either."""
    return ()
