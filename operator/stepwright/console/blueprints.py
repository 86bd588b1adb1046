"""Workflows to begin with: the folders of examples/blueprints, which the wheel has, too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from stepwright.asl.text import jsontext
from stepwright.console.models import Blueprint
from stepwright.files import documents

_IN_WHEEL: Final = Path(__file__).with_name("gallery")
_IN_CHECKOUT: Final = Path(__file__).resolve().parents[3] / "examples/blueprints"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``blueprint.yaml``. ``shows``: what of the language one can see in it; ``needs``: what must be there for it to run, which is
    nothing for the first ones; ``input``: with which to try it."""

    title: str
    description: str
    shows: list[str]
    needs: list[str]
    input: Any


@lru_cache(maxsize=1)
def blueprints() -> Sequence[Blueprint]:
    """What runs without anything else comes first."""
    folder = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT
    found = [_read(manifest.parent) for manifest in sorted(folder.glob("*/blueprint.yaml"))]
    return sorted(found, key=lambda blueprint: bool(blueprint.needs))


def _read(folder: Path) -> Blueprint:
    said = (folder / "blueprint.yaml").read_text(encoding="utf-8")
    manifest = msgspec.convert(documents.the_only("blueprint.yaml", said).value, Manifest)
    return Blueprint(
        name=folder.name,
        title=manifest.title,
        description=manifest.description,
        shows=manifest.shows,
        needs=manifest.needs,
        input=jsontext.dump(manifest.input),
        definition=(folder / f"{folder.name}.asl.yaml").read_text(encoding="utf-8"),
        tests=(folder / f"{folder.name}.test.yaml").read_text(encoding="utf-8"),
    )
