"""Walks a document and collects everything that is wrong with it, each with its place in the file."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field

from stepwright.asl.json_types import Json, Pointer
from stepwright.files import documents
from stepwright.files.documents import Document, Unreadable


class Unusable(Exception):  # noqa: N818 - about the user's text
    """``problems`` are whole sentences, each with its place: ``mocks.json:7:9: ...``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(slots=True)
class Reader:
    """``at``, in all of its methods: the keys and indices that lead to a value, as texts."""

    name: str
    document: Document
    problems: list[str] = field(default_factory=list)

    def place(self, *at: str) -> str:
        """``mocks.json:7:9``."""
        pointer = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in at)
        line, column = self.document.locate(Pointer(pointer))
        return f"{self.name}:{line}:{column}"

    def problem(self, message: str, *at: str) -> None:
        self.problems.append(f"{self.place(*at)}: {message}")

    def object(self, value: Json, *at: str) -> dict[str, Json]:
        """The value, or an empty one where it is not an object; likewise below."""
        if isinstance(value, dict):
            return value
        self.problem("an object is expected", *at)
        return {}

    def list(self, value: Json, *at: str) -> list[Json]:
        if isinstance(value, list):
            return value
        self.problem("a list is expected", *at)
        return []

    def text(self, value: Json, *at: str) -> str:
        if isinstance(value, str):
            return value
        self.problem("a text is expected", *at)
        return ""

    def only(self, given: Collection[str], known: Collection[str], *at: str) -> None:
        """No keys but these."""
        for name in given:
            if name not in known:
                hint_ = hint(name, known) or f"; known are {', '.join(known)}"
                self.problem(f"there is no field {name!r} here{hint_}", *at, name)

    def finish(self) -> None:
        """Raises Unusable if there were problems."""
        if self.problems:
            raise Unusable(self.problems)


def open_file(name: str, text: str) -> Reader:
    """Of a file with a single document, JSON or YAML. Raises Unusable if it is neither."""
    try:
        document = documents.the_only(name, text)
    except Unreadable as error:
        raise Unusable([f"{name}:{error.line or 1}:{error.column or 1}: {error.message}"]) from error
    reader = Reader(name, document)
    for pointer, key in document.duplicates:
        line, column = document.locate(Pointer(f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"))
        reader.problems.append(f"{name}:{line}:{column}: {key!r} appears more than once")
    return reader


def hint(name: str, known: Collection[str]) -> str:
    """``; is 'Ship' meant?`` where something is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; is {near[0]!r} meant?" if near else ""
