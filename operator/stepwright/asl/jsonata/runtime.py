"""What an evaluation has: its variables, its budget and its moment; and how functions are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from stepwright.asl.jsonata.errors import EvaluationFailed, LimitExceeded
from stepwright.asl.jsonata.signature import Signature
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function, Value
from stepwright.asl.meter import Meter, TakesLong

MAX_DEPTH: Final = 100
"""How many levels evaluation may have. Others measured it at AWS: https://github.com/floci-io/floci/issues/2737."""

MAX_BYTES: Final = 6_990_256
"""How large one value may be: 8 for each number of a range and 1 for each character. AWS allows ``[1..873782]`` and no
more."""

MAX_ALLOCATED: Final = 64 * 1024 * 1024
"""How large all values that one evaluation makes may be together, including those that it drops. This limit is ours."""

MAX_STEPS: Final = 1_000_000
"""Items looked at, calls, and characters searched by regular expressions, in units of about a microsecond. AWS counts time
instead, by which the same execution could end differently on two machines."""

_SCALAR: Final = 8
"""How much a number, a constant or a place in an array counts."""

_MADE: Final = 9
_COMPARED: Final = 11
"""How many bytes are made, and how many characters compared, in a unit; as powers of two."""

_LITTLE: Final = 4096
"""How many bytes are so few that finding out which of them are still there is not worth while."""

_LAMBDA_STEPS: Final = 8
_NATIVE_STEPS: Final = 2

TOO_DEEP: Final = (
    "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
)
TOO_LARGE: Final = "Expression evaluation memory limit exceeded: Check for excessive memory usage"
TOO_LONG: Final = "Expression evaluation timeout: Check for infinite loop"


_Container = TypeVar("_Container", list[Any], dict[str, Any])


