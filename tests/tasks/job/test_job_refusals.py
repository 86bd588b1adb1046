"""What the API server's refusals mean for a task."""

from __future__ import annotations

import pytest

from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from stepwright.kube import api_errors
from stepwright.kube.api_errors import Cause, Details
from stepwright.tasks.job import refusals

REF = ExecutionRef(Uid("u"), "shop", "order-7", "order")


def forbidden(message: str, *reasons: str) -> api_errors.Forbidden:
    return api_errors.Forbidden(
        403, "Forbidden", message, Details(causes=[Cause(reason=reason) for reason in reasons])
    )


IMPERSONATE = 'serviceaccounts "clerk" is forbidden: User "o" cannot impersonate resource "serviceaccounts"'
CREATE = 'jobs.batch is forbidden: User "o" cannot create resource "jobs"'
SECRETS = 'secrets is forbidden: User "o" cannot create resource "secrets"'
QUOTA = 'jobs.batch "x" is forbidden: exceeded quota: q'
POLICY = "jobs.batch \"x\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: no"
TERMINATING = 'jobs.batch "x" is forbidden: it is being terminated'

REFUSED: list[tuple[str, api_errors.ApiError, str, str | None, str, str]] = [
    (
        "quota",
        forbidden(QUOTA),
        "jobs",
        None,
        "Job.QuotaExceeded",
        f"A quota of namespace shop is used up: {QUOTA}",
    ),
    (
        "namespace",
        forbidden(TERMINATING, "NamespaceTerminating"),
        "jobs",
        None,
        "Job.Refused",
        f"Namespace shop is being deleted: {TERMINATING}",
    ),
    (
        "no namespace",
        api_errors.NotFound(404, "NotFound", 'namespaces "shop" not found'),
        "jobs",
        None,
        "Job.Refused",
        'Namespace shop does not exist any more: namespaces "shop" not found',
    ),
    (
        "impersonation",
        forbidden(IMPERSONATE),
        "jobs",
        "clerk",
        "Job.Refused",
        (
            "Stepwright may not act as ServiceAccount shop/clerk, which the state machine names in serviceAccountName: "
            "allow Stepwright's own account the verb impersonate on serviceaccounts, resourceNames [clerk], by a Role in "
            f"namespace shop (chart value impersonate). Kubernetes says: {IMPERSONATE}"
        ),
    ),
    (
        "account",
        forbidden(CREATE),
        "jobs",
        "clerk",
        "Job.Refused",
        (
            "ServiceAccount shop/clerk may not create jobs in namespace shop: bind it to a Role there with the verbs "
            f'create, patch and delete on jobs of API group "batch". Kubernetes says: {CREATE}'
        ),
    ),
    (
        "own account",
        forbidden(SECRETS),
        "secrets",
        None,
        "Job.Refused",
        (
            "Stepwright's own account may not create secrets in namespace shop: bind it to a Role there with the verbs "
            f"create, patch and delete on secrets. Kubernetes says: {SECRETS}"
        ),
    ),
    (
        "policy",
        forbidden(POLICY),
        "jobs",
        "clerk",
        "Job.Refused",
        f"An admission rule forbids the task's jobs: {POLICY}",
    ),
    (
        "schema",
        api_errors.Invalid(422, "Invalid", "spec.x is wrong"),
        "jobs",
        None,
        "Job.Refused",
        "Kubernetes has refused to create jobs in namespace shop: spec.x is wrong",
    ),
    (
        "size",
        api_errors.TooLarge(413, "RequestEntityTooLarge", "limit is 3145728"),
        "jobs",
        None,
        "Job.Refused",
        "The Job is too large for Kubernetes: limit is 3145728",
    ),
]


@pytest.mark.parametrize(
    ("error", "resource", "account", "name", "cause"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_a_refusal_is_a_failure_that_says_what_to_do(
    error: api_errors.ApiError, resource: str, account: str | None, name: str, cause: str
) -> None:
    failure = refusals.as_failure(error, REF, "create", resource, account)

    assert (failure.error, failure.cause) == (name, cause)


@pytest.mark.parametrize(
    "error",
    [
        api_errors.Unreachable("time-out", outcome_unknown=True),
        api_errors.TooManyRequests(429, "TooManyRequests", "slow"),
        api_errors.Unauthorized(401, "Unauthorized", "who?"),
        api_errors.Conflict(409, "Conflict", "Operation cannot be fulfilled on resourcequotas"),
    ],
)
def test_what_may_succeed_later_is_no_failure(error: api_errors.ApiError) -> None:
    with pytest.raises(Unavailable, match="cannot create jobs in namespace shop now"):
        refusals.as_failure(error, REF, "create", "jobs", None)
