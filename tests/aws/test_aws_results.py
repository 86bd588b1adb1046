"""Mocked results of tasks are checked by the names that tasks have for what AWS's services answer."""

from __future__ import annotations

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.aws import results

SDK = "arn:aws:states:::aws-sdk:"


@pytest.mark.parametrize(
    ("resource", "result", "problem"),
    [
        (f"{SDK}rds:describeDBInstances", {"DbInstances": 1}, "Field 'DbInstances' must be an array"),
        (f"{SDK}secretsmanager:getSecretValue", {"Arn": 1}, "Field 'Arn' must be a string"),
        (f"{SDK}directory:describeDirectories", {"DirectoryDescriptions": 1}, "must be an array"),
        (f"{SDK}applicationdiscovery:listConfigurations", {"Configurations": 1}, "must be an array"),
        ("arn:aws:states:::sqs:sendMessage", {"MD5OfMessageBody": 1}, "must be a string"),
        ("arn:aws:states:::emr-containers:startJobRun", {"Id": 1}, "must be a string"),
    ],
)
def test_a_result_is_checked_by_the_name_that_tasks_have_for_it(
    resource: str, result: Json, problem: str
) -> None:
    assert problem in str(results.problem(parse(resource), result, strict=False))


@pytest.mark.parametrize("name", ["rds:describeDBInstances", "nothing:getNothing", "rds:getNothing"])
def test_a_result_is_fine_where_nothing_is_known_against_it(name: str) -> None:
    assert results.problem(parse(f"{SDK}{name}"), {"Anything": 1}, strict=False) is None
