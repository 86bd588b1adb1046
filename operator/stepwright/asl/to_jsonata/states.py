"""Whole states, field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from stepwright.asl import jsonpath
from stepwright.asl.definition.pointers import ROOT, child
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.jsonpath import Property
from stepwright.asl.to_jsonata import sources
from stepwright.asl.to_jsonata.conditions import FIELDS as CONDITION_FIELDS
from stepwright.asl.to_jsonata.conditions import condition
from stepwright.asl.to_jsonata.expressions import Sight
from stepwright.asl.to_jsonata.remarks import Remark, Remarks, Unlike
from stepwright.asl.to_jsonata.templates import as_field, as_source, by_expression

Fields: TypeAlias = Mapping[str, Any]

JSONATA: Final = "JSONata"
_SCOPES: Final = ("Branches", "ItemProcessor", "Iterator")
_PATH: Final = "Path"
_BY_PATH: Final = (
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "ErrorPath",
    "CausePath",
    "MaxItemsPath",
    "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatchPath",
)
"""Numbers and texts that a path gives: in JSONata an expression stands in the field without ``Path``."""

_OTHER_ERRORS: Final = (
    "States.ParameterPathFailure",
    "States.ResultPathMatchFailure",
    "States.IntrinsicFailure",
)
_WORKS: Final = ("Task", "Map", "Parallel")


@dataclass(frozen=True, slots=True)
class Converted:
    value: dict[str, Json]
    remarks: list[Remark]


def machine(definition: Fields) -> Converted:
    """All states of it that do not say JSONata themselves; then the machine does."""
    remarks = Remarks()
    value = _scope(dict(definition), ROOT, remarks)
    return Converted(_with_language(value, before="States"), remarks.found)


def state(fields: Fields) -> Converted:
    """A state alone; states within it keep their language."""
    remarks = Remarks()
    value = _State(fields, ROOT, remarks).converted()
    return Converted(_with_language(value, after="Type"), remarks.found)


def _with_language(value: dict[str, Json], *, after: str = "", before: str = "") -> dict[str, Json]:
    if "QueryLanguage" in value:
        return {**value, "QueryLanguage": JSONATA}
    found: dict[str, Json] = {}
    for name, each in value.items():
        if name == before:
            found["QueryLanguage"] = JSONATA
        found[name] = each
        if name == after:
            found["QueryLanguage"] = JSONATA
    return {**found, "QueryLanguage": JSONATA}


def _scope(scope: dict[str, Any], pointer: Pointer, remarks: Remarks) -> dict[str, Json]:
    states = scope.get("States")
    if not isinstance(states, Mapping):
        return scope
    converted = {}
    for name, fields in states.items():
        at = child(pointer, "States", name)
        converted[name] = _whole(fields, at, remarks) if isinstance(fields, Mapping) else fields
    return {**scope, "States": converted}


def _whole(fields: Fields, pointer: Pointer, remarks: Remarks) -> dict[str, Json]:
    """With all states in it; the machine says the language for it."""
    value = dict(fields)
    if fields.get("QueryLanguage") != JSONATA:
        value = _State(fields, pointer, remarks).converted()
    value.pop("QueryLanguage", None)
    for name in _SCOPES:
        held: Any = value.get(name)
        if isinstance(held, list):
            value[name] = [
                _scope(dict(each), child(pointer, name, str(index)), remarks)
                if isinstance(each, Mapping)
                else each
                for index, each in enumerate(held)
            ]
        elif isinstance(held, Mapping):
            value[name] = _scope(dict(held), child(pointer, name), remarks)
    return value


@dataclass(slots=True)
class _State:
    """One state. ``pointer``: where it stands, for remarks."""

    fields: Fields
    pointer: Pointer
    remarks: Remarks
    effective: str = field(init=False, default=sources.INPUT)
    """What InputPath leaves of the input, as a source."""

    def converted(self) -> dict[str, Json]:
        self.effective = self._chosen("InputPath", sources.INPUT)
        state_type = self.fields.get("Type")
        found: dict[str, Json] = {}
        for name, value in self.fields.items():
            if name in ("InputPath", "OutputPath", "ResultPath", "ResultSelector", "Result"):
                continue
            if state_type == "Pass" and name == "Parameters":
                continue
            to, convert = self._field(name)
            found[to] = convert(value, self._at(to))
        if self.effective != sources.INPUT:
            given = {"Task": "Arguments", "Parallel": "Arguments", "Map": "Items"}.get(str(state_type))
            if given and given not in found and not (given == "Items" and "ItemReader" in found):
                found[given] = sources.field(self.effective)
        output = self._output(str(state_type))
        if output is not None:
            found = _before(found, ("Assign", "Next", "End"), "Output", output)
        return found

    # --- Fields one by one ------------------------------------------------------------------------------------------------

    def _field(self, name: str) -> tuple[str, Callable[[Any, Pointer], Json]]:
        """What it is called, and how its value becomes another."""
        if name in _BY_PATH:
            return name.removesuffix(_PATH), self._by_expression
        match name:
            case "ItemsPath":
                return "Items", self._by_expression
            case "Parameters":
                return ("ItemSelector" if self.fields.get("Type") == "Map" else "Arguments"), self._template
            case "ItemSelector" | "Credentials" | "BatchInput":
                return name, self._template
            case "Assign":
                return name, lambda value, at: as_field(value, self._after, at, self.remarks)
            case "Choices":
                return name, self._each(self._rule)
            case "Catch":
                return name, self._each(self._catcher)
            case "Retry":
                return name, self._each(self._retrier)
            case "ItemReader" | "ResultWriter" | "ItemBatcher" | "ReaderConfig":
                return name, self._part
            case "Error" | "Cause" | "Timestamp":
                return name, lambda value, _: sources.literal(value)
        return name, lambda value, _: value

    def _at(self, name: str) -> Pointer:
        return child(self.pointer, name)

    @property
    def _sight(self) -> Sight:
        return Sight(self.effective)

    @property
    def _after(self) -> Sight:
        """What Assign sees: the result, where there is one."""
        state_type = self.fields.get("Type")
        if state_type in _WORKS:
            return Sight(sources.RESULT)
        return Sight(self._passed()) if state_type == "Pass" else self._sight

    def _by_expression(self, value: Json, at: Pointer) -> Json:
        return sources.field(by_expression(value, self._sight, at, self.remarks))

    def _template(self, value: Json, at: Pointer) -> Json:
        return as_field(value, self._sight, at, self.remarks)

    def _each(self, convert: Callable[[Fields, Pointer], Json]) -> Callable[[Any, Pointer], Json]:
        def all_of(value: Any, at: Pointer) -> Any:
            if not isinstance(value, list):
                return value
            return [
                convert(each, child(at, str(index))) if isinstance(each, Mapping) else each
                for index, each in enumerate(value)
            ]

        return all_of

    def _part(self, value: Any, at: Pointer) -> Any:
        """ItemReader and the like."""
        if not isinstance(value, Mapping):
            return value
        found: dict[str, Json] = {}
        for name, each in value.items():
            to, convert = ("Arguments", self._template) if name == "Parameters" else self._field(name)
            found[to] = convert(each, child(at, to))
        return found

    def _rule(self, rule: Fields, at: Pointer) -> Json:
        found: dict[str, Json] = {}
        for name, value in rule.items():
            if name in CONDITION_FIELDS:
                if "Condition" not in found:
                    place = child(at, "Condition")
                    found["Condition"] = sources.field(condition(rule, self._sight, place, self.remarks))
            elif name == "Assign":
                found[name] = as_field(value, self._sight, child(at, name), self.remarks)
            else:
                found[name] = value
        output = self._output("Choice")
        return found if output is None else _before(found, ("Assign", "Next"), "Output", output)

    def _catcher(self, catcher: Fields, at: Pointer) -> Json:
        found: dict[str, Json] = {}
        for name, value in catcher.items():
            if name == "ResultPath":
                if value != jsonpath.DOCUMENT:
                    found["Output"] = sources.field(self._placed(value, sources.ERROR, child(at, "Output")))
            elif name == "Assign":
                found[name] = as_field(value, Sight(sources.ERROR), child(at, name), self.remarks)
            else:
                found[name] = value
        self._errors(found, at)
        return found

    def _retrier(self, retrier: Fields, at: Pointer) -> Json:
        self._errors(retrier, at)
        return dict(retrier)

    def _errors(self, entry: Fields, at: Pointer) -> None:
        names = entry.get("ErrorEquals")
        for name in names if isinstance(names, list) else ():
            if name in _OTHER_ERRORS:
                told = f"{name} does not occur in JSONata; an expression that fails is States.QueryEvaluationError"
                self.remarks.doubtful(child(at, "ErrorEquals"), told)

    # --- What comes out ---------------------------------------------------------------------------------------------------

    def _output(self, state_type: str) -> Json | None:
        """None: what comes out without Output is the same."""
        if state_type == "Fail":
            return None
        if state_type in _WORKS:
            return self._output_of_work()
        if state_type == "Pass":
            return self._output_of_pass()
        chosen = self._chosen("OutputPath", self.effective)
        return None if chosen == sources.INPUT else sources.field(chosen)

    def _output_of_work(self) -> Json | None:
        at = self._at("Output")
        selector, path = self.fields.get("ResultSelector"), self.fields.get("ResultPath", jsonpath.DOCUMENT)
        is_whole = (
            path == jsonpath.DOCUMENT
            and self.fields.get("OutputPath", jsonpath.DOCUMENT) == jsonpath.DOCUMENT
        )
        sight = Sight(sources.RESULT)
        if is_whole:
            return None if selector is None else as_field(selector, sight, at, self.remarks)
        result = sources.RESULT if selector is None else as_source(selector, sight, at, self.remarks)
        return sources.field(self._chosen("OutputPath", self._placed(path, result, at)))

    def _output_of_pass(self) -> Json | None:
        at = self._at("Output")
        path = self.fields.get("ResultPath", jsonpath.DOCUMENT)
        is_whole = (
            path == jsonpath.DOCUMENT
            and self.fields.get("OutputPath", jsonpath.DOCUMENT) == jsonpath.DOCUMENT
        )
        if is_whole and "Result" in self.fields:
            return sources.literal(self.fields["Result"])
        if is_whole and "Parameters" in self.fields:
            return as_field(self.fields["Parameters"], self._sight, at, self.remarks)
        chosen = self._chosen("OutputPath", self._placed(path, self._passed(), at))
        return None if chosen == sources.INPUT else sources.field(chosen)

    def _passed(self) -> str:
        """What a Pass makes of its input, as a source."""
        if "Result" in self.fields:
            return f"({sources.value(self.fields['Result'])})"
        if "Parameters" in self.fields:
            return f"({as_source(self.fields['Parameters'], self._sight, self._at('Output'), self.remarks)})"
        return self.effective

    def _chosen(self, name: str, document: str) -> str:
        """By InputPath or OutputPath, of which null leaves nothing."""
        path = self.fields.get(name, jsonpath.DOCUMENT)
        if path is None:
            return "({})"
        at = self._at("Arguments" if name == "InputPath" else "Output")
        return by_expression(path, Sight(document), at, self.remarks)

    def _placed(self, path: Json, result: str, at: Pointer) -> str:
        """By ResultPath: the result in the input."""
        if path is None:
            return sources.INPUT
        if path == jsonpath.DOCUMENT:
            return result
        try:
            return _put(_names(path), result)
        except Unlike as why:
            self.remarks.left(at, str(path), str(why))
            return sources.failing(f"not converted: {path}")


def _names(path: Json) -> list[str]:
    """Of a ResultPath. Raises Unlike."""
    try:
        steps = jsonpath.compile(path if isinstance(path, str) else "").steps
    except jsonpath.InvalidPath as error:
        raise Unlike(str(error)) from None
    names = [step.names[0] for step in steps if isinstance(step, Property) and len(step.names) == 1]
    if len(names) < len(steps):
        raise Unlike("a result cannot be put into a list")
    return names


def _put(names: list[str], result: str, into: str = sources.INPUT) -> str:
    """``names``: where in it. Raises Unlike."""
    first, *rest = names
    if not rest:
        return sources.merged(into, sources.members([(first, result)]))
    try:
        inner = sources.member(into, first)
    except ValueError:
        raise Unlike(f"no name in JSONata is {first!r}") from None
    return sources.merged(into, sources.members([(first, _put(rest, result, inner))]))


def _before(fields: dict[str, Json], others: tuple[str, ...], name: str, value: Json) -> dict[str, Json]:
    """With one more, in front of the first of those."""
    found: dict[str, Json] = {}
    for each, written in fields.items():
        if each in others and name not in found:
            found[name] = value
        found[each] = written
    found.setdefault(name, value)
    return found
