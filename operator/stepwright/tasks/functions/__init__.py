"""Functions: ``arn:aws:states:::lambda:invoke``, also ``.waitForTaskToken``, functions' own ARNs, and ``k8s:task/NAME``.

The integration is imported when it is made: a process that only checks definitions need not wait for an HTTP client.
"""

from functools import partial

from stepwright.asl.definition import TaskCheck
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.surroundings import Surroundings
from stepwright.tasks.functions.check import NO_TASK_TEMPLATE, check
from stepwright.tasks.functions.resources import INVOKE, WITH_TOKEN, serves

__all__ = ["INVOKE", "NO_TASK_TEMPLATE", "WITH_TOKEN", "check", "check_within", "make", "serves"]


def check_within(surroundings: Surroundings) -> TaskCheck:
    return partial(check, surroundings.functions, surroundings.namespace)


def make(means: Means) -> Integration:
    from stepwright.tasks.functions.integration import FunctionCalls  # noqa: PLC0415 - as above

    return FunctionCalls(means.functions, means.clock)
