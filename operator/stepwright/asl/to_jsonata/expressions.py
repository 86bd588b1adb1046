"""Paths and calls of intrinsic functions in JSONata."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from stepwright.asl import jsonpath
from stepwright.asl.intrinsics import InvalidIntrinsic
from stepwright.asl.intrinsics.parse import Argument, Call, Literal, parse
from stepwright.asl.jsonpath import Index, Property
from stepwright.asl.to_jsonata import sources
from stepwright.asl.to_jsonata.remarks import Unlike


@dataclass(frozen=True, slots=True)
class Sight:
    """What ``$`` is where an expression stands, as a source. ``doubts``: of what it has translated, what is not quite the same."""

    document: str = sources.INPUT
    doubts: list[str] = field(default_factory=list)

    def source(self, expression: str) -> str:
        """Of a path or a call. Raises Unlike."""
        try:
            if expression.startswith("$"):
                return self.path(jsonpath.compile(expression))
            return self._call(parse(expression))
        except (jsonpath.InvalidPath, InvalidIntrinsic) as error:
            raise Unlike(str(error)) from None

    def path(self, path: jsonpath.Path) -> str:
        """Raises Unlike."""
        root = {jsonpath.DOCUMENT: self.document, jsonpath.CONTEXT: sources.CONTEXT}.get(
            path.root, f"${path.root}"
        )
        for step in path.steps:
            match step:
                case Property((name,)):
                    try:
                        root = sources.member(root, name)
                    except ValueError:
                        raise Unlike(f"no name in JSONata is {name!r}") from None
                case Index((index,)) if index >= 0:
                    root = f"{root}[{index}]"
                case _:
                    raise Unlike("only names and indexes have an equal in JSONata")
        return root

    def _argument(self, argument: Argument) -> str:
        if isinstance(argument, Literal):
            return sources.value(argument.value)
        return self._call(argument) if isinstance(argument, Call) else self.path(argument)

    def _call(self, call: Call) -> str:
        if call.name == "States.Format":
            return self._formatted(call)
        if call.name == "States.Array" and any(isinstance(each, jsonpath.Path) for each in call.arguments):
            self.doubts.append(
                "Values of States.Array that are lists were items of the new list; now their items are"
            )
        written = _CALLS.get(call.name)
        if written is None:
            raise Unlike(f"JSONata has no function that does what {call.name} does")
        return written([self._argument(each) for each in call.arguments])

    def _formatted(self, call: Call) -> str:
        template, *arguments = call.arguments
        if not isinstance(template, Literal) or not isinstance(template.value, str):
            raise Unlike("its template is not written out")
        parts = _PLACE.split(template.value)
        if len(parts) != len(arguments) + 1:
            raise Unlike("it does not have a value for each {}")
        pieces: list[str] = []
        for part, argument in zip(parts, [*arguments, None], strict=True):
            if part:
                pieces.append(sources.text(_ESCAPED.sub(r"\1", part)))
            if argument is not None:
                pieces.append(sources.call("$string", self._argument(argument)))
        return f"({' & '.join(pieces)})" if pieces else '""'


_PLACE: Final = re.compile(r"(?<!\\)\{\}")
_ESCAPED: Final = re.compile(r"\\([{}'\\])")


def _named(name: str) -> Callable[[list[str]], str]:
    return lambda arguments: sources.call(name, *arguments)


_CALLS: Final[Mapping[str, Callable[[list[str]], str]]] = {
    "States.Array": sources.array,
    "States.ArrayContains": lambda arguments: f"({arguments[1]} in {arguments[0]})",
    "States.ArrayGetItem": lambda arguments: f"{arguments[0]}[{arguments[1]}]",
    "States.ArrayLength": _named("$count"),
    "States.ArrayPartition": _named("$partition"),
    "States.ArrayRange": _named("$range"),
    "States.ArrayUnique": _named("$distinct"),
    "States.Base64Decode": _named("$base64decode"),
    "States.Base64Encode": _named("$base64encode"),
    "States.Hash": _named("$hash"),
    "States.JsonMerge": lambda arguments: sources.merged(*arguments[:2]),
    "States.JsonToString": _named("$string"),
    "States.MathAdd": lambda arguments: f"({arguments[0]} + {arguments[1]})",
    "States.StringToJson": _named("$parse"),
    "States.UUID": _named("$uuid"),
}
"""Not among them: States.MathRandom, whose numbers are others, and States.StringSplit, which leaves out what is empty."""
