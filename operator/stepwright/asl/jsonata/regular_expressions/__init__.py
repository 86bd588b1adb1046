"""JavaScript's regular expressions, matched by a machine of our own, which counts its steps.

Python's ``re`` has another dialect and cannot be stopped: some patterns take hours on a short text and block the
whole process. Here every step is paid for, so a hostile pattern ends like any other endless expression.

Source: https://262.ecma-international.org/#sec-patterns, without the flags that JSONata does not have.
"""

from __future__ import annotations

from stepwright.asl.jsonata.regular_expressions.machine import MATCH, Pattern
from stepwright.asl.jsonata.regular_expressions.parse import Parser
from stepwright.asl.jsonata.regular_expressions.writing import Writer

__all__ = ["Pattern", "compile"]


def compile(source: str, flags: str, position: int) -> Pattern:
    """Raises ``InvalidExpression``. ``position`` is where the pattern is in the expression."""
    parser = Parser(source, "i" in flags, "m" in flags, position)
    tree = parser.pattern()
    writer = Writer(source, position)
    writer.save(0)
    writer.node(tree)
    writer.save(1)
    writer.emit(MATCH)
    return Pattern(source, tuple(writer.program), parser.groups, writer.marks, parser.ignore_case)
