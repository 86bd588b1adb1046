"""Calls Bedrock's models with objects of S3, as ``aws.around_models`` has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.aws.around_models import AROUND, INPUT, OUTPUT, URI
from stepwright.aws.calling import ServiceAnswer, ServiceRefused
from stepwright.tasks.calls.integration import Call
from stepwright.tasks.calls.services import ClientOf

_URI: Final = re.compile(r"s3://(?P<Bucket>[^/]+)/(?P<Key>.+)", re.DOTALL)


def usable(call: Call, given: dict[str, Json]) -> dict[str, Json]:  # noqa: ARG001
    """Raises ValueError with a sentence where nobody could say what the model is given, or where its answer belongs."""
    if (given.get("Body") is None) == (given.get(INPUT) is None):
        raise ValueError(f"Either Body or {INPUT} says what the model is given")
    for name in (INPUT, OUTPUT):
        place = given.get(name)
        if isinstance(place, dict) and _URI.fullmatch(str(place.get(URI))) is None:
            raise ValueError(f"The {URI} of {name} must name an object: s3://BUCKET/KEY")
    return given


class AroundModels:
    """Implements ``aws.calling.Client``, by those of Bedrock and of S3."""

    def __init__(self, client_of: ClientOf) -> None:
        self._client_of = client_of

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        sent = {name: value for name, value in given.items() if name not in (INPUT, OUTPUT)}
        if INPUT in given:
            found = self._of_s3("GetObject", given[INPUT][URI]).members
            sent["body"] = found["Body"]
            if found.get("ContentType"):
                sent.setdefault("contentType", found["ContentType"])
        said = self._client_of(AROUND).call(operation, sent)
        if OUTPUT not in given:
            return said
        uri = given[OUTPUT][URI]
        kind = {"ContentType": said.members["contentType"]} if said.members.get("contentType") else {}
        self._of_s3("PutObject", uri, Body=said.members["body"], **kind)
        return replace(said, members={**said.members, "body": uri})

    def _of_s3(self, operation: str, uri: str, **more: Any) -> ServiceAnswer:
        """Raises ServiceRefused, whose message names the object."""
        place = _URI.fullmatch(uri)
        assert place is not None
        try:
            return self._client_of("s3").call(operation, {**place.groupdict(), **more})
        except ServiceRefused as refused:
            refused.message = f"{operation} of {uri}: {refused.message}"
            raise
