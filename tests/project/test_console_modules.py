"""Which modules of the console import which: rooms (the folders of ``src``) stand one above the other, views know models and never
the other way, and no page knows another."""

from __future__ import annotations

import graphlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ROOT / "console" / "src"

_IMPORT: Final = re.compile(
    r'^(?:import|export)(?P<types> type)?\b[^;]*?from "(?P<of>\.[^"]+)"', re.MULTILINE
)
_LAZY: Final = re.compile(r'import\("(?P<of>\.[^"]+)"\)')

RECURSION: Final = re.compile(r"forms/(fields|kinds/\w+)")
"""A field of a form may have fields."""

MODELS: Final = {"document", "graph", "execution"}
VIEWS_OF_MODELS: Final = {"canvas", "data", "slider", "timeline"}
"""What is shown in more than one place, and knows of none of them."""


def modules() -> dict[str, str]:
    """The text of each, by its path without its suffix."""
    files = (file for file in SOURCES.rglob("*.ts*") if ".test." not in file.name)
    return {
        file.relative_to(SOURCES).with_suffix("").as_posix(): file.read_text(encoding="utf-8")
        for file in files
    }


MODULES: Final = modules()


def imports(module: str, *, lazily: bool = True, types: bool = False) -> Iterator[str]:
    """The modules that it needs when it runs. ``lazily``: those, too, that it fetches when they are wanted. ``types``: and those of
    which it uses types alone."""
    text = MODULES[module]
    named = [found["of"] for found in _IMPORT.finditer(text) if types or found["types"] is None]
    for path in (*named, *(_LAZY.findall(text) if lazily else ())):
        target = os.path.normpath(f"{module}/../{path}")
        yield target if target in MODULES else f"{target}/index"


def room(module: str) -> str:
    return module.split("/", maxsplit=1)[0]


def test_no_modules_import_each_other_but_the_fields_of_forms() -> None:
    def merged(module: str) -> str:
        return "a field of a form" if RECURSION.fullmatch(module) else module

    graph: dict[str, set[str]] = {}
    for module in MODULES:
        graph.setdefault(merged(module), set()).update(
            {merged(found) for found in imports(module, lazily=False)} - {merged(module)}
        )

    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names them


def test_no_rooms_know_each_other() -> None:
    """What the server's answers look like, everybody may know; that is all that a room may know of one above it."""
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        needed = {room(found) for found in imports(module)}
        named = {room(found) for found in imports(module, types=True)}
        graph.setdefault(room(module), set()).update((needed | named - {"api"}) - {room(module)})

    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names them


def test_each_room_is_on_the_page_for_those_who_build_here() -> None:
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    table = page[page.index("| folder of `console/src` |") :].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1])}

    assert {folder.name for folder in SOURCES.iterdir() if folder.is_dir()} == named


def test_models_know_no_view_and_no_server() -> None:
    wrong = {
        (module, found)
        for module in MODULES
        if room(module) in MODELS
        for found in imports(module)
        if room(found) not in MODELS
    }

    assert wrong == set()


def test_no_page_knows_another() -> None:
    def page(module: str) -> str | None:
        parts = module.split("/")
        return parts[1] if parts[0] == "pages" else None

    wrong = {
        (module, found)
        for module in MODULES
        if room(module) != "routes"
        for found in imports(module)
        if page(found) is not None and page(found) != page(module)
    }

    assert wrong == set()


def test_what_several_pages_show_knows_no_page_and_no_editor() -> None:
    wrong = {
        (module, found)
        for module in MODULES
        if room(module) in VIEWS_OF_MODELS
        for found in imports(module)
        if room(found) in {"acts", "expressions", "forms", "outline", "pages", "studio", "test_drawer"}
    }

    assert wrong == set()
