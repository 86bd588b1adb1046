"""JSONata 2.0.6 as AWS runs it. Expressions are parsed and compiled once for each definition, and evaluated at each visit of
a state.

We have an evaluator of our own because it must be repeatable on every machine (limits count steps, not time), safe (nothing
that it calls can run for ever or block the process), and exact (what an expression only passes on stays as it was written).
It must also be quick for what definitions really contain, ``$states.input.x``, without converting the whole input.

The language and AWS's functions belong here. What ``$states`` holds, and where expressions are in a definition, does not:
see ``stepwright.asl.fields.jsonata_fields``.
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
