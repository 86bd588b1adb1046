"""Turns a shaped tree into code: a closure for each node, made once for each definition.

``depth`` counts the levels of evaluation from the expression or, within a function, from its body; the runtime adds the
depth of the call. Since AWS limits these levels, a level is whatever JSONata's own evaluator counts as one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stepwright.asl.jsonata import grouping, numeric, operators, order, paths, selecting, transforming
from stepwright.asl.jsonata.errors import EvaluationFailed, LimitExceeded
from stepwright.asl.jsonata.functions import matching
from stepwright.asl.jsonata.nodes import Node
from stepwright.asl.jsonata.runtime import (
    MAX_DEPTH,
    TOO_DEEP,
    Code,
    Frame,
    Lambda,
    Native,
    Promise,
    call,
)
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import (
    Constructed,
    Function,
    Sequence,
    Value,
    is_number,
    truth,
    unwrapped,
)

_UNWRAP: Final = frozenset(
    {
        "path",
        "function",
        "variable",
        "wildcard",
        "descendant",
        "condition",
        "block",
        "apply",
        "bind",
        "parent",
    }
)
"""Kinds of nodes whose value may be a sequence."""
_LEAVES: Final = frozenset(
    {"string", "number", "value", "variable", "name", "wildcard", "descendant", "regex", "parent"}
)


def compile(node: Node, depth: int = 1, *, in_function: bool = False) -> Code:
    return _Compiler(in_function).code(node, depth)


class _Compiler:
    def __init__(self, in_function: bool) -> None:
        self._in_function = in_function

    def code(self, node: Node, depth: int) -> Code:
        code: Code = _KINDS[node.type](self, node, depth)
        may_be_sequence = node.type in _UNWRAP
        if node.predicate is not None:
            conditions = [
                paths.filter_of(stage, self.code(stage.operand, depth + 1)) for stage in node.predicate
            ]
            code = _filtered(code, conditions)
            may_be_sequence = True
        if node.group is not None and node.type != "path":
            code = _grouped(code, self.pairs(node.group, depth + 1))
        if may_be_sequence:
            code = _unwrapping(code, node.keep_array)
        if node.type in _LEAVES:
            code = self._guarded(code, depth)
        return code

    def _guarded(self, code: Code, depth: int) -> Code:
        """The depth is checked only at nodes below which there is no deeper level."""
        if self._in_function:

            def in_function(input: Value, frame: Frame) -> Value:
                if frame.runtime.depth + depth > MAX_DEPTH:
                    raise LimitExceeded(TOO_DEEP)
                return code(input, frame)

            return in_function
        if depth <= MAX_DEPTH:
            return code

        def too_deep(_input: Value, _frame: Frame) -> Value:
            raise LimitExceeded(TOO_DEEP)

        return too_deep

    def pairs(self, node: Node, depth: int) -> grouping.Pairs:
        return grouping.Pairs(
            tuple((self.code(key, depth), self.code(value, depth)) for key, value in node.pairs)
        )

    # One method for each kind of node.

    def literal(self, node: Node, _depth: int) -> Code:
        value = node.value
        return lambda _input, _frame: value

    def variable(self, node: Node, _depth: int) -> Code:
        name = node.value
        if not name:
            return lambda input, _frame: input

        def variable(_input: Value, frame: Frame) -> Value:
            at: Frame | None = frame
            while at is not None:
                variables = at.variables
                if name in variables:
                    return variables[name]
                at = at.outer
            return UNDEFINED

        return variable

    def parent(self, node: Node, _depth: int) -> Code:
        slot = node.slot
        assert slot is not None
        return lambda _input, frame: frame.lookup(slot.label)

    def regex(self, node: Node, _depth: int) -> Code:
        pattern = node.value
        return lambda _input, _frame: matching.Regex(pattern)

    def path(self, node: Node, depth: int) -> Code:
        steps = [
            paths.Step(step, self._step(step, depth + 1), self._stages(step, depth + 1))
            for step in node.steps
        ]
        group = None if node.group is None else self.pairs(node.group, depth + 1)
        code = paths.path(node, steps, group)
        leaf = node.steps[0].type in ("variable", "name") and len(node.steps) == 1
        return self._guarded(code, depth + 1) if leaf and node.steps[0].type == "name" else code

    def _step(self, step: Node, depth: int) -> Code | None:
        if step.type == "sort":
            terms = tuple((descending, self.code(term, depth)) for descending, term in step.terms)
            return order.sorting(terms)
        if step.type == "name":
            name = step.value
            return lambda input, frame: unwrapped(selecting.field(input, name, frame), step.keep_array)
        return self.code(step, depth)

    def _stages(self, step: Node, depth: int) -> list[paths.Stage]:
        stages: list[paths.Stage] = []
        for stage in step.stages or ():
            if stage.type == "filter":
                stages.append(paths.filter_of(stage, self.code(stage.operand, depth)))
            else:
                stages.append(stage.value)
        return stages

    def too_deep(self, _node: Node, _depth: int) -> Code:
        def too_deep(_input: Value, _frame: Frame) -> Value:
            raise LimitExceeded(TOO_DEEP)

        return too_deep

    def wildcard(self, _node: Node, _depth: int) -> Code:
        return selecting.wildcard

    def descendant(self, _node: Node, _depth: int) -> Code:
        return selecting.descendants

    def binary(self, node: Node, depth: int) -> Code:
        left, right = self.code(node.lhs, depth + 1), self.code(node.rhs, depth + 1)
        code = operators.of_two(left, right, node.value)
        return _unwrapping(code, node.keep_array) if node.value == ".." else code

    def unary(self, node: Node, depth: int) -> Code:
        if node.value == "[":
            return self._array(node, depth)
        if node.value == "{":
            pairs = self.pairs(node, depth + 1)
            return lambda input, frame: grouping.group(pairs, input, frame)
        operand = self.code(node.operand, depth + 1)

        def minus(input: Value, frame: Frame) -> Value:
            value = operand(input, frame)
            if value is UNDEFINED:
                return UNDEFINED
            if not is_number(value):
                raise EvaluationFailed("D1002", token="-", value=value)  # noqa: S106 - a sign
            return numeric.result(-value)

        return minus

    def _array(self, node: Node, depth: int) -> Code:
        items = tuple(
            (item.type == "unary" and item.value == "[", self.code(item, depth + 1))
            for item in node.expressions
        )
        kind = Constructed if node.cons_array else list

        def array(input: Value, frame: Frame) -> Value:
            result: list[Value] = kind()
            frame.runtime.spend(len(items))
            for nested, code in items:
                value = code(input, frame)
                if value is UNDEFINED:
                    continue
                if nested or not isinstance(value, list):
                    result.append(value)
                else:
                    frame.runtime.spend(len(value) // 8)
                    result.extend(value)
            return frame.runtime.made(result)

        return array

    def condition(self, node: Node, depth: int) -> Code:
        test, then = self.code(node.operand, depth + 1), self.code(node.rhs, depth + 1)
        otherwise = None if node.otherwise is None else self.code(node.otherwise, depth + 1)

        def condition(input: Value, frame: Frame) -> Value:
            value = test(input, frame)
            frame.runtime.look_through(value)
            if truth(value):
                return then(input, frame)
            return UNDEFINED if otherwise is None else otherwise(input, frame)

        return condition

    def block(self, node: Node, depth: int) -> Code:
        parts = [self.code(part, depth + 1) for part in node.expressions]

        def block(input: Value, frame: Frame) -> Value:
            inner = frame.within({})
            result: Value = UNDEFINED
            for part in parts:
                result = part(input, inner)
            return result

        return block

    def bind(self, node: Node, depth: int) -> Code:
        name, value = node.lhs.value, self.code(node.rhs, depth + 1)

        def bind(input: Value, frame: Frame) -> Value:
            result = value(input, frame)
            frame.variables[name] = result
            return result

        return bind

    def function(self, node: Node, depth: int) -> Code:
        make = self._call(node, depth)
        return lambda input, frame: make(input, frame, [])

    def _call(self, node: Node, depth: int) -> Callable[[Value, Frame, list[Value]], Value]:
        procedure = self.code(node.operand, depth + 1)
        arguments = [self.code(argument, depth + 1) for argument in node.arguments]
        name = _procedure_name(node)
        by_path = node.operand.type == "path"

        def make(input: Value, frame: Frame, given: list[Value]) -> Value:
            function = procedure(input, frame)
            if function is UNDEFINED and by_path and truth_of_variable(frame, name):
                raise EvaluationFailed("T1005", token=name)
            values = [*given, *(argument(input, frame) for argument in arguments)]
            runtime = frame.runtime
            outer = runtime.depth
            runtime.depth = outer + depth
            try:
                result = call(runtime, function, values, input)
            except EvaluationFailed as error:
                error.fields.setdefault("token", name)
                raise
            runtime.depth = outer
            return result

        return make

    def partial(self, node: Node, depth: int) -> Code:
        procedure = self.code(node.operand, depth + 1)
        arguments = [
            None if argument.type == "operator" else self.code(argument, depth + 1)
            for argument in node.arguments
        ]
        name = _procedure_name(node)
        by_path = node.operand.type == "path"

        def partial(input: Value, frame: Frame) -> Value:
            values = [_OPEN if argument is None else argument(input, frame) for argument in arguments]
            function = procedure(input, frame)
            if function is UNDEFINED and by_path and truth_of_variable(frame, name):
                raise EvaluationFailed("T1007", token=name)
            if not isinstance(function, Function):
                raise EvaluationFailed("T1008", token=name)
            return _partially(function, values)

        return partial

    def lambda_(self, node: Node, _depth: int) -> Code:
        inside = _Compiler(in_function=True)
        if node.thunk:
            made = node.body
            procedure = inside.code(made.operand, 1)
            arguments = [inside.code(argument, 1) for argument in made.arguments]
            return lambda input, frame: Promise(procedure, arguments, input, frame)
        parameters = tuple(argument.value for argument in node.arguments)
        body, signature = inside.code(node.body, 1), node.signature
        return lambda input, frame: Lambda(parameters, body, input, frame, signature)

    def apply(self, node: Node, depth: int) -> Code:
        left = self.code(node.lhs, depth + 1)
        if node.rhs.type == "function":
            # As in JSONata, predicates and a group that it may have are lost.
            make = self._call(node.rhs, depth)
            return lambda input, frame: make(input, frame, [left(input, frame)])
        right = self.code(node.rhs, depth + 1)

        def apply(input: Value, frame: Frame) -> Value:
            value = left(input, frame)
            function = right(input, frame)
            if not isinstance(function, Function):
                raise EvaluationFailed("T2006", value=function)
            if isinstance(value, Function):
                return _chained(value, function)
            runtime = frame.runtime
            outer = runtime.depth
            runtime.depth = outer + depth
            result = call(runtime, function, [value])
            runtime.depth = outer
            return result

        return apply

    def transform(self, node: Node, _depth: int) -> Code:
        inside = _Compiler(in_function=True)
        return transforming.transform(
            inside.code(node.operand, 1),
            inside.code(node.rhs, 1),
            None if node.deletion is None else inside.code(node.deletion, 1),
        )


_KINDS: Final[dict[str, Callable[[_Compiler, Node, int], Code]]] = {
    "string": _Compiler.literal,
    "number": _Compiler.literal,
    "value": _Compiler.literal,
    "variable": _Compiler.variable,
    "parent": _Compiler.parent,
    "regex": _Compiler.regex,
    "too_deep": _Compiler.too_deep,
    "path": _Compiler.path,
    "wildcard": _Compiler.wildcard,
    "descendant": _Compiler.descendant,
    "binary": _Compiler.binary,
    "unary": _Compiler.unary,
    "condition": _Compiler.condition,
    "block": _Compiler.block,
    "bind": _Compiler.bind,
    "function": _Compiler.function,
    "partial": _Compiler.partial,
    "lambda": _Compiler.lambda_,
    "apply": _Compiler.apply,
    "transform": _Compiler.transform,
}


def _unwrapping(code: Code, keep: bool) -> Code:
    if keep:
        return lambda input, frame: unwrapped(code(input, frame), keep=True)

    def unwrapping(input: Value, frame: Frame) -> Value:
        result = code(input, frame)
        return unwrapped(result) if type(result) is Sequence else result

    return unwrapping


def _filtered(code: Code, conditions: list[paths.Filter]) -> Code:
    def filtered(input: Value, frame: Frame) -> Value:
        result = code(input, frame)
        for condition in conditions:
            result = condition(result, frame)
        return result

    return filtered


def _grouped(code: Code, pairs: grouping.Pairs) -> Code:
    def grouped(input: Value, frame: Frame) -> Value:
        return grouping.group(pairs, code(input, frame), frame)

    return grouped


def truth_of_variable(frame: Frame, name: Value) -> bool:
    """Whether a variable of that name exists and is true by JavaScript's rules."""
    value = frame.lookup(name) if isinstance(name, str) else UNDEFINED
    return value not in (UNDEFINED, None, 0, "")


