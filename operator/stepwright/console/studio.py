"""What an editor of definitions asks the server: ``v1/definitions/check`` and ``convert``, ``v1/expressions/try``, ``v1/fields``,
``v1/resources`` and ``v1/blueprints``. Nothing of it reads or changes what is stored.

Everything that takes long is done beside the loop, where clients take turns: a hostile text costs its sender time, and nobody
else. What a client no longer waits for is not begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec

from stepwright.console import checking, converting, expressions, fields
from stepwright.console.blueprints import blueprints
from stepwright.console.models import (
    Blueprints,
    CheckedText,
    Offer,
    ResourceForm,
    Resources,
    ToCheck,
    ToConvert,
    ToTry,
)
from stepwright.console.parameters import invalid
from stepwright.console.routes import Answer, Call, Route, data
from stepwright.engine.beside import Beside
from stepwright.engine.ports import Clock
from stepwright.files.serving import Serving
from stepwright.http.bodies import LARGEST_BODY_BYTES

_LONGEST_RESOURCE: Final = 2_000

_TO_CHECK: Final = msgspec.json.Decoder(ToCheck)
_TO_CONVERT: Final = msgspec.json.Decoder(ToConvert)
_TO_TRY: Final = msgspec.json.Decoder(ToTry)


class Palette(Protocol):
    """The Resources that this process runs. Each method may read the model of a service of AWS."""

    def offers(self) -> Sequence[Offer]:
        """All but the actions of ``aws-sdk``."""

    def services(self) -> Sequence[str]:
        """The services of ``aws-sdk``."""

    def actions(self, service: str) -> Sequence[Offer]:
        """Those of a service of ``aws-sdk``; none if there is no such service."""

    def form(self, resource: str) -> ResourceForm:
        """Of any Resource, whether something runs it or not."""


class Studio:
    """``serving``: what definitions are to run on."""

    def __init__(self, serving: Serving, palette: Palette, clock: Clock, beside: Beside) -> None:
        self._serving = serving
        self._palette = palette
        self._clock = clock
        self._beside = beside

    def routes(self) -> Iterator[Route]:
        yield Route("POST", "definitions/check", self.check)
        yield Route("POST", "definitions/convert", self.convert)
        yield Route("POST", "expressions/try", self.try_expression)
        yield Route("GET", "fields", self.fields)
        yield Route("GET", "resources", self.resources)
        yield Route("GET", "resources/{resource}", self.resource)
        yield Route("GET", "blueprints", self.blueprints)

    async def check(self, call: Call) -> Answer:
        given = await call.body(_TO_CHECK, LARGEST_BODY_BYTES)
        if len(given.text) > checking.MOST_CHARACTERS:
            raise invalid(f"A text to check has at most {checking.MOST_CHARACTERS} characters")
        found = await self._beside.call(partial(checking.check, given, self._serving))
        return CheckedText(definitions=found)

    async def convert(self, call: Call) -> Answer:
        given = await call.body(_TO_CONVERT, LARGEST_BODY_BYTES)
        try:
            return await self._beside.call(partial(converting.converted, given))
        except converting.Unconvertible as error:
            raise invalid(str(error)) from None

    async def try_expression(self, call: Call) -> Answer:
        given = await call.body(_TO_TRY, LARGEST_BODY_BYTES)
        try:
            return await self._beside.call(partial(expressions.tried, given, self._clock.now()))
        except expressions.Unreadable as error:
            raise invalid(str(error)) from None

    async def fields(self, _: Call) -> Answer:
        return data(200, msgspec.json.encode(await self._beside.call(fields.fields)))

    async def resources(self, call: Call) -> Answer:
        """``service``: the actions of that service of ``aws-sdk`` instead."""
        service = call.parameters("service").text("service")
        if service is not None:
            return Resources(offers=list(await self._beside.call(partial(self._palette.actions, service))))
        services = await self._beside.call(self._palette.services)
        return Resources(offers=list(await self._beside.call(self._palette.offers)), services=list(services))

    async def resource(self, call: Call) -> Answer:
        resource = call.ids["resource"]
        if len(resource) > _LONGEST_RESOURCE:
            raise invalid(f"A Resource has at most {_LONGEST_RESOURCE} characters")
        return await self._beside.call(partial(self._palette.form, resource))

    async def blueprints(self, _: Call) -> Answer:
        return Blueprints(blueprints=list(await self._beside.call(blueprints)))
