"""Calls AWS's services by botocore.

botocore blocks, so everything here is for threads. It is imported when the first client is made, which takes a good part of a
second of the processor.
"""

from __future__ import annotations

import re
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import urlsplit

from stepwright.aws import around_harness, environment, exceptional, execute_api, models, troubles
from stepwright.aws.api_calls import ApiCalls
from stepwright.aws.calling import Client, NoAnswer, ServiceAnswer, ServiceRefused

KEPT: Final = 64
"""Clients; those not used for longest are made anew when they are needed."""

CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 60
SLOW_ANSWER_SECONDS: Final = 15 * 60 + 30
_SLOW: Final = frozenset({"lambda", "bedrock-agentcore", "bedrock-runtime"})
"""Services whose answer is the work itself."""

ATTEMPTS: Final = 3
"""Of throttled calls, of those that find the service failing, and of those that find no connection; as AWS's SDKs make them."""
CONNECTIONS: Final = 64

_OF_AWS: Final = re.compile(r"\.amazonaws\.com(\.cn)?\Z")

_IN_EVENTS: Final[Mapping[tuple[str, str], Callable[[Iterable[Any]], dict[str, Any]]]] = MappingProxyType(
    {(around_harness.AROUND, around_harness.INVOKE): around_harness.joined}
)
"""By botocore's service and operation: what is made of the events that answer it, as they come."""

_HEADERS: Final = "SpelledHeaders"
_ANY_API: Final = "https://execute-api.amazonaws.com"
"""Whose proxies of the environment are those of all APIs."""


class Send(Protocol):
    """Sends an HTTP request of botocore's."""

    def __call__(self, request: Any, *, in_events: bool = False) -> Any:
        """``in_events``: what is answered is given as it arrives."""


Addresses: TypeAlias = Callable[[str, str, int], Sequence[str]]
"""Those of a host, by scheme, name and port, that may be connected to. Blocks. Raises MayNotConnect, OSError."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """``token`` where they are a session's."""

    id: str
    secret: str
    token: str | None = None


class Signed(Enum):
    BY_SESSION = "with the credentials that botocore's session finds, and with made-up ones where something stands in for AWS"
    NOT = "not at all"


@dataclass(frozen=True, slots=True, repr=False)
class Way:
    """How a service is called. ``url``: of what stands in for it; None: AWS's own. ``owner``: whose connections are kept open
    together, so all ways of one owner have the same ``addresses``; without these every address may be connected to, and
    proxies of the environment are used. ``authorities``: certificates in PEM of those that are trusted in place of the usual
    ones."""

    region: str
    url: str | None = None
    signed: Keys | Signed = Signed.BY_SESSION
    owner: str = ""
    authorities: str | None = None
    addresses: Addresses | None = field(default=None, compare=False)


MADE_UP: Final = Keys("stepwright", "stepwright")
"""For what stands in for AWS."""


class NoCredentials(Exception):  # noqa: N818 - it names a condition
    """There are no credentials for AWS here, and nothing stands in for the service. The sentence says so."""


class Clients:
    """Of all services. ``client`` may be called by several threads at once. ``session``: makes botocore's, when it is needed."""

    def __init__(self, session: Callable[[], Any]) -> None:
        self._making = threading.Lock()
        self._make_session = session
        self._session: Any = None
        self._clients: OrderedDict[tuple[str, Way], Client] = OrderedDict()

    def client(self, service: str, way: Way) -> Client:
        """``service``: botocore's name, or ``execute-api``. Raises NoCredentials, KeyError for a service that botocore does not
        have."""
        key = (service, way)
        with self._making:
            found = self._clients.get(key)
            if found is None:
                found = self._clients[key] = self._made(service, way)
            self._clients.move_to_end(key)
            while len(self._clients) > KEPT:
                self._clients.popitem(last=False)
        return found

    def _made(self, service: str, way: Way) -> Client:
        if self._session is None:
            self._session = self._make_session()
        if service == execute_api.NAME:
            http = self._http(service, way.url or _ANY_API, way)
            return ApiCalls(way.region, way.url, self._credentials(way.signed), http)
        return self._of_service(service, way)

    def _credentials(self, signed: Keys | Signed) -> Callable[[], Any]:
        """Those of a request, whenever it is made; None if there are none."""
        from botocore.credentials import Credentials  # noqa: PLC0415 - see above

        if isinstance(signed, Keys):
            of_keys = Credentials(signed.id, signed.secret, signed.token)
            return lambda: of_keys
        of_session: Callable[[], Any] = self._session.get_credentials
        return of_session

    def _http(self, service: str, url: str, way: Way) -> Send:
        from stepwright.aws.bounded import BoundedSession  # noqa: PLC0415 - it needs botocore

        return BoundedSession(
            url,
            self._session.get_config_variable("ca_bundle"),
            (CONNECT_SECONDS, _seconds(service)),
            CONNECTIONS,
            way.addresses,
            way.authorities,
        ).send

    def _of_service(self, service: str, way: Way) -> Client:
        from botocore import UNSIGNED  # noqa: PLC0415 - see above
        from botocore.config import Config  # noqa: PLC0415 - see above

        signed = way.signed
        if signed is Signed.BY_SESSION and self._session.get_credentials() is None:
            if way.url is None:
                variable = environment.variable(models.service(service).metadata["serviceId"])
                raise NoCredentials(f"{variable} names no endpoint, and there are no credentials for AWS.")
            signed = MADE_UP
        keys: dict[str, str | None] = {}
        if isinstance(signed, Keys):
            keys = {
                "aws_access_key_id": signed.id,
                "aws_secret_access_key": signed.secret,
                "aws_session_token": signed.token,
            }
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=_seconds(service),
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            parameter_validation=False,
            # As Step Functions asks: S3 returns a checksum to whoever asks for it.
            response_checksum_validation="when_required",
            # What stands in for AWS has one host, and the names of its buckets and accounts are not hosts.
            inject_host_prefix=way.url is None,
            s3={"addressing_style": "auto" if way.url is None else "path"},
            signature_version=UNSIGNED if signed is Signed.NOT else None,
            user_agent_appid="stepwright",
        )
        client = self._session.create_client(
            service, region_name=way.region, endpoint_url=way.url, config=config, **keys
        )
        return _Client(service, client, self._http(service, client.meta.endpoint_url, way))


