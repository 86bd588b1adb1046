"""The ARNs of things in a cluster, as the context object and the API return them.

The namespace takes the account's place and ``kubernetes`` the region's, so code that takes ARNs apart keeps
working: ``arn:aws:states:kubernetes:shop:execution:order:order-7``.
"""

from __future__ import annotations

from typing import Final

REGION: Final = "kubernetes"


def state_machine(namespace: str, name: str) -> str:
    return f"arn:aws:states:{REGION}:{namespace}:stateMachine:{name}"


def execution(namespace: str, state_machine_name: str, name: str) -> str:
    return f"arn:aws:states:{REGION}:{namespace}:execution:{state_machine_name}:{name}"


def role(namespace: str, service_account: str | None) -> str:
    """The ServiceAccount that the state machine acts as, in the place of AWS's role."""
    return f"arn:aws:iam::{namespace}:role/{service_account or 'stepwright'}"
