"""Which pods a Job has created itself.

A Job's controller also adopts pods that it did not create: any with the Job's label and without a controller.
Such a pod may have run anything, and its end would count as the task's. It is recognised by things that only
the creating controller decides and that no webhook changes:

- From its first moment on a Job's own pod has its controller, and nothing has happened to it yet. A watch
  reports that moment; a pod that appears later, or changes hands, was adopted.
- Its name is the Job's with a random end. While a Job is there no other Job has that name; pods of ReplicaSets and the
  like, whose names could be the same, restart their containers always, which a Job's never do.
- It is not older than the Job, and has the mark of the Job's template. The watch reports only marked pods;
  others are seen only when the pods of a Job are listed.

What a pod runs is not compared with the Job's template: webhooks that pin images, add containers, environment, volumes
or wrap the command are common, and with them no task would ever end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from stepwright.tasks.job.facts import Job, Pod

_LONGEST_START: Final = 58
"""The length of the random end of a name, which Kubernetes adds (k8s.io/apiserver,
names.MaxGeneratedNameLength)."""


class Adopted:
    """The pods that, according to the watch, came to their Job later."""

    def __init__(self) -> None:
        self._uids: set[str] = set()

    def __contains__(self, pod: Pod) -> bool:
        return pod.metadata.uid in self._uids

    def __len__(self) -> int:
        return len(self._uids)

    def observe(self, old: Pod | None, new: Pod | None, *, appears: bool) -> None:
        """``appears``: a watch reports it as new. A list says nothing about its beginning."""
        if new is None:
            return
        late = appears and not new.newborn if old is None else old.job != new.job
        if late and new.job is not None:
            self._uids.add(new.metadata.uid)

    def forget(self, pod: Pod) -> None:
        """It is gone, and nobody needs it any more."""
        self._uids.discard(pod.metadata.uid)

    def told_apart(self, job: Job, pods: Iterable[Pod]) -> tuple[list[Pod], list[Pod]]:
        """Those that the Job created; and those that it did not, but that Kubernetes counts for it."""
        own: list[Pod] = []
        foreign: list[Pod] = []
        for pod in pods:
            is_own = pod not in self and is_made_by(job, pod)
            (own if is_own else foreign).append(pod)
        return own, foreign


def is_made_by(job: Job, pod: Pod) -> bool:
    """As far as the two objects show. ``pod``: one whose controller is the Job."""
    return (
        _is_named_by(job, pod.metadata.name)
        and pod.spec.restartPolicy == job.spec.template.spec.restartPolicy
        and pod.metadata.creationTimestamp >= job.metadata.creationTimestamp
        and pod.metadata.labels.execution_uid == job.metadata.labels.execution_uid
    )


def _is_named_by(job: Job, pod: str) -> bool:
    """With a random end and, for an Indexed Job, the index before it, for which a long name is shortened."""
    indexed = job.spec.completionMode == "Indexed"
    found = re.fullmatch(r"(.+?)(-\d+-)[a-z0-9]{5}" if indexed else r"(.+)(-)[a-z0-9]{5}", pod)
    return found is not None and found[1] == job.metadata.name[: _LONGEST_START - len(found[2])]
