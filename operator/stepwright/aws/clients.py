"""Calls AWS's services by botocore, with the endpoints and the credentials that its SDKs would find in this process.

botocore blocks, so everything here is for threads. It is imported when the first client is made, which takes a good part of a
second of the processor.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from stepwright.aws import environment, exceptional, models
from stepwright.aws.calling import AnswerTooLarge, NoAnswer, ServiceAnswer, ServiceRefused

KEPT: Final = 64
"""Clients; those not used for longest are made anew when they are needed."""

CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 60
SLOW_ANSWER_SECONDS: Final = 15 * 60 + 30
_SLOW: Final = frozenset({"lambda", "bedrock-runtime"})
"""Services whose answer is the work itself."""

ATTEMPTS: Final = 3
"""Of throttled calls, of those that find the service failing, and of those that find no connection; as AWS's SDKs make them."""
CONNECTIONS: Final = 64

_KEY: Final = "stepwright"
"""A key and its secret for what stands in for AWS."""

_OF_AWS: Final = re.compile(r"\.amazonaws\.com(\.cn)?\Z")

_HEADERS: Final = "SpelledHeaders"


class NoCredentials(Exception):  # noqa: N818 - it names a condition
    """There are no credentials for AWS here, and nothing stands in for the service. The sentence says so."""


class Clients:
    """Of all services, for one user. ``client`` may be called by several threads at once."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._session: Any = None
        self._clients: OrderedDict[tuple[str, str], _Client] = OrderedDict()

    def client(self, service: str, region: str) -> _Client:
        """``service``: botocore's name. Raises NoCredentials, BadEndpoint, KeyError for a service that botocore has not."""
        key = (service, region)
        with self._making:
            found = self._clients.get(key)
            if found is None:
                found = self._clients[key] = self._made(service, region)
            self._clients.move_to_end(key)
            while len(self._clients) > KEPT:
                self._clients.popitem(last=False)
        return found

    def _made(self, service: str, region: str) -> _Client:
        from botocore.config import Config  # noqa: PLC0415 - see above

        from stepwright.aws.bounded import BoundedSession  # noqa: PLC0415 - it needs botocore

        if self._session is None:
            self._session = _session()
        model = models.service(service)
        stand_in = environment.stand_in(model.metadata["serviceId"])
        keys: dict[str, str] = {}
        if self._session.get_credentials() is None:
            if stand_in is None:
                variable = environment.variable(model.metadata["serviceId"])
                raise NoCredentials(f"{variable} names no endpoint, and there are no credentials for AWS.")
            keys = {"aws_access_key_id": _KEY, "aws_secret_access_key": _KEY}
        seconds = SLOW_ANSWER_SECONDS if service in _SLOW else ANSWER_SECONDS
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=seconds,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            parameter_validation=False,
            # As Step Functions asks: S3 tells a checksum to whoever asks for it.
            response_checksum_validation="when_required",
            # What stands in for AWS has one host, and the names of its buckets and accounts are no hosts.
            inject_host_prefix=stand_in is None,
            s3={"addressing_style": "auto" if stand_in is None else "path"},
            user_agent_appid="stepwright",
        )
        client = self._session.create_client(service, region_name=region, config=config, **keys)
        verify = (
            self._session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True
        )
        http = BoundedSession(client.meta.endpoint_url, verify, (CONNECT_SECONDS, seconds), CONNECTIONS)
        return _Client(service, client, http.send)


def _session() -> Any:
    """Without what botocore makes of requests and answers beyond AWS's own SDKs, so that tasks get what they get on AWS."""
    from botocore import handlers  # noqa: PLC0415 - see above
    from botocore.session import Session  # noqa: PLC0415 - see above

    session = Session()
    added = {
        handlers.base64_encode_user_data,
        handlers.decode_console_output,
        handlers.decode_list_object,
        handlers.decode_list_object_v2,
        handlers.decode_list_object_versions,
        handlers.json_decode_policies,
        handlers.json_decode_template_body,
        handlers.set_list_objects_encoding_type_url,
    }
    for event, handler, *_ in handlers.BUILTIN_HANDLERS:
        if handler in added:
            session.unregister(event, handler)
    return session


class _Client:
    """Implements ``aws.calling.Client``."""

    def __init__(self, service: str, client: Any, send: Callable[[Any], Any]) -> None:
        """``send``: an HTTP request of botocore's."""
        self._service = service
        self._client = client
        client.meta.events.register("before-send", lambda request, **_: send(request))
        client.meta.events.register("before-parse", _require_json)
        client.meta.events.register("after-call", _keep_headers)

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        from botocore import exceptions, parsers  # noqa: PLC0415 - see above

        from stepwright.aws.bounded import TooLong  # noqa: PLC0415 - it needs botocore

        self._require_host(given)
        try:
            # The client's methods have other names, made by rules of their own.
            said = self._client._make_api_call(operation, given)  # noqa: SLF001
        except exceptions.ClientError as error:
            raise self._refused(operation, error.response) from error
        except TooLong as error:
            raise AnswerTooLarge(str(error)) from error
        except (exceptions.BotoCoreError, parsers.ResponseParserError, ValueError) as error:
            raise NoAnswer(_words(error)) from error
        about = said.pop("ResponseMetadata", {})
        members = {name: _whole(value) for name, value in said.items()}
        return ServiceAnswer(
            members, about.get(_HEADERS, {}), about.get("HTTPStatusCode", 0), about.get("RequestId", "")
        )

    def _require_host(self, given: Mapping[str, Any]) -> None:
        """AWS's SDK for Java sends to where the queue's URL is, botocore to the service. So a host that is none is told here;
        nothing is ever sent to another one than the service's. Raises NoAnswer."""
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
        raise ResponseParserError("the body of the answer is no object")


def _whole(value: Any) -> Any:
    """A streamed body as bytes: it was read before, to its limit."""
    return value.read() if hasattr(value, "read") else value


def _words(error: Exception) -> str:
    """What happened, in the words of AWS's SDK for Java as far as they say something."""
    from botocore import exceptions, parsers  # noqa: PLC0415 - see above

    where = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", "")))
    match error:
        case exceptions.EndpointConnectionError() if _is_unknown(where.hostname):
            return f"{where.hostname}: Name or service not known"
        case exceptions.EndpointConnectionError():
            return f"Connect to {where.netloc} failed: Connection refused"
        case exceptions.ConnectTimeoutError():
            return f"Connect to {where.netloc} failed: connect timed out"
        case exceptions.ReadTimeoutError():
            return "Read timed out"
        case exceptions.ConnectionClosedError():
            return f"{where.netloc} failed to respond"
        case parsers.ResponseParserError():
            return "the answer cannot be read, so it is none of this service"
    return str(error)


def _is_unknown(host: str | None) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return True
    return False
