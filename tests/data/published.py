"""The published definitions of the conformance data, filled in as whoever deploys them would."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from tests.data import conformance

ACCOUNT: Final = "us-east-1:123456789012"
OF_FIELDS: Final = {
    "Resource": f"arn:aws:lambda:{ACCOUNT}:function:{{}}",
    "StateMachineArn": f"arn:aws:states:{ACCOUNT}:stateMachine:{{}}",
    "ConnectionArn": f"arn:aws:events:{ACCOUNT}:connection/{{}}/00000000-0000-0000-0000-000000000000",
    "ApiEndpoint": "https://{}.example.org",
    "TopicArn": f"arn:aws:sns:{ACCOUNT}:{{}}",
    "RoleArn": "arn:aws:iam::123456789012:role/{}",
    "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/{}",
    "LambdaParameters": '{{"of": "{}"}}',
    "query_text": "SELECT '{}', '{{}}'",
}
"""What is filled in where the value of a field begins with a placeholder; ``{}`` is the placeholder's name."""
NAMED: Final = {
    "AWS::Partition": "aws",
    "AWSPartition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
}


@cache
def _all() -> dict[str, dict[str, Any]]:
    return {
        record["id"]: record["definition"] for record in conformance.oracle("definitions/definitions") or []
    }


def ids() -> list[str]:
    """Of all; none if the data is missing."""
    return list(_all())


def definition(id: str) -> dict[str, Any]:
    filled: dict[str, Any] = _filled(_all()[id], "")
    return filled


def _filled(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {_text(key, ""): _filled(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, name) for inner in value]
    if name == "Seconds" and isinstance(value, str) and value.startswith("${"):
        return 60
    return _text(value, name) if isinstance(value, str) else value


def _text(text: str, name: str) -> str:
    def filled(found: re.Match[str]) -> str:
        own = re.sub(r"\W+", "", found[1]) or "x"
        if found[1] in NAMED:
            return NAMED[found[1]]
        return OF_FIELDS[name].format(own) if name in OF_FIELDS and not found.start() else own

    return re.sub(r"\$\{([^}]*)\}", filled, text)