def _procedure_name(node: Node) -> Value:
    operand = node.operand
    name = operand.steps[0].value if operand.type == "path" else operand.value
    return UNDEFINED if name is None else name


class _Open:
    """``?`` among the arguments of a partial application."""


_OPEN: Final = _Open()


def _partially(function: Function, values: list[Any]) -> Function:
    if isinstance(function, Lambda):
        bound: dict[str, Value] = {}
        free: list[str] = []
        for index, name in enumerate(function.parameters):
            value = values[index] if index < len(values) else UNDEFINED
            if value is _OPEN:
                free.append(name)
            else:
                bound[name] = value
        return Lambda(free, function.body, function.input, function.frame.within(bound))
    assert isinstance(function, Native)
    count = max(function.parameters, 0)
    slots = [values[index] if index < len(values) else UNDEFINED for index in range(count)]
    places = [index for index, value in enumerate(slots) if value is _OPEN]

    def rest(runtime: Any, *arguments: Value) -> Value:
        filled = list(slots)
        for place, argument in zip(places, arguments, strict=True):
            filled[place] = argument
        return function.call(runtime, *filled)

    return Native(function.name, rest, None, len(places))


def _chained(first: Function, second: Function) -> Function:
    """``$f ~> $g``: a function that calls one after the other."""

    def chained(runtime: Any, value: Value) -> Value:
        return call(runtime, second, [call(runtime, first, [value])])

    return Native("", chained, None, 1)
