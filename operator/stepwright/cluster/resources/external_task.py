"""The kind ExternalTask: a task that waits for the answer of another process, such as a worker.

It is the register of what happens to the task. It is made when the task is scheduled; each move after that is one conditional patch of its
status, so whoever patches first decides: of two workers that claim it, of an answer and the end of the task's time. It stays for a
while after its end, so that a creation that is still under way finds its name taken.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from stepwright.cluster.resources.model import Name, ObjectMeta, Observed, Timestamp, rules, unchanged

_LARGEST_TEXT = 262_144
"""Characters. What a task's input and result may have in bytes, so all of them have room."""

State = Literal["Scheduled", "Taken", "Answered", "Closed"]


class ExternalTaskSpec(Observed):
    """What is to be done. It never changes."""

    model_config = ConfigDict(
        json_schema_extra=rules(("self == oldSelf", "what is to be done cannot be changed"))
    )

    execution: Annotated[str, Field(max_length=253)]
    """The Execution's name; its uid is in the label stepwright.dev/execution-uid."""
    path: Annotated[str, Field(max_length=4096)] = ""
    """Which state waits for it, with the iterations and branches that it is in."""
    task_template: Name | None = None
    """The TaskTemplate whose workers may take it; absent if nobody may."""
    input: Annotated[str, Field(max_length=_LARGEST_TEXT)] | None = None
    """The JSON text that the function is called with."""
    request_id: Annotated[str, Field(max_length=64)] = ""
    """A UUID of the task: aws_request_id of the function's context."""
    client_context: Annotated[str, Field(max_length=8192)] | None = None
    """What lambda:invoke gave as ClientContext, in base64."""
    scheduled: Timestamp
    """When the task was scheduled."""
    timeout_seconds: Annotated[int, Field(ge=1)] | None = None
    """How long a worker may take for it, from its claim."""
    heartbeat_seconds: Annotated[int, Field(ge=1)] | None = None
    """How long a worker that has it may be silent."""


class Taken(Observed):
    """Who has claimed it. It never changes."""

    worker: Annotated[str, Field(min_length=1, max_length=253)]
    """The worker's name: that of its pod."""
    claim: Annotated[str, Field(min_length=1, max_length=64)]
    """Made up by the worker for this claim, so that it recognizes the claim if the answer to its request was lost."""
    time: Timestamp
    """When, by the worker's clock."""


class Answer(Observed):
    """How it ended. It never changes."""

    model_config = ConfigDict(
        json_schema_extra=rules(("has(self.output) != has(self.error)", "give either output or error"))
    )

    output: Annotated[str, Field(max_length=_LARGEST_TEXT)] | None = None
    """The result as JSON text."""
    error: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """The error's name, by which Retry and Catch know it."""
    cause: Annotated[str, Field(max_length=32_768)] | None = None
    """What is known about the error."""
    time: Timestamp
    """When, by the worker's clock."""


_MOVES = (
    "self.state == oldSelf.state || (oldSelf.state == 'Scheduled' && self.state in ['Taken', 'Closed']) || "
    "(oldSelf.state == 'Taken' && self.state in ['Answered', 'Closed'])"
)
_stays, _message = unchanged("taken", "a claim is made once, and cannot be changed")
_claim_stays = (f"(oldSelf.state == 'Scheduled' && self.state == 'Taken') || ({_stays})", _message)


class ExternalTaskStatus(Observed):
    """What has become of it."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (_MOVES, "a task is taken, then answered, and may be closed until it is answered"),
            (
                "!(oldSelf.state in ['Answered', 'Closed']) || self == oldSelf",
                "the task is over: nothing is accepted any more",
            ),
            (
                "!(self.state in ['Taken', 'Answered']) || has(self.taken)",
                "who takes or answers it says so in taken",
            ),
            _claim_stays,
            ("(self.state == 'Answered') == has(self.answer)", "answer goes with the state Answered"),
            ("(self.state == 'Closed') == has(self.reason)", "reason goes with the state Closed"),
        )
    )

    state: State = "Scheduled"
    """Scheduled: it waits for a worker. Taken: one has it. Answered: it has answered. Closed: no answer is accepted."""
    taken: Taken | None = None
    """Who has claimed it."""
    heartbeat: Timestamp | None = None
    """The last sign of life of the worker that has it, by the worker's clock."""
    answer: Answer | None = None
    """How it ended."""
    reason: Literal["Expired", "TimedOut", "HeartbeatLost", "Stopped"] | None = None
    """Why it was closed. Expired: the state's own TimeoutSeconds or HeartbeatSeconds. TimedOut, HeartbeatLost: those of the
    TaskTemplate. Stopped: nobody wants it any more."""


class ExternalTask(Observed):
    """A task that waits for a worker's answer. Made by the operator; claimed and answered by workers; owned by the Execution and
    deleted with it, or some minutes after its end."""

    model_config = ConfigDict(title="ExternalTask")

    api_version: Literal["stepwright.dev/v1"]
    kind: Literal["ExternalTask"]
    metadata: ObjectMeta
    spec: ExternalTaskSpec
    """What is to be done. It never changes."""
    status: Annotated[ExternalTaskStatus, Field(json_schema_extra={"default": {"state": "Scheduled"}})] = (
        Field(default_factory=ExternalTaskStatus)
    )
    """What has become of it."""
