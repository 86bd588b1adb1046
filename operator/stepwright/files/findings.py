"""What is found in a definition, as people read it of the file that has it: at its place there, and once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.files import manifests
from stepwright.files.documents import Document


def once(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Make one finding of all Resources that nothing serves."""
    lacking = [each for each in found if each.code == "NO_DRIVER" and each.pointer.endswith("/Resource")]
    if len(lacking) < 2:
        return found
    messages = list(dict.fromkeys(each.message for each in lacking))
    first = replace(lacking[0], message=f"{'; '.join(messages)} ({len(lacking)} tasks in all)")
    others = {id(each) for each in lacking[1:]}
    return tuple(first if each is lacking[0] else each for each in found if id(each) not in others)


def refused(
    spec: Mapping[str, Any], definition: Json, where: Pointer, document: Document
) -> tuple[Diagnostic, ...]:
    """``where``: the place of the definition, which is a field of the spec."""
    of_spec = where.removesuffix("/definition")
    return tuple(
        Diagnostic("ERROR", "INVALID_MANIFEST", message, at, *document.locate(at))
        for pointer, message in manifests.problems({**spec, "definition": definition})
        for at in (Pointer(of_spec + pointer),)
    )


def duplicates(pointer: Pointer, document: Document) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            "WARNING",
            "DUPLICATE_KEY",
            f"The field '{name}' appears more than once; the last counts",
            Pointer(where.removeprefix(pointer)),
            member=name,
        )
        for where, name in document.duplicates
        if where == pointer or where.startswith(f"{pointer}/")
    )


def lower(lines: int, diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, line=(diagnostic.line or 1) + lines)


def located(diagnostic: Diagnostic, pointer: Pointer, document: Document) -> Diagnostic:
    where = pointer + diagnostic.pointer
    if diagnostic.member is not None:
        where += "/" + diagnostic.member.replace("~", "~0").replace("/", "~1")
    line, column = document.locate(Pointer(where))
    return replace(diagnostic, line=line, column=column)


def located_in_text(diagnostic: Diagnostic, pointer: Pointer, document: Document) -> Diagnostic:
    """A definition written as text in a manifest: line by line in a literal block, else only where it begins."""
    block = document.block(pointer)
    if block is None or diagnostic.line is None or diagnostic.column is None:
        line, column = document.locate(pointer)
    else:
        first_line, indentation = block
        line, column = first_line + diagnostic.line - 1, indentation + diagnostic.column
    return replace(diagnostic, line=line, column=column)
