"""What a request says about roles, logs and encryption: whether it is valid, and its meaning.

Nothing checks whether a role, a log group or a key exists: there are none here. Sentences are AWS's if they
are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from stepwright.api import errors

_PARTITION: Final = r"arn:aws(?:-[a-z]+)*"

_ROLE: Final = re.compile(_PARTITION + r":iam::\d{12}:role/[\x21-\x7e]+", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns"""

_LOG_GROUP: Final = re.compile(
    _PARTITION + r":logs:[a-z0-9-]+:\d{12}:log-group:[\w./#-]+(?P<rest>:.*)?", re.ASCII
)

OWNED_KEY: Final[Mapping[str, Any]] = MappingProxyType({"type": "AWS_OWNED_KEY"})
_CUSTOMERS_KEY: Final = "CUSTOMER_MANAGED_KMS_KEY"
_REUSE_SECONDS: Final = 300


def check_role(arn: str) -> None:
    """Raises InvalidArn."""
    if _ROLE.fullmatch(arn) is None:
        raise errors.invalid_role(arn)


def logging(given: Mapping[str, Any]) -> dict[str, Any]:
    """A loggingConfiguration with its defaults. Raises InvalidLoggingConfiguration."""
    configuration = {"level": "OFF", "includeExecutionData": False, **given}
    destinations = configuration.get("destinations", ())
    if len(destinations) != 1 and (destinations or configuration["level"] != "OFF"):
        raise errors.invalid_logging("Must specify exactly one Log Destination.")
    for destination in destinations:
        arn = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn")
        if arn is None:
            raise errors.invalid_logging("Must specify exactly one Log Destination.")
        group = _LOG_GROUP.fullmatch(arn)
        if group is None:
            raise errors.invalid_logging(f"Invalid Log Group ARN: '{arn}'")
        if group["rest"] != ":*":
            raise errors.invalid_logging("Log Group ARN must be provided with '*' qualifier.")
    return configuration


def encryption(given: Mapping[str, Any]) -> dict[str, Any]:
    """An encryptionConfiguration with its defaults. Raises InvalidEncryptionConfiguration."""
    if given["type"] != _CUSTOMERS_KEY:
        return dict(given)
    if "kmsKeyId" not in given:
        raise errors.invalid_encryption(f"kmsKeyId must be specified when type is {_CUSTOMERS_KEY}")
    return {"kmsDataKeyReusePeriodSeconds": _REUSE_SECONDS, **given}
