"""Finds out when a definition is checked what an ItemReader would find out at run time."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from stepwright.asl.definition import NO_DRIVER
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.tasks.map_data.resources import FILE, GET, LIST, READERS, SQL, URL

_CODE: Final = "SCHEMA_VALIDATION_FAILED"  # AWS's code for an invalid field
_READER: Final = "/ItemReader"
_PATH: Final = "Path"


def check(resource: Resource, reader: Mapping[str, Json], pointer: Pointer) -> Iterable[Diagnostic]:
    """``reader``: whatever names a Resource; only ItemReaders are checked here, and of a URL what an HTTP task has not. What is
    known only at run time is checked then."""
    if "Type" in reader or not pointer.endswith(_READER) or "${" in resource.text:
        return
    if resource not in READERS:
        readers = ", ".join(map(str, READERS))
        message = (
            f"An ItemReader reads by one of {readers}, so executions that come to it fail unless it is mocked"
        )
        yield Diagnostic("WARNING", NO_DRIVER, message, Pointer(f"{pointer}/Resource"))
        return
    if resource not in (GET, LIST):
        yield from _check_config(resource, reader.get("ReaderConfig"), pointer)
    if resource in (FILE, SQL, URL):
        member = "Arguments" if "Arguments" in reader else "Parameters"
        given = reader.get(member)
        if isinstance(given, Mapping):
            found = _CHECKS[resource](given)
            yield from (_error(message, f"{pointer}/{member}{where}") for message, where in found)


def _check_config(resource: Resource, config: Json, pointer: str) -> Iterator[Diagnostic]:
    given = config if isinstance(config, Mapping) else {}
    for name in ("ManifestType", "Transformation"):
        if given.get(name) not in (None, "NONE"):
            message = f"{name} is for objects of S3, which {resource} does not read"
            yield _error(message, f"{pointer}/ReaderConfig/{name}")
    if given.get("InputType") == "MANIFEST":
        yield _error(
            f"A manifest names objects of S3, which {resource} does not read",
            f"{pointer}/ReaderConfig/InputType",
        )


def _check_path(given: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for name in given:
        plain = name.removesuffix(".$")
        if plain != _PATH:
            near = difflib.get_close_matches(plain, [_PATH], n=1, cutoff=0.5)
            hint = f"; is {_PATH!r} meant?" if near else f"; it takes {_PATH}"
            yield f"The field {plain!r} is not supported by {FILE}{hint}", f"/{_escaped(name)}"
    path = given.get(_PATH)
    if path is None and f"{_PATH}.$" not in given:
        yield f"The field {_PATH!r} is required but was missing", ""
    elif isinstance(path, str) and not path.startswith("{%") and "${" not in path:
        steps = PurePosixPath(path)
        if not path or steps.is_absolute() or ".." in steps.parts:
            yield "Path must be that of a file below the folder that --files names, without '..'", f"/{_PATH}"
    elif path is not None and not isinstance(path, str):
        yield "Path must be a text", f"/{_PATH}"


def _check_method(given: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    method = given.get("Method", "GET")
    if method != "GET" and not (isinstance(method, str) and (method.startswith("{%") or "${" in method)):
        yield "An ItemReader reads a URL by the Method GET", "/Method"
    if "RequestBody" in given:
        yield "An ItemReader sends no RequestBody", "/RequestBody"


def _check_rows(given: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    if any(name.removesuffix(".$") == "MaxRows" for name in given):
        yield (
            "An ItemReader reads as many rows as there are; MaxItems of its ReaderConfig limits them",
            "/MaxRows",
        )


_CHECKS: Final = {FILE: _check_path, SQL: _check_rows, URL: _check_method}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _error(message: str, pointer: str) -> Diagnostic:
    return Diagnostic("ERROR", _CODE, message, Pointer(pointer))
