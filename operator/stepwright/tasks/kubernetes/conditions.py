"""What a task waits for, and what fails it: forms that an object fulfils or not.

``{"condition": "Available", "status": "True"}``, ``{"jsonPath": "{.status.phase}", "value": "Running"}``, ``{"created": true}``,
``{"deleted": true}``, and several by ``anyOf`` and ``allOf``. As ``kubectl wait`` has them:
https://kubernetes.io/docs/reference/kubectl/generated/kubectl_wait/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from stepwright.asl import jsonpath
from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath import InvalidPath, Path

Found: TypeAlias = Mapping[str, Any] | None
"""An object; None: it is not there."""

MOST_FORMS: Final = 32
DEEPEST: Final = 4

_SEVERAL: Final = ("anyOf", "allOf")
_OF_FORM: Final[Mapping[str, frozenset[str]]] = {
    "condition": frozenset({"status"}),
    "jsonPath": frozenset({"value"}),
    "created": frozenset(),
    "deleted": frozenset(),
    "anyOf": frozenset(),
    "allOf": frozenset(),
}


def problem(form: Any) -> str | None:
    """What is wrong with one that somebody has written, after its name."""
    return _problem(form, DEEPEST)


def _problem(form: Any, deepest: int) -> str | None:
    if not isinstance(form, dict):
        return "must be an object such as {condition: Ready}"
    kinds = [kind for kind in _OF_FORM if kind in form]
    if len(kinds) != 1:
        return f"must say one of {', '.join(_OF_FORM)}"
    [kind] = kinds
    if unknown := [name for name in form if name != kind and name not in _OF_FORM[kind]]:
        return f"has {unknown[0]!r}, which does not belong to {kind}"
    said = form[kind]
    match kind:
        case "created" | "deleted":
            return None if said is True else f"must say {kind}: true"
        case "condition":
            if isinstance(said, str) and said and isinstance(form.get("status", "True"), str):
                return None
            return 'must name the type of a condition, and its status by a text such as "True"'
        case "jsonPath":
            try:
                path_of(said)
            except InvalidPath as error:
                return f"has the path {said!r}, which is not a path: {error.message}"
            return None
    if not isinstance(said, list) or not 0 < len(said) <= MOST_FORMS or not deepest:
        return f"must have a list of 1 to {MOST_FORMS} forms as {kind}, at most {DEEPEST} levels of them"
    return next(filter(None, (_problem(each, deepest - 1) for each in said)), None)


def met(form: Mapping[str, Any], found: Found) -> str | None:
    """By what the form is fulfilled, in words; None if it is not."""
    if "anyOf" in form:
        return next(filter(None, (met(each, found) for each in form["anyOf"])), None)
    if "allOf" in form:
        by = [met(each, found) for each in form["allOf"]]
        return None if None in by else " and ".join(filter(None, by))
    if "deleted" in form:
        return "it is not there" if found is None else None
    if found is None:
        return None
    if "created" in form:
        return "it is there"
    if "condition" in form:
        return _by_condition(form["condition"], form.get("status", "True"), found)
    return _by_path(form["jsonPath"], form, found)


def awaits_absence(form: Mapping[str, Any]) -> bool:
    """Whether it can be fulfilled by an object that is not there, or is yet to come."""
    return any(kind in form for kind in ("deleted", "created")) or any(
        awaits_absence(each) for kind in _SEVERAL for each in form.get(kind, ())
    )


def _by_condition(type: str, status: str, found: Mapping[str, Any]) -> str | None:
    generation = found["metadata"].get("generation")
    state = found.get("status") or {}
    conditions = state.get("conditions")
    for each in conditions if isinstance(conditions, list) else ():
        if not isinstance(each, dict) or str(each.get("type")).lower() != type.lower():
            continue
        observed = each.get("observedGeneration", state.get("observedGeneration"))
        if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
            continue  # it says nothing of the object as it is now
        if str(each.get("status")).lower() == status.lower():
            why = ": ".join(str(each[name]) for name in ("reason", "message") if each.get(name))
            return f"condition {each['type']} is {each['status']}" + (f": {why}" if why else "")
    return None


def _by_path(text: str, form: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    path = path_of(text)
    try:
        value = path.find(dict(found))
    except StateError:
        return None  # there is no such place, or not yet
    values = [value] if path.definite else value
    assert isinstance(values, list)
    if "value" not in form:
        return f"{text} is there" if values else None
    wanted = form["value"]
    return f"{text} is {_shown(wanted)}" if any(_equal(each, wanted) for each in values) else None


def path_of(text: Any) -> Path:
    """As kubectl takes it, ``{.status.phase}``, or as ASL does, ``$.status.phase``. Raises InvalidPath."""
    if not isinstance(text, str):
        raise InvalidPath("it is not a text")
    plain = text.strip()
    if plain.startswith("{") and plain.endswith("}"):
        plain = plain[1:-1]
    if not plain.startswith("$"):
        plain = f"${plain}" if plain.startswith((".", "[")) else f"$.{plain}"
    return jsonpath.compile_jayway(plain)


def _equal(value: Json, wanted: Json) -> bool:
    """A text stands for a number or a truth, too, as with kubectl."""
    if isinstance(value, bool | int | float) and isinstance(wanted, str):
        return _shown(value) == wanted
    return type(value) is type(wanted) and value == wanted


def _shown(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
