"""The definitions in a file: the file itself, or those contained in its manifests, templates and
descriptions.

As in AWS's tools, a definition by itself is JSON or YAML, with values filled in first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from stepwright.asl.definition import UNRESOLVED, check
from stepwright.asl.definition.substitutions import InvalidSubstitution, Value, definition_text, substitute
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.files import (
    cloudformation,
    descriptions,
    documents,
    findings,
    manifests,
    nearly_json,
    serverless,
    serving,
    terraform,
)
from stepwright.files.checked import Checked, CheckedFile, Locate
from stepwright.files.documents import Document, Unreadable
from stepwright.files.found import Formats, Found
from stepwright.files.serving import Serving
from stepwright.tasks import table

_INVALID_YAML: Final = "INVALID_YAML_DESCRIPTION"
_MISSING: Final = "MISSING_DESCRIPTION"
_ROOT: Final = Pointer("")

_FORMATS: Final[tuple[Formats, ...]] = (
    cloudformation.state_machines,
    serverless.state_machines,
    terraform.state_machines,
    descriptions.state_machines,
)

_SOMEWHERE: Final = serving.Somewhere()

Read: TypeAlias = Callable[[str], str]
"""The text of another file that a template names. Raises OSError, UnicodeDecodeError."""


def check_text(
    file: str,
    text: str,
    values: Mapping[str, Value] | None = None,
    *,
    read: Read | None = None,
    on: Serving | None = None,
) -> CheckedFile:
    """JSON or YAML, distinguished by the file's name, else by the first character. ``values`` replace
    ``${Name}`` and override a manifest's or template's own. ``read`` reads files that a template names, by
    default from beside it. ``on``: where everything is to run; else manifests are for a cluster, and all others for anywhere."""
    checker = _Checker(file, values or {}, read or _beside(file), on)
    checker.check(text.removeprefix("\ufeff"))
    return checker.found


def _beside(file: str) -> Read:
    return lambda name: (Path(file).parent / name).read_text(encoding="utf-8")


class _Checker:
    def __init__(self, file: str, values: Mapping[str, Value], read: Read, on: Serving | None) -> None:
        self.found = CheckedFile(file)
        self._values = values
        self._read = read
        self._somewhere = on or Serving(table.check_for, _SOMEWHERE)
        self._cluster = on or Serving(table.check_for, serving.CLUSTER)

    def check(self, text: str) -> None:
        file = self.found.name
        try:
            in_hcl = terraform.of_hcl(file, text)
            if in_hcl is not None:
                self._of_hcl(in_hcl)
                return
            parsed = _documents(file, text)
            kept = [(document, self._kept(document.value)) for document in parsed]
            if not kept or all(found is None for _, found in kept):
                self._by_itself(file, text, read=None if self._values else parsed)
                return
            for document, found in kept:
                if found is None or manifests.state_machines(document.value) is not None:
                    document.refuse_functions()
                for each in [Found(None, _ROOT, document.value)] if found is None else found:
                    self._keep(each, document)
        except Unreadable as error:
            self._add(
                None, Diagnostic("ERROR", _INVALID_YAML, error.message, _ROOT, error.line, error.column)
            )
        except (InvalidSubstitution, RecursionError) as error:
            message = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            self._add(None, Diagnostic("ERROR", "INVALID_SUBSTITUTION", message, _ROOT))

    def _add(self, name: str | None, problem: Diagnostic) -> None:
        self.found.definitions.append(Checked(name, (problem,)))

    # --- A definition by itself -----------------------------------------------------------------------------------

    def _by_itself(
        self, file: str, text: str, found: Found | None = None, read: list[Document] | None = None
    ) -> None:
        """``found``: what refers to the file, if another one does. ``read``: its documents, if they are known."""
        text = substitute(text, {**(found.substitutions if found else {}), **self._values})
        name, express = (found.name, found.express) if found else (None, False)
        elsewhere = file if found else None
        if documents.is_yaml(file, text):
            parsed = list(documents.of_yaml(text)) if read is None else read
            for document in parsed:
                document.refuse_functions()
                self._value(name, document.value, _ROOT, document, express=express, file=elsewhere)
            if not parsed:
                self._text(name, text, express=express, file=elsewhere)
            return
        quoted, why = nearly_json.read(text)
        if why is None:
            self._text(name, quoted, express=express, file=elsewhere)
            return
        warned = nearly_json.warned(text, why)
        if quoted != text and nearly_json.is_json(quoted):
            self._text(name, quoted, express=express, file=elsewhere, also=warned)
            return
        try:
            (document,) = documents.of_yaml(quoted)
            document.refuse_functions()
            if not isinstance(document.value, dict):
                raise Unreadable("no object")
        except (Unreadable, ValueError):
            self._text(
                name, text, express=express, file=elsewhere
            )  # the compiler says what is wrong, as AWS does
            return
        self._value(name, document.value, _ROOT, document, express=express, file=elsewhere, also=warned)

    def _of_hcl(self, in_hcl: list[tuple[str, str, int]]) -> None:
        if not in_hcl:
            message = (
                "a Terraform file that contains no definition as text; give the file that it reads the"
                " definition from, or the output of terraform show -json"
            )
            self._add(None, Diagnostic("ERROR", _MISSING, message, _ROOT, 1, 1))
        for name, text, lines in in_hcl:
            self._text(name, substitute(text, self._values), locate=partial(findings.lower, lines))

    # --- A definition that something keeps ------------------------------------------------------------------------

    def _kept(self, value: Json) -> list[Found] | None:
        of_manifest = manifests.state_machines(value)
        if of_manifest is not None:
            return of_manifest
        return next((found for each in _FORMATS if (found := each(value, self._values)) is not None), None)

    def _keep(self, found: Found, document: Document) -> None:
        line, column = document.locate(found.pointer)
        if found.problem is not None and not found.manifest and found.name is None:
            self.found.skipped.append((line, found.problem))
        elif found.problem is not None:
            self._add(found.name, Diagnostic("ERROR", _MISSING, found.problem, _ROOT, line, column))
        elif found.file is not None:
            self._in_another_file(found, line, column)
        else:
            self._substituted(found, document)

    def _in_another_file(self, found: Found, line: int, column: int) -> None:
        assert found.file is not None
        try:
            text = self._read(found.file).removeprefix("\ufeff")
        except (OSError, UnicodeDecodeError) as error:
            message = f"{found.file}, which has the definition, cannot be read: {error}"
            self._add(found.name, Diagnostic("ERROR", _MISSING, message, _ROOT, line, column))
            return
        try:
            self._by_itself(str(Path(self.found.name).parent / found.file), text, found)
        except Unreadable as error:
            at = Diagnostic("ERROR", _INVALID_YAML, error.message, _ROOT, error.line, error.column)
            self.found.definitions.append(
                Checked(found.name, (at,), file=str(Path(self.found.name).parent / found.file))
            )

    def _substituted(self, found: Found, document: Document) -> None:
        values = dict(found.substitutions) | dict(self._values)
        definition = found.definition
        try:
            if values:
                text = definition_text(definition, values)
                definition = text if isinstance(definition, str) else jsontext.parse(text)
        except InvalidSubstitution as error:
            line, column = document.locate(found.pointer)
            self._add(
                found.name, Diagnostic("ERROR", "INVALID_SUBSTITUTION", str(error), _ROOT, line, column)
            )
            return
        except (InvalidJson, RecursionError) as error:
            line, column = document.locate(found.pointer)
            message = f"With its substitutions the definition is no longer JSON: {error}"
            self._add(found.name, Diagnostic("ERROR", "INVALID_SUBSTITUTION", message, _ROOT, line, column))
            return
        self._value(
            found.name,
            definition,
            found.pointer,
            document,
            express=found.express,
            manifest=found,
            values=values,
        )

    # --- Checking -------------------------------------------------------------------------------------------------

    def _text(
        self,
        name: str | None,
        text: str,
        *,
        express: bool = False,
        file: str | None = None,
        also: Diagnostic | None = None,
        locate: Locate = lambda found: found,
    ) -> None:
        found = check(
            text,
            express=express,
            task_check=self._somewhere.task_check({}),
            installation=self._somewhere.installation,
            unfinished=True,
        )
        told = tuple(
            locate(replace(each, message=documents.why(text, each.message, each.line, each.column)))
            for each in findings.once(found)
        )
        first = () if also is None else (also,)
        self.found.definitions.append(Checked(name, first + told, text, file=file, locate=locate))

    def _value(
        self,
        name: str | None,
        value: Json,
        pointer: Pointer,
        document: Document,
        *,
        express: bool = False,
        file: str | None = None,
        also: Diagnostic | None = None,
        manifest: Found | None = None,
        values: Mapping[str, Value] | None = None,
    ) -> None:
        spec: Mapping[str, Any] = {}
        on = self._somewhere
        unfinished = manifest is None or not manifest.manifest
        if manifest is not None and manifest.manifest:
            spec, on = manifest.spec, self._cluster
        found = check(
            value,
            express=express,
            task_check=on.task_check(spec),
            installation=on.installation,
            unfinished=unfinished,
        )
        if values and not unfinished and all(each.severity != "ERROR" for each in found):
            # Nobody will fill it in later, but the name may be misspelt.
            found += tuple(each for each in check(value, unfinished=True) if each.code == UNRESOLVED)

        def locate(diagnostic: Diagnostic) -> Diagnostic:
            in_text = isinstance(value, str)
            return (findings.located_in_text if in_text else findings.located)(diagnostic, pointer, document)

        duplicates = () if isinstance(value, str) else findings.duplicates(pointer, document)
        refused = () if unfinished else findings.refused(spec, value, pointer, document)
        told = tuple(map(locate, duplicates + findings.once(found)))
        first = () if also is None else (also,)
        self.found.definitions.append(Checked(name, refused + first + told, value, spec, file, locate))


def _documents(file: str, text: str) -> list[Document]:
    """An invalid JSON text has no documents: it is judged by itself."""
    if documents.is_yaml(file, text):
        return list(documents.of_yaml(text))
    try:
        return [documents.of_json(text)]
    except Unreadable:
        return []
