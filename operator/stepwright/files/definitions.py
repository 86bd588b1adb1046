"""The definitions in a file: the file itself, or those contained in its manifests, templates and
descriptions.

As in AWS's tools, a definition by itself is JSON or YAML, with values filled in first. Placeholders that are
left may still be substituted at deployment, so they cause a warning; ``Checked.machine`` refuses those that
matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from stepwright.asl.definition import UNRESOLVED, check, compile_definition
from stepwright.asl.definition.substitutions import InvalidSubstitution, Value, definition_text, substitute
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import Machine
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.files import (
    cloudformation,
    descriptions,
    documents,
    manifests,
    serverless,
    serving,
    terraform,
)
from stepwright.files.documents import Document, Unreadable
from stepwright.files.found import Formats, Found
from stepwright.files.serving import Serving
from stepwright.tasks import table

_INVALID_YAML: Final = "INVALID_YAML_DESCRIPTION"
_MISSING: Final = "MISSING_DESCRIPTION"
_NOT_JSON: Final = "NOT_JSON"
_ROOT: Final = Pointer("")

_FORMATS: Final[tuple[Formats, ...]] = (
    cloudformation.state_machines,
    serverless.state_machines,
    terraform.state_machines,
    descriptions.state_machines,
)

"""What the drivers serve, and what they know without a cluster."""

_SOMEWHERE: Final = serving.Somewhere()

_BARE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(\$\{[^{}"\s]+\})', re.DOTALL)

Locate: TypeAlias = Callable[[Diagnostic], Diagnostic]
Read: TypeAlias = Callable[[str], str]
"""The text of another file that a template names. Raises OSError, UnicodeDecodeError."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition and what was found; ``name`` is the StateMachine's or the template's, None for a plain definition.

    ``definition`` is its text or its value, with all substitutions; None if there is none. ``spec`` is what a
    manifest says in addition, by the names of StateMachine.spec. ``file``: the other file that contains it.
    """

    name: str | None
    diagnostics: tuple[Diagnostic, ...]
    definition: Json = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    locate: Locate = lambda diagnostic: diagnostic

    @property
    def is_valid(self) -> bool:
        return all(diagnostic.severity != "ERROR" for diagnostic in self.diagnostics)

    def machine(self) -> Machine:
        """What runs. Raises InvalidDefinition, located: also for a placeholder in the place of a number or
        the like."""
        if not self.is_valid:
            raise InvalidDefinition(self.diagnostics)
        try:
            machine, _ = compile_definition(self.definition)
        except InvalidDefinition as error:
            raise InvalidDefinition([self._told(found) for found in error.diagnostics]) from error
        return machine

    def _told(self, found: Diagnostic) -> Diagnostic:
        """In a text that is not filled in yet, that is the problem to report."""
        for warned in self.diagnostics:
            if warned.code == UNRESOLVED and (warned.pointer, warned.member) == (found.pointer, found.member):
                return replace(warned, severity="ERROR")
        return self.locate(found)


@dataclass(slots=True)
class CheckedFile:
    """``skipped``: manifests of other kinds, with their lines."""

    name: str
    definitions: list[Checked] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)


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
        quoted, why = _as_json(text)
        if why is None:
            self._text(name, quoted, express=express, file=elsewhere)
            return
        warned = Diagnostic("WARNING", _NOT_JSON, _not_json(text, why), _ROOT, why.line, why.column)
        if quoted != text and _is_json(quoted):
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
            self._text(name, substitute(text, self._values), locate=partial(_lower, lines))

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
            for each in _once(found)
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
            return (_located_in_text if in_text else _located)(diagnostic, pointer, document)

        duplicates = () if isinstance(value, str) else _duplicates(pointer, document)
        refused = () if unfinished else _refused(spec, value, pointer, document)
        told = tuple(map(locate, duplicates + _once(found)))
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


def _as_json(text: str) -> tuple[str, InvalidJson | None]:
    """The text, and why it is not JSON; if it is not, each bare ``${Name}`` in it gets quotes."""
    try:
        jsontext.parse(text)
    except jsontext.TooDeep:
        return text, None
    except InvalidJson as error:
        return _BARE.sub(lambda found: found[0] if found[1] is None else f'"{found[1]}"', text), error
    except RecursionError:
        return text, None
    return text, None


def _is_json(text: str) -> bool:
    try:
        jsontext.parse(text)
    except (InvalidJson, RecursionError):
        return False
    return True


def _not_json(text: str, error: InvalidJson) -> str:
    reason = documents.why(text, error.message, error.line, error.column)
    return (
        f"This is not JSON ({reason}): SAM, CDK and CloudFormation read it all the same, as YAML with values put in;"
        " the API of Step Functions refuses it"
    )


def _once(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Report Resources that nothing serves once, as a list."""
    lacking = [each for each in found if each.code == "NO_DRIVER" and each.pointer.endswith("/Resource")]
    if len(lacking) < 2:
        return found
    messages = list(dict.fromkeys(each.message for each in lacking))
    first = replace(lacking[0], message=f"{'; '.join(messages)} ({len(lacking)} tasks in all)")
    others = {id(each) for each in lacking[1:]}
    return tuple(first if each is lacking[0] else each for each in found if id(each) not in others)


def _refused(
    spec: Mapping[str, Any], definition: Json, where: Pointer, document: Document
) -> tuple[Diagnostic, ...]:
    """``where``: the place of the definition, which is a field of the spec."""
    of_spec = where.removesuffix("/definition")
    return tuple(
        Diagnostic("ERROR", "INVALID_MANIFEST", message, at, *document.locate(at))
        for pointer, message in manifests.problems({**spec, "definition": definition})
        for at in (Pointer(of_spec + pointer),)
    )


def _duplicates(pointer: Pointer, document: Document) -> tuple[Diagnostic, ...]:
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


def _lower(lines: int, diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, line=(diagnostic.line or 1) + lines)


def _located(diagnostic: Diagnostic, pointer: Pointer, document: Document) -> Diagnostic:
    where = pointer + diagnostic.pointer
    if diagnostic.member is not None:
        where += "/" + diagnostic.member.replace("~", "~0").replace("/", "~1")
    line, column = document.locate(Pointer(where))
    return replace(diagnostic, line=line, column=column)


def _located_in_text(diagnostic: Diagnostic, pointer: Pointer, document: Document) -> Diagnostic:
    """A definition written as text in a manifest: line by line in a literal block, else only where it begins."""
    block = document.block(pointer)
    if block is None or diagnostic.line is None or diagnostic.column is None:
        line, column = document.locate(pointer)
    else:
        first_line, indentation = block
        line, column = first_line + diagnostic.line - 1, indentation + diagnostic.column
    return replace(diagnostic, line=line, column=column)
