"""JSON and YAML read alike: values that know where in the text each of their parts is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from stepwright.asl.definition import places
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.files.unreadable import Unreadable

__all__ = ["Document", "Locate", "Unreadable", "is_yaml", "of_json", "of_yaml", "the_only"]

Locate: TypeAlias = Callable[[Pointer], tuple[int, int]]
"""Line and column of a pointer, both from 1; those of the nearest enclosing value if it has none."""


@dataclass(frozen=True, slots=True)
class Document:
    """``duplicates``: pointers of objects with a duplicate key, and the key; ``block``: the line and the
    indentation of a text written as a literal block; ``functions``: where the first of CloudFormation's tags is."""

    value: Json
    locate: Locate
    duplicates: list[tuple[Pointer, str]]
    block: Callable[[Pointer], tuple[int, int] | None]
    functions: list[tuple[Pointer, str]] = field(default_factory=list)

    def refuse_functions(self) -> None:
        """Raises Unreadable if there is one: they have a meaning only in templates."""
        for pointer, tag in self.functions:
            message = f"the tag {tag} has a meaning only in a template of CloudFormation or SAM"
            raise Unreadable(message, *self.locate(pointer))


def is_yaml(file: str, text: str) -> bool:
    """Judged by the file's name, else by the first character."""
    return file.endswith((".yaml", ".yml")) or not (file.endswith(".json") or text.lstrip()[:1] in {"{", "["})


def of_yaml(text: str) -> Iterator[Document]:
    """All documents, empty ones left out. Raises ``Unreadable``."""
    # Imported here: `stepwright dev` reads a file only if it is given one with test cases.
    from stepwright.files import yaml_values  # noqa: PLC0415

    for document in yaml_values.documents(text):
        yield Document(
            document.value,
            document.line_and_column,
            document.duplicates,
            document.block,
            document.functions,
        )


def of_json(text: str) -> Document:
    """Raises ``Unreadable``."""
    try:
        value = jsontext.parse(text)
    except InvalidJson as error:
        raise Unreadable(
            why(text, error.message, error.line, error.column), error.line, error.column
        ) from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    found = places(text)
    return Document(value, found.line_and_column, found.duplicates, lambda _: None)


def why(text: str, message: str, line: int | None, column: int | None) -> str:
    """Why a text is not JSON, with the offending character."""
    if message != "invalid character" or line is None or column is None:
        return message
    lines = text.split("\n")
    found = lines[line - 1][column - 1 : column] if line <= len(lines) else ""
    return f"{message} {found!r}" if found else message


def the_only(file: str, text: str) -> Document:
    """The document of a file that must hold exactly one. Raises ``Unreadable``."""
    text = text.removeprefix("\ufeff")
    if not is_yaml(file, text):
        return of_json(text)
    found = list(of_yaml(text))
    if len(found) != 1:
        raise Unreadable(f"the file holds {len(found)} documents, and one is expected")
    found[0].refuse_functions()
    return found[0]
