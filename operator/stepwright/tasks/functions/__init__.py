"""Lambda functions: ``arn:aws:states:::lambda:invoke``, also ``.waitForTaskToken``, and functions' own ARNs.

The integration is imported when it is made: a process that only checks definitions need not wait for an HTTP client.
"""

from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.functions.resources import INVOKE, WITH_TOKEN, serves

__all__ = ["INVOKE", "WITH_TOKEN", "make", "serves"]


def make(means: Means) -> Integration:
    from stepwright.tasks.functions.integration import Functions  # noqa: PLC0415 - as above

    assert means.connections is not None
    return Functions(means.connections)
