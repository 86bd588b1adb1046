"""Functions of a process that serves its own user, from files: a table of their names, and what stands for each on this machine.

``{"functions": {NAME: {"url": ...} or {"command": [...]}}}`` in JSON or YAML. A name may be that of a function, with ``:`` and
a version or an alias or without, or its ARN. What is called has the fields of a TaskTemplate's ``http``, with ``url`` in place of
the Service; what runs for each call has the parameters of ``k8s:job``. Functions that no table names are Lambda's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stepwright.asl.json_types import Json, Pointer
from stepwright.catalog import arns
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import LARGEST_RESULT_BYTES, Connections, Function, FunctionJob, FunctionName
from stepwright.files.reader import Reader, Unusable, open_file
from stepwright.tasks.functions.of_lambda import OfLambda
from stepwright.tasks.job import K8S_JOB
from stepwright.tasks.job import check as check_job

__all__ = ["OfFiles", "Unusable", "read"]

Table = Mapping[str, Function | FunctionJob]

LONGEST_SECONDS: Final = 3600
"""As in a TaskTemplate."""

CONNECT_SECONDS: Final = 5
"""How long a call waits for a server that is about to listen."""

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,140}(:[$a-zA-Z0-9_-]{1,128})?")
_OF_CALLS: Final = ("url", "protocol", "functionName", "timeoutSeconds")
_OF_AN_ARN: Final = 7
"""The parts of a function's ARN without a version or an alias."""


class OfFiles:
    """Implements ``catalog.ports.Functions``. ``connections``: by which the others are called, at Lambda."""

    def __init__(self, table: Table, connections: Connections) -> None:
        self._table = table
        self._others = OfLambda(connections)

    def known(self, name: FunctionName, namespace: str) -> Function | FunctionJob | None:  # noqa: ARG002
        return next((self._table[key] for key in _keys(name) if key in self._table), None)

    def lacking(self, name: FunctionName, namespace: str) -> str | None:
        return self._others.lacking(name, namespace)

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> Function | FunctionJob:
        return self.known(name, namespace) or await self._others.find(name, namespace, caller)


def _keys(name: FunctionName) -> Iterator[str]:
    """Under which it may stand in a table, the narrowest first."""
    bases = [name.name, name.of_template]
    if arns.parse(name.text) is not None:
        bases.insert(0, ":".join(name.text.split(":")[:_OF_AN_ARN]))
    if name.qualifier is not None:
        yield from (f"{base}:{name.qualifier}" for base in bases)
    yield from bases


def read(files: Iterable[Path]) -> Table:
    """Of JSON or YAML files. Raises Unusable with everything that is wrong with them."""
    table: dict[str, Function | FunctionJob] = {}
    problems: list[str] = []
    for file in files:
        try:
            reader = open_file(str(file), file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{file} cannot be read: {error}")
            continue
        except Unusable as unusable:
            problems += unusable.problems
            continue
        for name, function in _functions(reader):
            if name in table:
                reader.problem(f"there is a function {name!r} already", "functions", name)
            table[name] = function
        problems += reader.problems
    if problems:
        raise Unusable(problems)
    return table


def _functions(reader: Reader) -> Iterator[tuple[str, Function | FunctionJob]]:
    root = reader.object(reader.document.value)
    reader.only(root, ("functions",))
    if "functions" not in root:
        reader.problem("functions is missing: an object of functions by their names")
    for name, value in reader.object(root.get("functions", {}), "functions").items():
        at = ("functions", name)
        arn = arns.parse(name)
        if not _NAME.fullmatch(name) and (arn is None or arn.kind != "function"):
            reader.problem(f"{name!r} is neither a function's name nor its ARN", *at)
        given = reader.object(value, *at)
        if "url" in given:
            yield name, _called(reader, name, given, *at)
        else:
            yield name, _run(reader, name, given, *at)


def _called(reader: Reader, name: str, given: Mapping[str, Json], *at: str) -> Function:
    reader.only(given, _OF_CALLS, *at)
    url = reader.text(given["url"], *at, "url")
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        is_fit = is_fit and not (parts.query or parts.fragment or parts.username) and url.isascii()
    except ValueError:
        is_fit = False
    if url and (not is_fit or " " in url):
        reader.problem("a URL is expected, http or https, without user, query or fragment", *at, "url")
    protocol = given.get("protocol", "lambda")
    if protocol not in ("lambda", "json"):
        reader.problem("the protocol is lambda or json", *at, "protocol")
    seconds = given.get("timeoutSeconds", 900)
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= LONGEST_SECONDS:
        reader.problem(f"a whole number from 1 to {LONGEST_SECONDS} is expected", *at, "timeoutSeconds")
        seconds = 1
    return Function(
        key=f"function {name}",
        url=url if protocol == "json" else url.rstrip("/"),
        invoked_as=reader.text(given.get("functionName", "function"), *at, "functionName"),
        shown=f"{url} (function {name} of {reader.name})",
        seconds=seconds,
        connect_seconds=CONNECT_SECONDS,
        largest_bytes=LARGEST_RESULT_BYTES,
        signed=_unsigned,
        speech="json" if protocol == "json" else "lambda",
        stands_in=True,
    )


def _run(reader: Reader, name: str, given: dict[str, Json], *at: str) -> FunctionJob:
    if not given:
        reader.problem("url, command, image or another parameter of k8s:job is expected", *at)
    if "input" in given:
        reader.problem("the input of a function is the payload of each call", *at, "input")
    for field in given:
        if field.endswith(".$"):
            reader.problem("nothing here comes from data: leave out .$", *at, field)
    said = check_job(K8S_JOB, {"Parameters": given}, Pointer(""), default_image=True)
    for found in said:
        where = found.pointer.removeprefix("/Parameters").split("/")[1:]
        tokens = (token.replace("~1", "/").replace("~0", "~") for token in where)
        reader.problem(found.message, *at, *tokens)
    return FunctionJob(given, f"Function {name} of {reader.name}")


async def _unsigned(_url: str, headers: Mapping[str, str], _body: bytes) -> dict[str, str]:
    return dict(headers)
