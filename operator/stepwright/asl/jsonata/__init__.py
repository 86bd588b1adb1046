"""JSONata 2.0.6 as AWS runs it: expressions parsed and compiled once per definition, evaluated per visit of a state.

It is our own evaluator, because it must be repeatable on every machine (limits count steps, not time), safe
(nothing that it calls can run away or hold the process), exact (what an expression merely passes on stays as
it was written), and quick for what definitions really contain, ``$states.input.x``, without converting the
whole input.

Belongs here: the language and AWS's functions. Not: what ``$states`` holds and where expressions are in a
definition (``stepwright.asl.fields.jsonata_fields``).
"""

from __future__ import annotations

from stepwright.asl.jsonata.errors import EvaluationFailed, InvalidExpression, LimitExceeded
from stepwright.asl.jsonata.expression import Expression, NoResult, compile
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import kind

__all__ = [
    "UNDEFINED",
    "EvaluationFailed",
    "Expression",
    "InvalidExpression",
    "LimitExceeded",
    "NoResult",
    "compile",
    "kind",
]
