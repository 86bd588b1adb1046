"""Names of Jobs, labels and annotations.

A Job's name is derived from the execution's uid and the task's id alone: starting the same task again, after
a crash or a lost answer, finds the existing Job instead of making a second one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from typing import Final

from stepwright.asl.signals import TaskId
from stepwright.asl.task_token import task_name as task_name  # noqa: PLC0414 - a name among the others
from stepwright.engine.ports import ExecutionRef, Uid

PREFIX: Final = "stepwright.dev/"
EXECUTIONS_API_VERSION: Final = "stepwright.dev/v1"
"""The kind that owns a task's Job."""

EXECUTION_UID: Final = PREFIX + "execution-uid"
"""Label of Jobs and pods: by it they are found and watched."""
EXECUTION: Final = PREFIX + "execution"
"""Label and annotation: the execution's name, in the label shortened if it is too long for one."""
STATE_MACHINE: Final = PREFIX + "state-machine"
STATE: Final = PREFIX + "state"
"""Label and annotation: the state's name, in the annotation exactly."""
PATH: Final = PREFIX + "path"
"""Annotation: where in the execution, ``Orders[3]/Ship``."""
TASK_NAME: Final = PREFIX + "token"
"""Annotation: which task this is (``asl.task_token.task_name``; not the token that workers answer with). A
Job of the right name with another value is somebody else's."""
TTL_SECONDS: Final = PREFIX + "ttl-seconds"
"""Annotation: the ttlSecondsAfterFinished that the task asked for, set once its result is committed."""
INPUT: Final = PREFIX + "input"
"""Annotation of the pod: the task's input, from which the kubelet writes the input file."""

KUEUE: Final = "kueue.x-k8s.io/queue-name"
"""Label: the queue that a Job waits in. https://kueue.sigs.k8s.io/docs/tasks/run/jobs/"""

_LONGEST_LABEL: Final = 63
# Pods are named after their Job with up to 11 characters more (an index and a random part) and their host names
# end at 63; CronJobs keep their Jobs' names to 52 for that reason, too.
_LONGEST_NAME: Final = 52
_HASH_LENGTH: Final = 10


def job_name(ref: ExecutionRef, task: TaskId) -> str:
    """``order-7-5-k3j9x2abcd``: the execution's name, the id of the TaskScheduled event, a hash of the task's name."""
    end = _end(task_name(ref.uid, task))
    room = _LONGEST_NAME - len(end) - 1
    start = re.sub(r"[^a-z0-9]+", "-", ref.name.lower())[:room].strip("-")
    return f"{start or 'x'}-{end}"


def is_named_by(job: str, task_name: str) -> bool:
    """Whether a Job of that name can be the one of the task of that name."""
    return job.endswith("-" + _end(task_name))


def secret_name(job: str) -> str:
    """The Secret that holds an input too large for an annotation. An admission policy keeps others from such names."""
    return f"{job}-stepwright-input"


def task_of(task_name: str, uid: Uid | str) -> TaskId | None:
    """The task of that name, None if it is not one of that execution."""
    start, _, end = task_name.rpartition("-")
    return TaskId(int(end)) if start == uid and end.isascii() and end.isdigit() else None


def label_value(text: str) -> str:
    """``text`` if it is a valid label value, else its valid characters and a hash, so that different texts
    stay different."""
    if len(text) <= _LONGEST_LABEL and re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?", text):
        return text
    start = re.sub(r"[^A-Za-z0-9]+", "-", text)[: _LONGEST_LABEL - _HASH_LENGTH - 1].strip("-")
    return f"{start}-{_hash(text)}" if start else _hash(text)


def unshortened(label: str) -> str | None:
    """The text of such a label value, None if it may be a shortened one."""
    return None if not label or re.search(rf"(^|-)[a-z2-7]{{{_HASH_LENGTH}}}$", label) else label


def _end(task_name: str) -> str:
    return f"{task_name.rpartition('-')[2]}-{_hash(task_name)}"


@lru_cache(maxsize=1024)  # a task's name is asked for several times while it is started
def _hash(text: str) -> str:
    # Lone surrogates occur in JSON, hence in names of states.
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    # Five bytes are eight characters: ten are enough, and the rest takes three times as long.
    return base64.b32encode(digest[:10]).decode("ascii").lower()[:_HASH_LENGTH]
