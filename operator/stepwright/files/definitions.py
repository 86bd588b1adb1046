"""The definitions in a file: the file itself, or the StateMachines among Kubernetes manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeGuard

from stepwright.asl import jsontext
from stepwright.asl.definition import Installation, TaskCheck, check
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.jsontext import InvalidJson
from stepwright.cluster.substitutions import MissingSubstitution, substitute
from stepwright.files import documents, serving
from stepwright.files.documents import Document, Unreadable
from stepwright.tasks import job

_API_GROUP = "stepwright.dev/"
_KIND = "StateMachine"
_DEFINITION = Pointer("/spec/definition")
_INVALID_YAML = "INVALID_YAML_DESCRIPTION"

_PLAIN: Final[Mapping[str, TaskCheck]] = job.checks({})
"""What the drivers serve, and what they know about it without a cluster."""

_SOMEWHERE: Final = serving.Somewhere()


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition and what was found; ``name`` is the StateMachine's, None for a plain definition.

    ``definition`` is its text or its value, with all substitutions, None where there is none to speak of. ``spec`` is
    what a manifest says beside it, by the names of StateMachine.spec.
    """

    name: str | None
    diagnostics: tuple[Diagnostic, ...]
    definition: Json = None
    spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_valid(self) -> bool:
        return all(diagnostic.severity != "ERROR" for diagnostic in self.diagnostics)


@dataclass(slots=True)
class CheckedFile:
    """``skipped``: manifests of other kinds, with their lines."""

    name: str
    definitions: list[Checked] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)


def check_text(file: str, text: str) -> CheckedFile:
    """JSON or YAML, told apart by the file's name, else by the first character."""
    checked = CheckedFile(file)
    text = text.removeprefix("\ufeff")
    try:
        found_documents = (
            list(documents.of_yaml(text)) if documents.is_yaml(file, text) else _json_manifests(text)
        )
    except Unreadable as error:
        found = Diagnostic("ERROR", _INVALID_YAML, error.message, Pointer(""), error.line, error.column)
        checked.definitions.append(Checked(None, (found,)))
        return checked
    if not found_documents:
        # Text that is no manifest is judged by the compiler, which says what is wrong with it as AWS does.
        found_in_text = check(text, task_checks=_PLAIN, installation=_SOMEWHERE)
        checked.definitions.append(Checked(None, found_in_text, text))
    for document in found_documents:
        _check_document(document, checked)
    return checked


def _json_manifests(text: str) -> list[Document]:
    """Manifests only: a plain definition is left to the compiler, which reads the text itself."""
    try:
        return [documents.of_json(text)] if _is_manifest(jsontext.parse(text)) else []
    except (InvalidJson, RecursionError):
        return []


def _check_document(document: Document, checked: CheckedFile) -> None:
    waiting = [(document.value, Pointer(""))]
    while waiting:
        value, pointer = waiting.pop(0)
        if not _is_manifest(value):
            checked.definitions.append(Checked(None, _check_value(value, pointer, document), value))
            continue
        items = value.get("items")
        if str(value["kind"]).endswith("List") and isinstance(items, list):
            waiting.extend((item, Pointer(f"{pointer}/items/{index}")) for index, item in enumerate(items))
        elif value["kind"] == _KIND and str(value["apiVersion"]).startswith(_API_GROUP):
            checked.definitions.append(_check_manifest(value, pointer, document))
        else:
            name = _member(value, "metadata", "name")
            line, _ = document.locate(pointer)
            checked.skipped.append(
                (line, f"{value['kind']} {name}" if isinstance(name, str) else str(value["kind"]))
            )


def _check_manifest(manifest: dict[str, Json], pointer: Pointer, document: Document) -> Checked:
    name = _member(manifest, "metadata", "name")
    where = Pointer(pointer + _DEFINITION)
    spec = manifest.get("spec")
    found: tuple[Diagnostic, ...]
    definition: Json = None
    if not isinstance(spec, dict) or "definition" not in spec:
        line, column = document.locate(where)
        missing = Diagnostic(
            "ERROR",
            "MISSING_DESCRIPTION",
            "The StateMachine has no spec.definition",
            Pointer(""),
            line,
            column,
        )
        found = (missing,)
    else:
        express = str(spec.get("type", "")).upper() == "EXPRESS"
        try:
            definition = _substituted(spec["definition"], spec.get("definitionSubstitutions"))
        except MissingSubstitution as error:
            line, column = document.locate(where)
            found = (Diagnostic("ERROR", "MISSING_SUBSTITUTION", str(error), Pointer(""), line, column),)
        else:
            found = _check_value(
                definition,
                where,
                document,
                express=express,
                task_checks=job.checks(spec),
                installation=serving.CLUSTER,
            )
    said = (
        {key: value for key, value in spec.items() if key != "definition"} if isinstance(spec, dict) else {}
    )
    return Checked(name if isinstance(name, str) else None, found, definition, said)


def _substituted(definition: Json, values: Json) -> Json:
    """As the operator does it: in the text of the definition."""
    if not isinstance(values, dict) or not values:
        return definition
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    if isinstance(definition, str):
        return substitute(definition, texts)
    return jsontext.parse(substitute(jsontext.dump(definition), texts))


def _check_value(
    value: Json,
    pointer: Pointer,
    document: Document,
    *,
    express: bool = False,
    task_checks: Mapping[str, TaskCheck] = _PLAIN,
    installation: Installation = _SOMEWHERE,
) -> tuple[Diagnostic, ...]:
    found = check(value, express=express, task_checks=task_checks, installation=installation)
    if isinstance(value, str):
        return tuple(_located_in_text(diagnostic, pointer, document) for diagnostic in found)
    duplicates = tuple(
        Diagnostic(
            "ERROR",
            "DUPLICATE_KEY",
            f"The field '{name}' appears more than once",
            Pointer(where.removeprefix(pointer)),
            member=name,
        )
        for where, name in document.duplicates
        if where == pointer or where.startswith(f"{pointer}/")
    )
    return tuple(_located(diagnostic, pointer, document) for diagnostic in duplicates + found)


def _located(diagnostic: Diagnostic, pointer: Pointer, document: Document) -> Diagnostic:
    where = pointer + diagnostic.pointer
    if diagnostic.member is not None:
        where += "/" + diagnostic.member.replace("~", "~0").replace("/", "~1")
    line, column = document.locate(Pointer(where))
    return replace(diagnostic, line=line, column=column)


def _located_in_text(diagnostic: Diagnostic, pointer: Pointer, document: Document) -> Diagnostic:
    """A definition written as text in a manifest: line by line in a literal block, else only where it begins."""
    block = document.blocks.get(pointer)
    if block is None or diagnostic.line is None or diagnostic.column is None:
        line, column = document.locate(pointer)
    else:
        first_line, indentation = block
        line, column = first_line + diagnostic.line - 1, indentation + diagnostic.column
    return replace(diagnostic, line=line, column=column)


def _is_manifest(value: Json) -> TypeGuard[dict[str, Json]]:
    return (
        isinstance(value, dict)
        and isinstance(value.get("apiVersion"), str)
        and isinstance(value.get("kind"), str)
    )


def _member(value: Json, *names: str) -> Json:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