def _seconds(service: str) -> int:
    """How long an answer may take."""
    return SLOW_ANSWER_SECONDS if service in _SLOW else ANSWER_SECONDS


class _Client:
    """Implements ``aws.calling.Client``."""

    def __init__(self, service: str, client: Any, send: Send) -> None:
        self._service = service
        self._client = client
        self._send = send
        client.meta.events.register("before-send", self._sent)
        client.meta.events.register("before-parse", _require_json)
        client.meta.events.register("after-call", _keep_headers)

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - see above

        self._require_host(given)
        try:
            with troubles.translated():
                # The client's methods have other names, made by rules of their own.
                said = self._client._make_api_call(operation, given)  # noqa: SLF001
                about = said.pop("ResponseMetadata", {})
                if (joined := _IN_EVENTS.get((self._service, operation))) is not None:
                    (events,) = said.values()
                    with closing(events):
                        said = joined(events)
        except ClientError as error:
            raise self._refused(operation, error.response) from error
        members = {name: _whole(value) for name, value in said.items()}
        return ServiceAnswer(
            members, about.get(_HEADERS, {}), about.get("HTTPStatusCode", 0), about.get("RequestId", "")
        )

    def _sent(self, request: Any, event_name: str, **_: Any) -> Any:
        operation = event_name.rpartition(".")[2]
        return self._send(request, in_events=(self._service, operation) in _IN_EVENTS)

    def _require_host(self, given: Mapping[str, Any]) -> None:
        """AWS's SDK for Java sends to where the queue's URL is, botocore to the service. So a host that does not exist is reported
        here; nothing is ever sent to any host but the service's. Raises NoAnswer."""
        url = given.get("QueueUrl")
        host = urlsplit(url).hostname if self._service == "sqs" and isinstance(url, str) else None
        if host is None or host == urlsplit(self._client.meta.endpoint_url).hostname or _OF_AWS.search(host):
            return
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError) as error:
            raise NoAnswer(f"{host}: Name or service not known") from error

    def _refused(self, operation: str, response: Mapping[str, Any]) -> ServiceRefused:
        said, about = response.get("Error", {}), response.get("ResponseMetadata", {})
        code, message = str(said.get("Code", "")), said.get("Message")
        model = self._client.meta.service_model
        events = model.operation_model(operation).get_event_stream_output()
        if events is not None and code in events.members:
            code = events.members[code].name  # as an event it is named by its member
        shape = models.error_shape(model, str(said.get("QueryErrorCode") or code)) or models.error_shape(
            model, code
        )
        if code == "404" and (head := exceptional.OF_HEAD.get((self._service, operation))) is not None:
            shape, message = head, None
        return ServiceRefused(
            code,
            "null" if message is None else str(message),
            shape=shape,
            status=about.get("HTTPStatusCode", 0),
            request_id=about.get("RequestId") or "null",
            extended_id=about.get("HostId"),
            attempts=about.get("RetryAttempts", 0) + 1,
        )


def _keep_headers(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
    parsed.setdefault("ResponseMetadata", {})[_HEADERS] = dict(http_response.raw.headers)


def _require_json(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """botocore takes anything at all for an answer in JSON that has no members. Raises ResponseParserError."""
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - see above

    shape, body = operation_model.output_shape, response_dict["body"]
    if response_dict["status_code"] >= 300 or not body or not isinstance(body, bytes):
        return
    if operation_model.service_model.resolved_protocol not in ("json", "rest-json"):
        return
    if shape is None or shape.serialization.get("payload"):
        return
    text = body.strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        raise ResponseParserError("the body of the answer is not an object")


def _whole(value: Any) -> Any:
    """A streamed body as bytes: it was read before, to its limit."""
    return value.read() if hasattr(value, "read") else value
