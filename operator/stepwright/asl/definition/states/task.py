"""Task: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html."""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl.data import Expression
from stepwright.asl.definition import limits, placeholders, resources, retry_catch
from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.problems import NO_TASK_TOKEN, UNRESOLVED
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Task
from stepwright.asl.resource import Resource
from stepwright.asl.resource import parse as parse_resource

#: The token, or the whole context with the token in it.
_TOKEN: Final = re.compile(r"Token|\$\$(?!\.)|\$states(?:\.context)?(?![.\w])")


def parse(state: Fields, envelope: Envelope) -> Task:
    resource = _resource(state)
    _check_token(state, resource)
    timeout = state.integer_or_expression("TimeoutSeconds", 1, limits.SECONDS)
    heartbeat = state.integer_or_expression("HeartbeatSeconds", 1, limits.SECONDS)
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        state.problems.error(
            state.at("HeartbeatSeconds"),
            "The value of 'HeartbeatSeconds' should be smaller than 'TimeoutSeconds'",
        )
    jsonata = state.language == "JSONata"
    return Task(
        **envelope,
        resource=resource,
        parameters=state.template(state.arguments),
        result_selector=None if jsonata else state.template("ResultSelector"),
        result_path=state.target("ResultPath"),
        retry=retry_catch.retriers(state),
        catch=retry_catch.catchers(state),
        timeout_seconds=timeout,
        heartbeat_seconds=heartbeat,
        credentials=_credentials(state, resource),
    )


def _resource(state: Fields) -> Resource:
    resource = state.text("Resource", literal=False)
    if resource is None:
        return parse_resource("")
    if not resources.is_valid(resource):
        state.problems.error(state.at("Resource"), "Value is not a valid resource ARN; nor is it another URI")
    elif placeholders.in_text(resource):
        state.problems.warn(
            UNRESOLVED, state.at("Resource"), f"'{resource}' was not substituted, its value cannot be checked"
        )
    return parse_resource(resource)


def _check_token(state: Fields, resource: Resource) -> None:
    """A worker without a token cannot answer; on AWS this shows only when the task times out, if it ever
    does."""
    if not resource.waits_for_token:
        return
    token = "$states.context.Task.Token" if state.language == "JSONata" else "$$.Task.Token"
    if not _may_hold_token(state.raw.get(state.arguments)):
        state.problems.warn(
            NO_TASK_TOKEN,
            state.at("Resource"),
            f"The task waits for SendTaskSuccess or SendTaskFailure, and '{state.arguments}' hands its worker"
            f" no '{token}'",
        )


def _may_hold_token(value: Json) -> bool:
    """The text of a substitution is unknown here, and may be the token."""
    match value:
        case str():
            return _TOKEN.search(value) is not None or placeholders.in_text(value)
        case dict():
            return any(_may_hold_token(item) for item in value.values())
        case list():
            return any(_may_hold_token(item) for item in value)
    return False


def _credentials(state: Fields, resource: Resource) -> Expression | None:
    """AWS's own resources need a role; the driver of another URI decides which credentials it takes."""
    if "Credentials" not in state:
        return None
    if state.is_expression("Credentials"):
        return state.template("Credentials")
    credentials = state.object("Credentials")
    if credentials is None:
        return None
    if resource.kind != "uri":
        if not {"RoleArn", "RoleArn.$"} & credentials.keys():
            state.problems.missing(state.at("Credentials"), ["RoleArn"])
        state.within(credentials, "Credentials").text("RoleArn", literal=False)
    return state.template("Credentials")
