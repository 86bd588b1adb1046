"""AWS's services: all of ``arn:aws:states:::aws-sdk:``, and the optimised integrations that are operations of services.

Everything follows from botocore's models (``stepwright.aws``); what an optimised integration does beyond its operation is in
``extras``. Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html

The integration is imported when it is made: a process that only checks definitions needs none.
"""

from stepwright.tasks.aws.resources import serves
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means

__all__ = ["make", "serves"]


def make(means: Means) -> Integration:
    from stepwright.tasks.aws.integration import AwsServices  # noqa: PLC0415 - as above

    assert means.services is not None
    return AwsServices(means.services)
