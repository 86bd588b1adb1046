"""Makes a tree of the tokens, by operator precedence (Pratt). What the tree means is worked out in ``shape``.

Every token that can begin an expression has a handler in ``_NUDS``, and every token that can continue one in ``_LEDS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepwright.asl.jsonata import signature
from stepwright.asl.jsonata.errors import InvalidExpression
from stepwright.asl.jsonata.lex import BINDING_POWERS, Lexer
from stepwright.asl.jsonata.nodes import Node

MAX_NESTING: Final = 120
"""How many levels an expression may have. Evaluation ends at 100, as on AWS, so nothing that could run is refused."""

MAX_TOKENS: Final = 30_000
"""How many tokens one expression may have. Parsing and compiling a token takes some ten microseconds; the largest
definition has a million of them."""

_LAMBDA: Final = ("function", "λ")


def parse(source: str) -> tuple[Node, int]:
    """The tree, and how many tokens it was made from. Raises ``InvalidExpression``."""
    parser = _Parser(source)
    parser.advance()
    tree = parser.expression(0)
    if parser.token.id != "(end)":
        raise InvalidExpression("S0201", parser.token.position, token=parser.token.value)
    return tree, parser.tokens


class _Parser:
    def __init__(self, source: str) -> None:
        self._lexer = Lexer(source)
        self._end = len(source)
        self._nesting = 0
        self.tokens = 0
        self.token = Node("(end)", id="(end)")

    def advance(self, expected: str | None = None, *, infix: bool = False) -> Node:
        """Go to the next token; ``expected`` is what the present one must be."""
        token = self.token
        if expected is not None and token.id != expected:
            code = "S0203" if token.id == "(end)" else "S0202"
            raise InvalidExpression(code, token.position, token=token.value, value=expected)
        self.tokens += 1
        if self.tokens > MAX_TOKENS:
            raise InvalidExpression("S0306", token.position, value=MAX_TOKENS)
        following = self._lexer.next(infix)
        if following is None:
            self.token = Node("(end)", "(end)", self._end, id="(end)")
            return self.token
        match following.type:
            case "name" | "variable":
                following.id = "(name)"
            case "operator":
                if following.value not in _SYMBOLS:
                    raise InvalidExpression("S0204", following.position, token=following.value)
                following.id = following.value
            case "regex":
                following.id = "(regex)"
            case _:
                following.id = "(literal)"
        self.token = following
        return following

    def expression(self, power: int) -> Node:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise InvalidExpression("S0304", self.token.position, value=MAX_NESTING)
        token = self.token
        self.advance(infix=True)
        nud = _NUDS.get(token.id)
        if nud is None:
            raise InvalidExpression("S0211", token.position, token=token.value)
        left = nud(self, token)
        while power < _POWERS.get(self.token.id, 0):
            token = self.token
            self.advance()
            led = _LEDS.get(token.id)
            if led is None:
                raise InvalidExpression("S0201", token.position, token=token.value)
            depth = left.depth
            left = led(self, token, left)
            left.depth = max(left.depth, depth + 1)
            if left.depth > MAX_NESTING:
                # A long chain (a & b & c ...), which AWS accepts, too. Its evaluation reaches AWS's own limit
                # of levels before the innermost term, so that term need not be kept.
                left = Node("too_deep", None, token.position)
        self._nesting -= 1
        return left


def _itself(_parser: _Parser, token: Node) -> Node:
    return token


def _of_type(type: str) -> Callable[[_Parser, Node], Node]:
    def nud(_parser: _Parser, token: Node) -> Node:
        token.type = type
        return token

    return nud


def _minus(parser: _Parser, token: Node) -> Node:
    token.operand = parser.expression(70)
    token.type = "unary"
    return token


def _block(parser: _Parser, token: Node) -> Node:
    parts: list[Node] = []
    while parser.token.id != ")":
        parts.append(parser.expression(0))
        if parser.token.id != ";":
            break
        parser.advance(";")
    parser.advance(")", infix=True)
    token.expressions = parts
    token.type = "block"
    return token


def _array(parser: _Parser, token: Node) -> Node:
    items: list[Node] = []
    if parser.token.id != "]":
        while True:
            item = parser.expression(0)
            if parser.token.id == "..":
                span = Node("binary", "..", parser.token.position)
                span.lhs = item
                parser.advance("..")
                span.rhs = parser.expression(0)
                item = span
            items.append(item)
            if parser.token.id != ",":
                break
            parser.advance(",")
    parser.advance("]", infix=True)
    token.expressions = items
    token.type = "unary"
    return token


def _pairs(parser: _Parser, token: Node) -> None:
    pairs: list[tuple[Node, Node]] = []
    if parser.token.id != "}":
        while True:
            key = parser.expression(0)
            parser.advance(":")
            pairs.append((key, parser.expression(0)))
            if parser.token.id != ",":
                break
            parser.advance(",")
    parser.advance("}", infix=True)
    token.pairs = pairs


def _object(parser: _Parser, token: Node) -> Node:
    _pairs(parser, token)
    token.type = "unary"
    return token


def _transform(parser: _Parser, token: Node) -> Node:
    token.type = "transform"
    token.operand = parser.expression(0)
    parser.advance("|")
    token.rhs = parser.expression(0)
    if parser.token.id == ",":
        parser.advance(",")
        token.deletion = parser.expression(0)
    parser.advance("|")
    return token


def _infix(power: int) -> Callable[[_Parser, Node, Node], Node]:
    def led(parser: _Parser, token: Node, left: Node) -> Node:
        token.lhs = left
        token.rhs = parser.expression(power)
        token.type = "binary"
        return token

    return led


def _call(parser: _Parser, token: Node, left: Node) -> Node:
    token.operand = left
    token.type = "function"
    arguments: list[Node] = []
    if parser.token.id != ")":
        while True:
            if parser.token.type == "operator" and parser.token.id == "?":
                token.type = "partial"
                arguments.append(parser.token)
                parser.advance("?")
            else:
                arguments.append(parser.expression(0))
            if parser.token.id != ",":
                break
            parser.advance(",")
    parser.advance(")", infix=True)
    token.arguments = arguments
    if left.type == "name" and left.value in _LAMBDA:
        _lambda(parser, token)
    return token


def _lambda(parser: _Parser, token: Node) -> None:
    for number, argument in enumerate(token.arguments, 1):
        if argument.type != "variable":
            raise InvalidExpression("S0208", argument.position, token=argument.value, value=number)
    token.type = "lambda"
    if parser.token.id == "<":
        start = parser.token.position
        depth = 1
        text = "<"
        while depth > 0 and parser.token.id not in ("{", "(end)"):
            following = parser.advance()
            if following.id == ">":
                depth -= 1
            elif following.id == "<":
                depth += 1
            text += str(following.value)
        parser.advance(">")
        token.signature = signature.compile(text, start)
    parser.advance("{")
    token.body = parser.expression(0)
    parser.advance("}")


def _bracket(parser: _Parser, token: Node, left: Node) -> Node:
    if parser.token.id == "]":
        step = left
        while step.type == "binary" and step.value == "[":
            step = step.lhs
        step.keep_array = True
        parser.advance("]")
        return left
    token.lhs = left
    token.rhs = parser.expression(0)
    token.type = "binary"
    parser.advance("]", infix=True)
    return token


def _order_by(parser: _Parser, token: Node, left: Node) -> Node:
    parser.advance("(")
    terms: list[tuple[bool, Node]] = []
    while True:
        descending = False
        if parser.token.id in ("<", ">"):
            descending = parser.token.id == ">"
            parser.advance(parser.token.id)
        terms.append((descending, parser.expression(0)))
        if parser.token.id != ",":
            break
        parser.advance(",")
    parser.advance(")")
    token.terms = terms
    token.lhs = left
    token.type = "binary"
    return token


def _group(parser: _Parser, token: Node, left: Node) -> Node:
    _pairs(parser, token)
    token.lhs = left
    token.type = "binary"
    return token


def _bind(parser: _Parser, token: Node, left: Node) -> Node:
    if left.type != "variable":
        raise InvalidExpression("S0212", left.position, token=left.value)
    token.lhs = left
    token.rhs = parser.expression(BINDING_POWERS[":="] - 1)
    token.type = "binary"
    return token


def _named(parser: _Parser, token: Node, left: Node) -> Node:
    """``@$name`` and ``#$name``."""
    token.lhs = left
    token.rhs = parser.expression(BINDING_POWERS[token.value])
    if token.rhs.type != "variable":
        raise InvalidExpression("S0214", token.rhs.position, token=token.value)
    token.type = "binary"
    return token


