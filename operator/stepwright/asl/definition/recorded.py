"""Which fields states have, and of what kind they are: what the parsers ask for, written down.

Each parser reads a state that has every field, and each method of ``Fields`` notes what it is called for. So nobody keeps a
second list of fields, and forms for definitions follow the language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from stepwright.asl import choice_rules
from stepwright.asl.data import Expression, Selection
from stepwright.asl.definition import schema, scopes
from stepwright.asl.definition.fields import IDENTITY, WHOLE, Fields
from stepwright.asl.definition.pointers import ROOT, child
from stepwright.asl.definition.problems import Problems
from stepwright.asl.definition.states import PARSERS, envelope
from stepwright.asl.json_types import Json
from stepwright.asl.machine import QueryLanguage, Rule, Target

Kind: TypeAlias = Literal[
    "any",
    "array",
    "assignment",
    "boolean",
    "condition",
    "integer",
    "number",
    "object",
    "objects",
    "one_of",
    "path",
    "result_path",
    "rules",
    "scope",
    "scopes",
    "state",
    "template",
    "text",
]
"""``any``: a value without expressions. ``state``: the name of one in the same scope. ``scope``: states of its own.
``result_path``: where in the input the result goes. ``rules``: objects with a condition each, by operators or in JSONata."""

LANGUAGES: Final[tuple[QueryLanguage, QueryLanguage]] = ("JSONPath", "JSONata")

_NOT_ASKED: Final = frozenset({"Type", "StartAt", "States"})
"""What makes up the graph."""
_INDEX: Final = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class Asked:
    """What is known of one field. ``values``: those that there are or, if it is ``open``, those that are usual. ``expression``: a
    JSONata expression may stand there, too. ``calls``: so may a call of an intrinsic function. ``nullable``: null says something."""

    kind: Kind = "any"
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    open: bool = False
    expression: bool = False
    calls: bool = False
    nullable: bool = False
    required: bool = False


@dataclass(slots=True)
class Group:
    """Fields of which at most one may be there; one must, if it is ``required``."""

    fields: tuple[str, ...]
    required: bool = False


@dataclass(slots=True)
class Asking:
    """All that was asked for, by the place in the state: ``Retry[]/MaxAttempts``."""

    fields: dict[str, Asked] = field(default_factory=dict)
    groups: dict[tuple[str, ...], Group] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


class Silent(Exception):  # noqa: N818 - it names a condition
    """No parser asks for a field that is allowed, so nothing is known of it."""


def of_state(state_type: str, language: QueryLanguage) -> Asking:
    """Raises Silent."""
    allowed = schema.STATE_FIELDS[state_type]
    asking = Asking()
    _read(state_type, language, asking, without=())
    for group in [group for group in asking.groups.values() if "/" not in group.fields[0]]:
        # What is read only where another one is missing.
        for name in group.fields:
            _read(state_type, language, asking, without=tuple(set(group.fields) - {name}))
    _settle(asking, "", allowed, language)
    for part, fields in schema.PART_FIELDS.items():
        if part.removesuffix("[]") in asking.fields or part in asking.fields:
            _settle(asking, f"{part}/", fields, language)
    return asking


def of_machine() -> Asking:
    """What a machine says beside its states."""
    asking = Asking()
    scopes.read_machine(
        Recording(dict.fromkeys(schema.MACHINE_FIELDS), ROOT, "JSONPath", Problems(), asking=asking)
    )
    _settle(asking, "", schema.StateFields(schema.MACHINE_FIELDS), "JSONPath")
    return asking


def _read(state_type: str, language: QueryLanguage, asking: Asking, without: Sequence[str]) -> None:
    names = schema.STATE_FIELDS[state_type].allowed(language) - {"Type", *without}
    raw = {"Type": state_type} | {name: _sample(name, language) for name in sorted(names)}
    state = Recording(raw, ROOT, language, Problems(), asking=asking)
    scopes.read_language(state)
    PARSERS[state_type](state, envelope.read("State", state_type, state))
    for nested in state.nested:
        place = _INDEX.sub("[]", nested.pointer.removeprefix("/").replace("/0", "[0]"))
        asking.fields[place.removesuffix("[]")] = Asked("scopes" if place.endswith("[]") else "scope")


def _sample(place: str, language: QueryLanguage) -> Any:
    """A value with which parsers go on to all that is inside."""
    for part, is_list in ((place, False), (f"{place}[]", True)):
        if part in schema.PART_FIELDS:
            inside = {
                name: _sample(f"{part}/{name}", language)
                for name in schema.PART_FIELDS[part].allowed(language)
            }
            return [inside] if is_list else inside
    match place:
        case "ItemProcessor":
            config = f"{place}/ProcessorConfig"
            return {"ProcessorConfig": _sample(config, language)}
        case "Branches":
            return [{}]
        case "Resource":
            return "arn:aws:states:::lambda:invoke"
        case "Credentials":
            return {"RoleArn": ""}
        case "Iterator" | "Assign":
            return {}
    return ""


def _settle(asking: Asking, prefix: str, fields: schema.StateFields, language: QueryLanguage) -> None:
    """Says which are required, and leaves out what is of the other language."""
    allowed, within = fields.allowed(language), prefix.removesuffix("/")
    for place in list(asking.fields):
        around, _, name = place.rpartition("/")
        if around == within and name not in allowed:
            del asking.fields[place]
    silent = [
        name
        for name in sorted(allowed - _NOT_ASKED)
        if f"{prefix}{name}" not in asking.fields and not (prefix == "Choices[]/" and name in _OF_RULES)
    ]
    if silent:
        raise Silent(f"Nothing asks for {', '.join(prefix + name for name in silent)} in {language}")
    for place in {f"{prefix}{name}" for name in fields.required} | asking.required:
        if place in asking.fields:
            asking.fields[place].required = True
    for names, group in list(asking.groups.items()):
        if group.fields[0].rpartition("/")[0] == within:
            group.fields = tuple(name for name in group.fields if name.removeprefix(prefix) in allowed)
            if len(group.fields) < 2:
                del asking.groups[names]


_OF_RULES: Final = schema.RULE_FIELDS.json_path


@dataclass(frozen=True, slots=True)
class Recording(Fields):
    """Notes what is asked for, and answers so that its parser asks on."""

    asking: Asking = field(default_factory=Asking)

    def within(self, raw: dict[str, Json], *tokens: str | int) -> Recording:
        location = self.location
        for token in tokens:
            location += f"[{token}]" if isinstance(token, int) else f"/{token}" if location else token
        part = _INDEX.sub("[]", location)
        if not part.endswith("[]") and part not in self.asking.fields:
            self.asking.fields[part] = Asked("object")
        return Recording(
            raw,
            child(self.pointer, *tokens),
            self.language,
            self.problems,
            self.nested,
            location,
            self.asking,
        )

    def _place(self, name: str) -> str:
        return _INDEX.sub("[]", self.location_of(name))

    def _heard(self, name: str, kind: Kind, **more: Any) -> None:
        place = self._place(name)
        known = self.asking.fields.get(place)
        expression = known is not None and known.expression
        self.asking.fields[place] = Asked(
            kind, expression=more.pop("expression", False) or expression, **more
        )

    def _text(self, name: str) -> str:
        value = self.raw.get(name)
        return value if isinstance(value, str) else ""

    def text(self, name: str, *, literal: bool = True, usual: Sequence[str] = ()) -> str:  # noqa: ARG002
        self._heard(name, "text", values=tuple(usual), open=bool(usual))
        return self._text(name)

    def state_name(self, name: str) -> str:
        self._heard(name, "state")
        return self._text(name)

    def as_written(self, name: str, *, usual: Sequence[str] = ()) -> Json:
        self._heard(name, "any", values=tuple(usual), open=bool(usual))
        return self.raw.get(name)

    def boolean(self, name: str) -> bool:
        self._heard(name, "boolean")
        return True

    def one_of(self, name: str, values: Sequence[str]) -> str:
        self._heard(name, "one_of", values=tuple(values))
        return values[-1]

    def object(self, name: str) -> dict[str, Json]:
        self._heard(name, "object")
        value = self.raw.get(name)
        return value if isinstance(value, dict) else {}

    def array(self, name: str, *, empty: bool = False) -> list[Json]:  # noqa: ARG002
        self._heard(name, "array")
        return []

    def objects(self, name: str, *, empty: bool = False) -> Iterator[tuple[int, dict[str, Json]]]:  # noqa: ARG002
        self._heard(name, "objects")
        value = self.raw.get(name)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            assert isinstance(item, dict)
            yield index, item

    def number(self, name: str, minimum: float, maximum: float = math.inf) -> float:
        self._heard(name, "number", minimum=minimum, maximum=None if math.isinf(maximum) else maximum)
        return minimum

    def integer(self, name: str, minimum: int, maximum: int) -> int:
        self._heard(name, "integer", minimum=minimum, maximum=maximum)
        return minimum

    def integer_or_expression(self, name: str, minimum: int, maximum: int) -> int | Expression | None:
        literal = self.integer(name, minimum, maximum)
        self._or_path(name)
        return literal

    def number_or_expression(self, name: str, minimum: float, maximum: float) -> float | Expression | None:
        literal = self.number(name, minimum, maximum)
        self._or_path(name)
        return literal

    def _or_path(self, name: str) -> None:
        self.is_expression(name)
        if self.language == "JSONPath":
            self.only_one(name, f"{name}Path")
            self.path(f"{name}Path")

    def is_expression(self, name: str) -> bool:
        if self.language == "JSONata":
            self.asking.fields.setdefault(self._place(name), Asked()).expression = True
        return False

    def require(self, name: str) -> None:
        self.asking.required.add(self._place(name))

    def only_one(self, *names: str, required: bool = False) -> None:
        places = tuple(map(self._place, names))
        self.asking.groups[places] = Group(places, required)

    def selection(self, name: str) -> Selection | None:
        self._heard(name, "path", nullable=True)
        return IDENTITY

    def path(self, name: str, *, calls: bool = False) -> Expression | None:
        self._heard(name, "path", calls=calls)
        return IDENTITY

    def target(self, name: str) -> Target | None:
        if self.language == "JSONPath":
            self._heard(name, "result_path", nullable=True)
        return WHOLE

    def template(self, name: str) -> Expression | None:
        self._heard(name, "template")
        return None

    def assignment(self) -> Expression | None:
        self._heard("Assign", "assignment")
        return None

    def rule(self, raw: dict[str, Json]) -> Rule | None:  # noqa: ARG002
        if self.language == "JSONata":
            self._heard("Condition", "condition")
        self.asking.fields[_INDEX.sub("", self.location)] = Asked("rules")
        return None


def operators() -> Mapping[str, Mapping[str, Any]]:
    """The comparisons of Choice rules in JSONPath, with the kind of what they compare with; ``path``: it is read by a path."""
    return {
        name: {"kind": operator.kind, "path": operator.from_path}
        for name, operator in choice_rules.OPERATORS.items()
    }
