"""Step Functions itself as a service: nested executions (``arn:aws:states:::states:startExecution`` in its four patterns),
and ``arn:aws:states:::aws-sdk:sfn``.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html

The integration is imported when it is made, which a process that only checks definitions never does.
"""

from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.step_functions.checking import check_for
from stepwright.tasks.step_functions.resources import serves, serves_in_a_cluster

__all__ = ["check_for", "make", "serves", "serves_in_a_cluster"]


def make(means: Means) -> Integration:
    from stepwright.tasks.step_functions.integration import StepFunctions  # noqa: PLC0415 - as above

    assert means.step_functions is not None
    return StepFunctions(means.step_functions, means.clock)