def _condition(parser: _Parser, token: Node, left: Node) -> Node:
    token.type = "condition"
    token.operand = left
    token.rhs = parser.expression(0)
    if parser.token.id == ":":
        parser.advance(":")
        token.otherwise = parser.expression(0)
    return token


_NUDS: Final[dict[str, Callable[[_Parser, Node], Node]]] = {
    "(end)": _itself,
    "(name)": _itself,
    "(literal)": _itself,
    "(regex)": _itself,
    "and": _itself,
    "or": _itself,
    "in": _itself,
    "-": _minus,
    "*": _of_type("wildcard"),
    "**": _of_type("descendant"),
    "%": _of_type("parent"),
    "(": _block,
    "[": _array,
    "{": _object,
    "|": _transform,
}
_LEDS: Final[dict[str, Callable[[_Parser, Node, Node], Node]]] = {
    **{
        name: _infix(BINDING_POWERS[name])
        for name in (
            ". + - * / % = < > != <= >= & and or in ~>".split()  # noqa: SIM905 - reads better
        )
    },
    "(": _call,
    "[": _bracket,
    "^": _order_by,
    "{": _group,
    ":=": _bind,
    "@": _named,
    "#": _named,
    "?": _condition,
}
_POWERS: Final = {name: BINDING_POWERS[name] for name in _LEDS}
_SYMBOLS: Final = frozenset(BINDING_POWERS) - {"!", "~"}
