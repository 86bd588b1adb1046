"""Definitions: parsed, checked, compiled into a ``Machine``, or refused with everything that is wrong with them.

Belongs here: the structure of a definition and its rules. Not: the syntax of expressions (``jsonpath``,
``intrinsics``, ``payload_template``, ``choice_rules``), and what a driver demands of its Parameters (it
passes a ``TaskCheck``).
"""

from __future__ import annotations

from stepwright.asl.definition.compiling import check, compile_definition
from stepwright.asl.definition.installation import Installation
from stepwright.asl.definition.problems import NO_DRIVER, UNRESOLVED
from stepwright.asl.definition.scopes import TaskCheck
from stepwright.asl.definition.source import Places, places

__all__ = [
    "NO_DRIVER",
    "UNRESOLVED",
    "Installation",
    "Places",
    "TaskCheck",
    "check",
    "compile_definition",
    "places",
]
