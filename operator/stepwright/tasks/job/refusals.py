"""What the API server's refusals mean for a task, in sentences that say what to do."""

from __future__ import annotations

from stepwright.asl.failure.errors import StateError
from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.kube import api_errors
from stepwright.tasks.job import errors


def as_failure(
    error: api_errors.ApiError, ref: ExecutionRef, verb: str, resource: str, account: str | None
) -> StateError:
    """A refusal as the task's failure. Raises Unavailable if the same request may succeed later.

    ``account``: the ServiceAccount acted for, None for the operator's own. ``resource``: ``jobs``, ``secrets``.
    """
    doing = f"{verb} {resource} in namespace {ref.namespace}"
    if isinstance(
        error,
        api_errors.Unreachable | api_errors.TooManyRequests | api_errors.Unauthorized | api_errors.Conflict,
    ):
        # A Conflict while creating comes from a quota that is being counted.
        raise Unavailable(f"cannot {doing} now: {error}") from error
    if isinstance(error, api_errors.Forbidden):
        return _forbidden(error, ref, verb, resource, account)
    if isinstance(error, api_errors.NotFound):
        return StateError(
            errors.REFUSED, f"Namespace {ref.namespace} does not exist any more: {error.message}"
        )
    if isinstance(error, api_errors.TooLarge):
        return StateError(errors.REFUSED, f"The Job is too large for Kubernetes: {error.message}")
    return StateError(errors.REFUSED, f"Kubernetes has refused to {doing}: {error.message}")


def of_pod(told: str) -> str | None:
    """The error behind the Job controller's message about a pod it could not create; None if there is none.

    Job.Refused: no waiting helps, and the task fails at once.
    """
    if "violates PodSecurity" in told or "unable to validate against any security context constraint" in told:
        return errors.REFUSED
    return errors.QUOTA_EXCEEDED if "exceeded quota:" in told else None


def pod_security(told: str) -> str:
    """What to do about pods that Pod Security refuses."""
    return (
        f"The namespace does not let such a pod run: {told} Say taskDefaults.podSecurity: restricted, or what the pod "
        "lacks in its security contexts."
    )


def _forbidden(
    error: api_errors.Forbidden, ref: ExecutionRef, verb: str, resource: str, account: str | None
) -> StateError:
    if error.quota_exceeded:
        return StateError(
            errors.QUOTA_EXCEEDED, f"A quota of namespace {ref.namespace} is used up: {error.message}"
        )
    if error.namespace_terminating:
        return StateError(errors.REFUSED, f"Namespace {ref.namespace} is being deleted: {error.message}")
    if error.may_not_impersonate:
        return StateError(
            errors.REFUSED,
            f"Stepwright may not act as ServiceAccount {ref.namespace}/{account}, which the state machine names in "
            f"serviceAccountName: allow Stepwright's own account the verb impersonate on serviceaccounts, "
            f"resourceNames [{account}], by a Role in namespace {ref.namespace} (chart value impersonate). "
            f"Kubernetes says: {error.message}",
        )
    if error.by_rbac:
        group = ' of API group "batch"' if resource == "jobs" else ""
        who = f"ServiceAccount {ref.namespace}/{account}" if account else "Stepwright's own account"
        return StateError(
            errors.REFUSED,
            f"{who} may not {verb} {resource} in namespace {ref.namespace}: bind it to a Role there with the verbs "
            f"create, patch and delete on {resource}{group}. Kubernetes says: {error.message}",
        )
    return StateError(errors.REFUSED, f"An admission rule forbids the task's {resource}: {error.message}")
