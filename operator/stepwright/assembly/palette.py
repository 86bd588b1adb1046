"""The console's palette, of the table of drivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stepwright.asl.resource import parse
from stepwright.console.models import Offer, ResourceForm
from stepwright.tasks import palette
from stepwright.tasks.table import Process


@dataclass(frozen=True, slots=True)
class Palette:
    """Implements ``console.studio.Palette`` for a kind of process."""

    process: Process

    def offers(self) -> list[Offer]:
        return [_shown(offer) for offer in palette.offers(self.process)]

    def services(self) -> list[str]:
        return palette.sdk_services()

    def actions(self, service: str) -> list[Offer]:
        return [_shown(offer) for offer in palette.sdk_offers(service, self.process)]

    def form(self, resource: str) -> ResourceForm:
        parsed = parse(resource)
        return ResourceForm(
            resource=resource,
            parameters=_plain(palette.schema(parsed)),
            json_path=palette.example(parsed, "JSONPath"),
            jsonata=palette.example(parsed, "JSONata"),
            errors=list(palette.errors_of(parsed)),
        )


def _plain(value: Any) -> Any:
    """Views of constants as what can be written."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _shown(offer: palette.Offer) -> Offer:
    return Offer(
        resource=offer.resource,
        title=offer.title,
        help=offer.help or None,
        driver=offer.driver,
        page=offer.page,
        patterns=list(offer.patterns),
    )
