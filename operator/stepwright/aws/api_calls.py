"""Calls the APIs that people keep at API Gateway.

Each call is made once, since nobody here knows what an API does with a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, quote_plus

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.aws import execute_api, troubles
from stepwright.aws.calling import MayNotConnect, NoAnswer, ServiceAnswer, ServiceRefused

_IN_A_PATH: Final = "/%:@!$&'()*+,;=~"
"""What is not encoded beside letters, digits, ``-``, ``.`` and ``_``; a percent sign begins what is encoded already."""


class ApiCalls:
    """Implements ``aws.calling.Client``."""

    def __init__(
        self,
        region: str,
        stands_in: str | None,
        credentials: Callable[[], Any],
        send: Callable[[Any], Any],
    ) -> None:
        """``stands_in``: the URL of what stands in for AWS, which knows the API by the header Host. ``credentials``: botocore's, or
        None. ``send``: an HTTP request of botocore's."""
        self._region = region
        self._stands_in = stands_in
        self._credentials = credentials
        self._send = send

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:  # noqa: ARG002
        """``given``: as ``execute_api`` has it. Raises ServiceRefused for every status but 2xx."""
        request = self._request(given)
        with troubles.translated():
            response = self._send(request)
            body = response.raw.read()
        text = _text(body, response.headers.get("Content-Type") or "")
        if not 200 <= response.status_code < 300:
            raise ServiceRefused(
                str(response.status_code), text, shape=None, status=response.status_code, request_id="null"
            )
        headers: dict[str, list[str]] = {}
        for name, value in sorted(response.raw.headers, key=lambda header: header[0].lower()):
            headers.setdefault(name, []).append(value)
        members = {
            "Headers": headers,
            "ResponseBody": _read(text, response.headers.get("Content-Type") or ""),
            "StatusCode": response.status_code,
            "StatusText": _phrase(response.status_code),
        }
        return ServiceAnswer(members, {}, response.status_code, "")

    def _request(self, given: Mapping[str, Any]) -> Any:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - see aws.clients
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415

        host = given["ApiEndpoint"]
        at_aws = execute_api.HOST.fullmatch(host)
        if self._stands_in is None and at_aws is None:
            raise MayNotConnect(
                f"ApiEndpoint is not a host of API Gateway (ID.{execute_api.NAME}.REGION.amazonaws.com): {host}."
            )
        headers = {name: ", ".join(values) for name, values in (given.get("Headers") or {}).items()}
        body = None
        if given.get("RequestBody") is not None:
            # A text, too, as recorded: it arrives with its quotes.
            body = jsontext.dump(given["RequestBody"]).encode()
            if "content-type" not in map(str.lower, headers):
                headers["Content-Type"] = "application/json"
        url = (
            (self._stands_in or f"https://{host}")
            + path_of(given)
            + _query(given.get("QueryParameters") or {})
        )
        request = AWSRequest(given["Method"], url, headers={**headers, "Host": host}, data=body)
        if given.get("AuthType", execute_api.NO_AUTH) != execute_api.NO_AUTH:
            credentials = self._credentials()
            if credentials is None:
                raise NoAnswer("there are no credentials for AWS, by which the request would be signed")
            region = at_aws["region"] if at_aws is not None else self._region
            SigV4Auth(credentials.get_frozen_credentials(), execute_api.NAME, region).add_auth(request)
        return request.prepare()


def path_of(given: Mapping[str, Any]) -> str:
    """The path of an API's stage, as it is sent."""
    stage, path = str(given.get("Stage") or "").strip("/"), str(given.get("Path") or "").lstrip("/")
    return quote("/" + "/".join(part for part in (stage, path) if part), safe=_IN_A_PATH)


def _query(parameters: Mapping[str, list[str]]) -> str:
    pairs = [
        f"{quote_plus(name)}={quote_plus(value)}" for name, values in parameters.items() for value in values
    ]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _text(body: bytes, media: str) -> str:
    named = media.lower().partition("charset=")[2].partition(";")[0].strip('" ')
    try:
        return body.decode(named or "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _read(text: str, media: str) -> Json:
    kind = media.partition(";")[0].strip().lower()
    if kind and not kind.endswith(("/json", "+json")):
        return text
    try:
        return jsontext.parse(text) if text else text
    except InvalidJson:
        return text


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
