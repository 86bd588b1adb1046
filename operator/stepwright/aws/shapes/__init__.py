"""Requests to AWS's services, and their answers, in the spelling of tasks and in that of botocore.

A ``Spelling`` is that of ``aws-sdk`` tasks or that of optimised integrations. ``request`` makes of a task's Parameters what
botocore takes, ``answer`` of what it gives a task's result, and ``problems`` says what a service would not accept. All of them
read botocore's models; none calls anybody.
"""

from stepwright.aws.shapes.answers import answer
from stepwright.aws.shapes.checks import MISSING, TYPE, UNKNOWN, Problem, Template, problems
from stepwright.aws.shapes.requests import request
from stepwright.aws.shapes.spelling import (
    OPTIMIZED,
    OPTIMIZED_WITH_LISTS,
    SDK,
    Spelling,
    members_of,
    nearest,
)

__all__ = [
    "MISSING",
    "OPTIMIZED",
    "OPTIMIZED_WITH_LISTS",
    "SDK",
    "TYPE",
    "UNKNOWN",
    "Problem",
    "Spelling",
    "Template",
    "answer",
    "members_of",
    "nearest",
    "problems",
    "request",
]
