"""What an editor wants to know of the text of a definition: what is wrong with it and where, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from stepwright.asl.definition import Installation, limits, placeholders, places, variables
from stepwright.asl.definition.pointers import ROOT, child
from stepwright.asl.definition.variable_references import variable_references
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.place import Place
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.console.models import CheckedDefinition, Finding, NamedResource, Substitution, ToCheck
from stepwright.files.checked import Checked
from stepwright.files.definitions import check_text
from stepwright.files.serving import Serving

MOST_CHARACTERS: Final = 2 * limits.DEFINITION_BYTES
"""Of a text to check: a definition of the largest size, and what a manifest has around it."""

_MOST_PLACES: Final = 500
"""Tasks whose Resources are named, and scopes whose variables are: what nobody reads costs nothing."""

_ELSEWHERE: Final = ("ItemReader", "ResultWriter")


def check(given: ToCheck, on: Serving) -> list[CheckedDefinition]:
    """Of each definition in the text; a text without any is reported as one with the reason. Takes time in proportion to the length
    of the text, seconds at most."""
    file = f"definition.{given.format}" if given.format else ""
    found = check_text(file, given.text, given.values, read=_no_other_file, on=on)
    return [_checked(each, on.installation) for each in found.definitions]


def _no_other_file(name: str) -> str:
    raise FileNotFoundError(f"{name} is not read here")


def _checked(checked: Checked, installation: Installation) -> CheckedDefinition:
    value = _value(checked.definition)
    findings = [finding(diagnostic) for diagnostic in checked.diagnostics]
    if not isinstance(value, dict):
        return CheckedDefinition(name=checked.name, valid=checked.is_valid, findings=findings)
    scopes = [] if _is_too_deep(checked) else list(variables.by_scope(value))
    assigning = [scope for scope in scopes if scope.own][:_MOST_PLACES]
    return CheckedDefinition(
        name=checked.name,
        valid=checked.is_valid,
        findings=findings,
        resources=_resources(scopes, installation),
        variables={scope.pointer: sorted(scope.own) for scope in assigning},
        reads=variable_references(value) if checked.is_valid else {},
        substitutions=list(_substitutions(checked, value)),
    )


def finding(diagnostic: Diagnostic) -> Finding:
    return Finding(
        severity=diagnostic.severity,
        code=diagnostic.code,
        message=diagnostic.message,
        pointer=diagnostic.pointer,
        member=diagnostic.member,
        line=diagnostic.line,
        column=diagnostic.column,
    )


def _value(definition: Json) -> Json:
    """A definition may be the text of one, too."""
    if not isinstance(definition, str):
        return definition
    try:
        return jsontext.parse(definition, max_depth=limits.NESTING)
    except InvalidJson:
        return None


def _is_too_deep(checked: Checked) -> bool:
    return any(diagnostic.code == "TOO_DEEPLY_NESTED" for diagnostic in checked.diagnostics)


def _resources(scopes: list[variables.Named], installation: Installation) -> list[NamedResource]:
    """In the order of their first tasks."""
    named: dict[str, NamedResource] = {}
    for resource, field, where in islice(_named(scopes), _MOST_PLACES):
        if resource not in named:
            lacks = _lacks(resource, field, installation)
            named[resource] = NamedResource(resource=resource, pointers=[], lacks=lacks)
        named[resource].pointers.append(where)
    return list(named.values())


def _named(scopes: list[variables.Named]) -> Iterator[tuple[str, str, Pointer]]:
    """Resources, the fields of states that name them (empty: the state itself), and where."""
    for scope in scopes:
        for name, state in scope.states.items():
            if not isinstance(state, dict) or len(name) > limits.STATE_NAME_CHARACTERS:
                continue
            for field in ("", *_ELSEWHERE):
                named = state.get(field) if field else state
                resource = named.get("Resource") if isinstance(named, dict) else None
                if isinstance(resource, str) and not placeholders.in_text(resource):
                    yield (
                        resource,
                        field,
                        child(scope.pointer, "States", name, *([field] if field else ()), "Resource"),
                    )


def _lacks(resource: str, field: str, installation: Installation) -> str | None:
    """Why nothing here runs it."""
    if field:
        return installation.lacks_map_field(field)
    return installation.lacks_resource(parse_resource(resource))


def _substitutions(checked: Checked, value: Mapping[str, Json]) -> Iterator[Substitution]:
    for name, place in placeholders.left(dict(value)):
        line, column = _line_and_column(checked, place)
        yield Substitution(name=name, pointer=place.pointer(ROOT), line=line, column=column)


def _line_and_column(checked: Checked, place: Place) -> tuple[int | None, int | None]:
    at = Diagnostic("WARNING", "", "", place.pointer(ROOT))
    if isinstance(checked.definition, str):
        line, column = places(checked.definition).line_and_column(at.pointer)
        at = Diagnostic("WARNING", "", "", at.pointer, line, column)
    at = checked.locate(at)
    return at.line, at.column
