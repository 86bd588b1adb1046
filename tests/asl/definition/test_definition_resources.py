"""How events call the resources of tasks."""

from __future__ import annotations

import pytest

from stepwright.asl.definition import resources
from stepwright.asl.resource import parse as parse_resource

NAMES = {
    "k8s:job": ("uri", "k8s", "job"),
    "k8s:task/resize": ("uri", "k8s", "task/resize"),
    "arn:aws:states:::lambda:invoke": ("integration", "lambda", "invoke"),
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken": (
        "integration",
        "sqs",
        "sendMessage.waitForTaskToken",
    ),
    "arn:aws:states:::states:startExecution.sync:2": ("integration", "states", "startExecution.sync:2"),
    "arn:aws:states:::aws-sdk:s3:getObject": ("integration", "aws-sdk:s3", "getObject"),
    "arn:aws-cn:states:cn-north-1::eks:runJob.sync": ("integration", "eks", "runJob.sync"),
    "arn:aws:lambda:us-east-1:123456789012:function:f": (
        "lambda_function",
        "lambda",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
    ),
    "arn:aws:states:us-east-1:123456789012:activity:a": (
        "activity",
        "activity",
        "arn:aws:states:us-east-1:123456789012:activity:a",
    ),
    "https://example.org/x": ("uri", "https", "//example.org/x"),
}


@pytest.mark.parametrize("resource", NAMES)
def test_name(resource: str) -> None:
    kind, resource_type, name = NAMES[resource]

    assert resources.is_valid(resource)
    found = parse_resource(resource)
    assert found.kind == kind
    assert (found.service, found.name) == (resource_type, name)


@pytest.mark.parametrize(
    "resource", ["", "job", ":job", "k8s:", "k8s: job", "1:2", "arn:", "arn:aws:states:::", "arn:a:b:c"]
)
def test_neither_arn_nor_uri(resource: str) -> None:
    assert not resources.is_valid(resource)


@pytest.mark.parametrize("resource", ["arn", "arn:", "arn:aws", "arn:aws:states:::", "job", ""])
def test_what_is_no_resource_has_a_name_all_the_same(resource: str) -> None:
    """Checks of a definition go on after the first thing they find."""
    assert parse_resource(resource).text == resource


@pytest.mark.parametrize(
    "resource", ["${Function}", "arn:${AWS::Partition}:states:::lambda:invoke", "${a}text"]
)
def test_what_a_substitution_completes_may_become_valid(resource: str) -> None:
    assert resources.is_valid(resource)
