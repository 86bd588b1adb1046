"""What goes wrong with brokers of Kafka, as errors of tasks."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from aiokafka import errors

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.host_names import words
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.calls.trust import why_not

CONNECTION: Final = "Kafka.ConnectionFailed"
AUTHENTICATION: Final = "Kafka.AuthenticationFailed"
AUTHORIZATION: Final = "Kafka.AuthorizationFailed"
NO_TOPIC: Final = "Kafka.UnknownTopicOrPartition"
TOO_LARGE: Final = "Kafka.MessageTooLarge"
REFUSED: Final = "Kafka.Refused"
LOST: Final = "Kafka.AnswerLost"

_FAILURES: Final = {
    errors.UnknownTopicOrPartitionError: NO_TOPIC,
    errors.InvalidTopicError: NO_TOPIC,
    errors.TopicAuthorizationFailedError: AUTHORIZATION,
    errors.ClusterAuthorizationFailedError: AUTHORIZATION,
    errors.MessageSizeTooLargeError: TOO_LARGE,
    errors.RecordListTooLargeError: TOO_LARGE,
    errors.SaslAuthenticationFailed: AUTHENTICATION,
    errors.UnsupportedSaslMechanismError: AUTHENTICATION,
    errors.IllegalSaslStateError: AUTHENTICATION,
}


class ForNow(Exception):  # noqa: N818 - it names a condition
    """What may pass while the task lasts, and the task's failure if it does not."""

    def __init__(self, failure: CallFailed) -> None:
        super().__init__(str(failure))
        self.failure = failure


def of_broker(error: errors.BrokerResponseError) -> CallFailed | ForNow:
    failure = told(error)
    return ForNow(failure) if error.retriable and type(error) not in _FAILURES else failure


def told(error: errors.BrokerResponseError) -> CallFailed:
    """What a broker says, in Kafka's words."""
    cause: Json = {"Code": error.errno, "Error": error.message, "Description": error.description}
    return CallFailed(_FAILURES.get(type(error), REFUSED), jsontext.dump(cause))


def why(error: BaseException) -> str:
    """Also of what aiokafka has wrapped."""
    if isinstance(error, errors.KafkaConnectionError) and error.__cause__ is not None:
        return why(error.__cause__)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({why_not(error)})"
    if isinstance(error, asyncio.IncompleteReadError):
        return "it was closed"
    if isinstance(error, OSError | errors.KafkaConnectionError):
        return words(error).rstrip(".")
    return "it does not speak Kafka's protocol"
