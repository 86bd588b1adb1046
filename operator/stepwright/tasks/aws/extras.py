"""What an optimised integration does beyond its service's operation.

Sources: the page of each in https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.tasks.aws import apis, invoked_models
from stepwright.tasks.aws.finding import TAG, tag_of
from stepwright.tasks.calls.integration import Call, CallFailed

Object = dict[str, Json]

Before = Callable[[Call, Object], Object]
"""What is sent, of the parameters. Raises ValueError with a sentence where they cannot be."""
After = Callable[[Call, Object], Object]
"""A task's result, of the answer. Raises CallFailed."""


def _with_execution(call: Call, given: Object) -> Object:
    """EventBridge's events name the execution and the state machine they come from."""
    entries = given.get("Entries")
    if not isinstance(entries, list):
        return given
    own: list[Json] = [call.ref.arn, call.place.state_machine(call.ref.state_machine)]

    def named(entry: Json) -> Json:
        if not isinstance(entry, dict):
            return entry
        resources = entry.get("Resources")
        return {**entry, "Resources": [*(resources if isinstance(resources, list) else ()), *own]}

    return {**given, "Entries": [named(entry) for entry in entries]}


def _no_entry_failed(call: Call, answer: Object) -> Object:  # noqa: ARG001
    if answer.get("FailedEntryCount"):
        raise CallFailed("EventBridge.FailedEntry", jsontext.dump(answer))
    return answer


def _with(member: str, *, followed: bool = False) -> After:
    """A parameter that the result has, too. ``followed``: only that of tasks which wait for the end: by that it is found."""

    def after(call: Call, answer: Object) -> Object:
        parameters = call.task.parameters
        if not isinstance(parameters, dict) or (followed and not call.task.resource.waits_for_end):
            return answer
        return {**answer, member: parameters.get(member)}

    return after


def _started_by(call: Call, given: Object) -> Object:
    return {**given, "StartedBy": "AWS Step Functions"} if call.task.resource.waits_for_end else given


def _all_tasks_started(call: Call, answer: Object) -> Object:
    """A state that does not wait for the tasks reads by itself which were not started."""
    failures = answer.get("Failures")
    if failures and call.task.resource.pattern:
        raise CallFailed("AmazonECS.Unknown", jsontext.dump(failures))
    return answer


def _with_read_body(call: Call, answer: Object) -> Object:  # noqa: ARG001
    """A model's answer is given as the JSON that it holds."""
    body = answer.get("Body")
    if not isinstance(body, str):
        return answer
    try:
        return {**answer, "Body": jsontext.parse(body)}
    except InvalidJson:
        return answer


def _with_tag(call: Call, given: Object) -> Object:
    """By which the job is found again."""
    if not call.task.resource.waits_for_end:
        return given
    tags = given.get("Tags")
    return {**given, "Tags": {**(tags if isinstance(tags, dict) else {}), TAG: tag_of(call)}}


def _with_listed_tag(call: Call, given: Object) -> Object:
    """The same where tags are a list."""
    if not call.task.resource.waits_for_end:
        return given
    tags = given.get("Tags")
    own: Json = {"Key": TAG, "Value": tag_of(call)}
    return {**given, "Tags": [*(tags if isinstance(tags, list) else ()), own]}


def _with_session(call: Call, given: Object) -> Object:
    """A conversation of its own, unless it goes on with one."""
    return {"RuntimeSessionId": begun_uid(call.ref.uid, call.task.task), **given}


def _with_token(call: Call, given: Object) -> Object:
    """The model does not say what this member is for."""
    return {"IdempotencyToken": begun_uid(call.ref.uid, call.task.task), **given}


BEFORE: Final[Mapping[str, Before]] = MappingProxyType(
    {
        "apigateway:invoke": apis.usable,
        "batch:submitJob": _with_tag,
        "bedrock:invokeModel": invoked_models.usable,
        "bedrockagentcore:invokeHarness": _with_session,
        "codebuild:retryBuildBatch": _with_token,
        "codebuild:startBuild": _with_token,
        "codebuild:startBuildBatch": _with_token,
        "ecs:runTask": _started_by,
        "elasticmapreduce:createCluster": _with_listed_tag,
        "events:putEvents": _with_execution,
    }
)
AFTER: Final[Mapping[str, After]] = MappingProxyType(
    {
        "bedrock:invokeModel": _with_read_body,
        "databrew:startJobRun": _with("Name", followed=True),
        "ecs:runTask": _all_tasks_started,
        "elasticmapreduce:addStep": _with("ClusterId", followed=True),
        "elasticmapreduce:terminateCluster": _with("ClusterId", followed=True),
        "emr-serverless:deleteApplication": _with("ApplicationId"),
        "emr-serverless:startApplication": _with("ApplicationId"),
        "emr-serverless:stopApplication": _with("ApplicationId"),
        "events:putEvents": _no_entry_failed,
        "glue:startJobRun": _with("JobName"),
    }
)
"""By service and action, as Resources name them."""
