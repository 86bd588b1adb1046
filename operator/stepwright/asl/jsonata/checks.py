"""What an expression reads, found without evaluating it.

AWS evaluates expressions without an input document, so it refuses those that read from one at their top level, by field
names, ``$`` or ``$$``. Within a path, a predicate or a function these refer to the current item.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stepwright.asl.jsonata.functions import BUILT_IN
from stepwright.asl.jsonata.nodes import Node


@dataclass(slots=True)
class Uses:
    """``top_level``: what it reads from the missing document, as written (``name``, ``$``, ``$$``). ``$$`` is never
    available.

    ``states``: the fields of ``$states`` that it reads; None among them stands for all of ``$states``. ``variables``: all
    names with a dollar that it does not bind itself and that are not functions. ``function_values``: whether its result may
    contain a function, or a number that is not finite and comes from a function.
    """

    top_level: list[str] = field(default_factory=list)
    states: set[str | None] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    function_values: bool = False


def uses(tree: Node) -> Uses:
    walker = _Walker()
    walker.node(tree, top=True, bound=frozenset())
    return walker.found


class _Walker:
    def __init__(self) -> None:
        self.found = Uses()

    def node(self, node: Node, *, top: bool, bound: frozenset[str]) -> frozenset[str]:
        """``top``: there is no current item. ``bound``: the names bound before. Returns them, together with those that the
        node binds."""
        match node.type:
            case "path":
                bound = self._path(node, top, bound)
            case "regex":
                self.found.function_values = True
            case "variable":
                self._variable(node, top, bound)
            case "name":
                self._reference(node.value, top)
            case "lambda":
                self._lambda(node, top, bound)
            case "transform":
                # The pattern begins at the given object; the rest sees the matches.
                for part in (node.operand, node.rhs, node.deletion):
                    if part is not None:
                        self.node(part, top=False, bound=bound)
                self.found.function_values = True
            case "block":
                inner = bound
                for part in node.expressions:
                    inner = self.node(part, top=top, bound=inner)
            case "bind":
                self.node(node.rhs, top=top, bound=bound)
                bound = bound | {node.lhs.value}
            case "function" | "partial":
                self._call(node, top, bound)
            case _:
                bound = self._others(node, top, bound)
        for stage in node.predicate or ():
            self.node(stage.operand, top=False, bound=bound)
        if node.group is not None:
            for key, value in node.group.pairs:
                self.node(key, top=False, bound=bound)
                self.node(value, top=False, bound=bound)
        return bound

    def _others(self, node: Node, top: bool, bound: frozenset[str]) -> frozenset[str]:
        parts = [node.lhs, node.operand, node.rhs, node.otherwise, *node.expressions]
        for key, value in node.pairs:
            parts += key, value
        for part in parts:
            if part is not None:
                bound = self.node(part, top=top, bound=bound)
        return bound

    def _path(self, node: Node, top: bool, bound: frozenset[str]) -> frozenset[str]:
        first = node.steps[0]
        if first.type == "variable" and first.value == "states" and "states" not in bound:
            follows = (
                node.steps[1] if len(node.steps) > 1 and not first.stages and not first.predicate else None
            )
            self.found.states.add(follows.value if follows is not None and follows.type == "name" else None)
        elif first.type == "sort":
            self._sort(first, bound)
        else:
            bound = self.node(first, top=top, bound=bound)
        bound = self._marks(first, bound)
        for step in node.steps[1:]:
            if step.type == "sort":
                self._sort(step, bound)
            elif step.type != "name":
                bound = self.node(step, top=False, bound=bound)
            bound = self._marks(step, bound)
        return bound

    def _marks(self, step: Node, bound: frozenset[str]) -> frozenset[str]:
        """Look at what a step binds, and at what is in brackets after it."""
        if step.focus:
            bound = bound | {step.focus}
        if step.index:
            bound = bound | {step.index}
        for stage in step.stages or ():
            if stage.type == "index":
                bound = bound | {stage.value}
            else:
                self.node(stage.operand, top=False, bound=bound)
        return bound

    def _sort(self, step: Node, bound: frozenset[str]) -> None:
        for _, term in step.terms:
            self.node(term, top=False, bound=bound)

    def _lambda(self, node: Node, top: bool, bound: frozenset[str]) -> None:
        self.found.function_values = True
        inner = bound | {argument.value for argument in node.arguments}
        if not node.thunk:
            self.node(node.body, top=top, bound=inner)
        else:
            self.node(node.body, top=top, bound=bound)

    def _call(self, node: Node, top: bool, bound: frozenset[str]) -> None:
        procedure = node.operand
        if procedure.type != "variable" or procedure.predicate or procedure.value in bound:
            self.node(procedure, top=top, bound=bound)
        elif procedure.value not in BUILT_IN:
            self.found.variables.add(procedure.value)
        if node.type == "partial" or procedure.type != "variable":
            self.found.function_values = True
        for argument in node.arguments:
            if argument.type != "operator":
                self.node(argument, top=top, bound=bound)

    def _variable(self, node: Node, top: bool, bound: frozenset[str]) -> None:
        name = node.value
        if name == "":
            self._reference("$", top)
        elif name == "$":
            self._reference("$$", top=True)
        elif name in bound:
            return
        elif name == "states":
            self.found.states.add(None)
        elif name in BUILT_IN:
            self.found.function_values = True
        else:
            self.found.variables.add(name)

    def _reference(self, name: str, top: bool) -> None:
        if top and name not in self.found.top_level:
            self.found.top_level.append(name)
