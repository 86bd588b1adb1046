"""How many tags there may be, by boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.conftest import PASS
from tests.processes.dev import ROLE

Create = Callable[..., str]


def tags(number: int) -> list[dict[str, str]]:
    return [{"key": f"k{each}", "value": ""} for each in range(number)]


def too_many(call: Callable[[], Any], arn: str) -> None:
    with pytest.raises(ClientError) as error:
        call()
    response = error.value.response
    assert response["Error"]["Code"] == "TooManyTags"
    assert response["Error"]["Message"].endswith(f"'{arn}'")
    assert response["resourceName"] == arn


def test_the_fifty_first_tag_is_refused_wherever_tags_are_given(sfn: Any, create: Create) -> None:
    machine = create(tags=tags(50))
    activity = sfn.create_activity(name="tagged-fully", tags=tags(50))["activityArn"]
    definition = json.dumps(PASS)

    for arn in (machine, activity):
        too_many(lambda: sfn.tag_resource(resourceArn=arn, tags=[{"key": "more", "value": ""}]), arn)  # noqa: B023
        assert len(sfn.list_tags_for_resource(resourceArn=arn)["tags"]) == 50
    untagged = machine.rpartition(":")[0] + ":untagged"
    too_many(
        lambda: sfn.create_state_machine(name="untagged", definition=definition, roleArn=ROLE, tags=tags(51)),
        untagged,
    )
    untagged = activity.rpartition(":")[0] + ":untagged"
    too_many(lambda: sfn.create_activity(name="untagged", tags=tags(51)), untagged)
    assert untagged not in [one["activityArn"] for one in sfn.list_activities(maxResults=1000)["activities"]]