class Runtime:
    """One evaluation of one expression. ``now``: milliseconds since 1970. ``depth``: that of the function that runs."""

    __slots__ = (
        "_meter",
        "_weights",
        "depth",
        "given",
        "left",
        "not_finite",
        "now",
        "random",
        "unallocated",
    )

    def __init__(self, now: int, random: Callable[[], Any], meter: Meter) -> None:
        self.now = now
        self.random = random
        self.depth = 0
        self.not_finite = False
        """Whether there may be an infinite number somewhere in the result."""
        self._meter = meter
        left = meter.left
        self.given = self.left = left if left < MAX_STEPS else MAX_STEPS  # noqa: FURB136 - a call for each expression
        """Steps. All expressions of a state share a number of them."""
        self.unallocated = MAX_ALLOCATED
        self._weights: dict[
            int, tuple[int, Value]
        ] = {}  # by id; the value keeps its id from being used again

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            self._run_out()

    def _run_out(self) -> NoReturn:
        self.left = min(self.given, 0)  # asking for more than is left spends all of it
        if self.given < MAX_STEPS and self._meter.is_impatient:
            raise TakesLong
        raise LimitExceeded(TOO_LONG)

    def allocate(self, size: float) -> None:
        """To be called before a value of this many bytes is made."""
        size = int(min(size, MAX_ALLOCATED))
        self.unallocated -= size
        if size > MAX_BYTES or self.unallocated < 0:
            raise LimitExceeded(TOO_LARGE)
        self.left -= size >> _MADE
        if self.left < 0:
            self._run_out()

    def take(self, size: int) -> None:
        """Count the memory that a value takes in addition to its written size."""
        self.unallocated -= size
        if self.unallocated < 0:
            raise LimitExceeded(TOO_LARGE)

    def keep(self, result: Value) -> None:
        """Count the result, which is kept until its state is left. Raises States.DataLimitExceeded."""
        made = MAX_ALLOCATED - self.unallocated
        self._meter.hold(made if made <= _LITTLE else min(made, self.weigh(result)))

    def made(self, value: _Container, weight: int | None = None) -> _Container:
        """To be called for every array or object that an expression builds: it must not be too large when
        written out.

        Parts are shared, so something that takes no memory here may take all of it as a text: ``{"a": $x, "b": $x}``,
        nested thirty times. So this counts shared parts as often as they occur. ``weight``: the size, if it is already
        known.
        """
        if weight is None:
            weight = self.weigh(value)
        else:
            self._weights[id(value)] = (weight, value)
        self.allocate(weight)
        return value

    def weigh(self, value: Value) -> int:
        """How large a value is when written out, roughly in bytes. Each array and object is counted only once."""
        if isinstance(value, str):
            return len(value)
        if not isinstance(value, (list, dict)):  # a union would be made anew each time, here for each item
            return _SCALAR
        known = self._weights.get(id(value))
        if known is not None:
            return known[0]
        weight = 0
        if isinstance(value, dict):
            weight = sum(map(len, value))
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, str):
                weight += len(item)
            elif isinstance(item, (list, dict)):
                weight += self.weigh(item) + _SCALAR
            else:
                weight += _SCALAR
        self._weights[id(value)] = (weight, value)
        self.spend(len(value) // 4)
        return weight

    def look_through(self, value: Value) -> None:
        """Pay for a walk through all of a value."""
        if isinstance(value, list | dict):
            self.spend(self.weigh(value) // _SCALAR)
        elif isinstance(value, str):
            self.spend(len(value) >> _COMPARED)


class Frame:
    """The variables of a block, a function or a path's step."""

    __slots__ = ("outer", "runtime", "variables")

    def __init__(self, outer: Frame | None, runtime: Runtime, variables: dict[str, Value]) -> None:
        self.outer = outer
        self.runtime = runtime
        self.variables = variables

    def within(self, variables: dict[str, Value]) -> Frame:
        return Frame(self, self.runtime, variables)

    def lookup(self, name: str) -> Value:
        frame: Frame | None = self
        while frame is not None:
            if name in frame.variables:
                return frame.variables[name]
            frame = frame.outer
        return UNDEFINED


Code: TypeAlias = Callable[[Value, Frame], Value]
"""A compiled expression: context item and frame -> value."""


class Native(Function):
    """A built-in function: ``call(runtime, *arguments)``. ``parameters``: how many arguments it takes."""

    __slots__ = ("call", "name", "parameters", "signature")

    def __init__(
        self,
        name: str,
        call: Callable[..., Value],
        signature: Signature | None,
        parameters: int,
        arity: int | None = None,
    ) -> None:
        self.name = name
        self.call = call
        self.signature = signature
        self.parameters = parameters
        self.arity = parameters if arity is None else arity


class Lambda(Function):
    __slots__ = ("body", "frame", "input", "parameters", "promise", "signature")

    def __init__(
        self,
        parameters: Sequence[str],
        body: Code,
        input: Value,
        frame: Frame,
        signature: Signature | None = None,
    ) -> None:
        self.parameters = parameters
        self.arity = len(parameters)
        self.body = body
        self.input = input
        self.frame = frame
        self.signature = signature


class Promise:
    """A call at the end of a function, which the function's caller makes."""

    __slots__ = ("arguments", "frame", "input", "procedure")

    def __init__(self, procedure: Code, arguments: Sequence[Code], input: Value, frame: Frame) -> None:
        self.procedure = procedure
        self.arguments = arguments
        self.input = input
        self.frame = frame


def call(runtime: Runtime, function: Value, arguments: list[Value], input: Value = UNDEFINED) -> Value:
    """Raises T1006 if it is not a function."""
    result = _call_once(runtime, function, arguments, input)
    while type(result) is Promise:
        frame, context = result.frame, result.input
        function = result.procedure(context, frame)
        arguments = [argument(context, frame) for argument in result.arguments]
        result = _call_once(runtime, function, arguments, input)
    return result


def _call_once(runtime: Runtime, function: Value, arguments: list[Value], input: Value) -> Value:
    if type(function) is Lambda:
        runtime.spend(_LAMBDA_STEPS)
        if function.signature is not None:
            arguments = function.signature.validated(arguments, input)
        parameters = function.parameters
        missing = len(parameters) - len(arguments)
        if missing > 0:
            arguments = arguments + [UNDEFINED] * missing
        frame = Frame(function.frame, runtime, dict(zip(parameters, arguments, strict=False)))
        return function.body(function.input, frame)
    if isinstance(function, Native):
        runtime.spend(_NATIVE_STEPS)
        try:
            if function.signature is not None:
                arguments = function.signature.validated(arguments, input)
            elif len(arguments) < function.parameters:
                arguments = arguments + [UNDEFINED] * (function.parameters - len(arguments))
            elif len(arguments) > function.parameters >= 0:
                arguments = arguments[: function.parameters]
            return function.call(runtime, *arguments)
        except EvaluationFailed as error:
            error.fields.setdefault("token", function.name)
            raise
    raise EvaluationFailed("T1006")


def call_with_as_many(runtime: Runtime, function: Function, *arguments: Value) -> Value:
    """How a higher-order function calls: always with the first argument, and with as many others as the function takes."""
    return call(runtime, function, list(arguments[: max(1, function.arity)]))
