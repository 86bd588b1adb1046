"""What a finished container returned: exact JSON, a summary if it returned nothing, or an error; never a
guess.

The kubelet keeps the last 4,096 bytes of the output file, and less where a pod has more than three containers
(12,288 bytes for all; kubelet's kuberuntime_container.go and status_manager.go). A text of just that length may have
lost its beginning, so it counts as cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.tasks.job import errors
from stepwright.tasks.job.facts import Job, Pod, Terminated

MESSAGE_BYTES: Final = 4096
_POD_MESSAGES_BYTES: Final = 12 * 1024
LINE_BYTES: Final = 256 * 1024

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_STDOUT_HINT: Final = "say `output: stdout` to give up to 256 KiB as the last line of stdout"


def summary(job: Job, terminated: Terminated | None) -> Mapping[str, Json]:
    """The result of a task without output."""
    return {
        "jobName": job.metadata.name,
        "jobUid": job.metadata.uid,
        "exitCode": terminated.exitCode if terminated is not None else 0,
        "startedAt": terminated.startedAt if terminated is not None else job.status.startTime,
        "finishedAt": terminated.finishedAt if terminated is not None else job.status.completionTime,
    }


def from_message(pod: Pod, terminated: Terminated) -> Json:
    """The value in the termination message; raises StateError where it is not one. Not for an empty one."""
    message = terminated.message or ""
    size = len(message.encode())
    containers = len(pod.spec.containers) + len(pod.spec.initContainers)
    limit = min(MESSAGE_BYTES, _POD_MESSAGES_BYTES // max(containers, 1))
    if size >= limit:
        raise StateError(
            errors.OUTPUT_TOO_LARGE,
            f"Container {pod.main} of pod {pod.metadata.name} wrote {limit:,} bytes or more to "
            f"$STEPWRIGHT_OUTPUT_FILE, of which Kubernetes keeps only the last {limit:,}: write less, or {_STDOUT_HINT}.",
        )
    where = f"to $STEPWRIGHT_OUTPUT_FILE by container {pod.main} of pod {pod.metadata.name}"
    if _REPLACEMENT in message:
        # Kubernetes passes on bytes that are not UTF-8 like this: the original is lost.
        raise StateError(
            errors.OUTPUT_INVALID,
            f"What was written {where} ({size:,} bytes) is not UTF-8 (the character U+FFFD itself must be written "
            "as \\ufffd).",
        )
    return _parse(message, where, size)


def own_error(written: str) -> str | None:
    """The name of the error that a failed container gives by what it wrote to its output file, as a Lambda function does:
    an object with ``errorType``. None if it names none."""
    try:
        said = jsontext.parse(written)
    except jsontext.InvalidJson:
        return None
    name = said.get("errorType") if isinstance(said, dict) else None
    return name if isinstance(name, str) and name else None


def from_line(pod: Pod, line: bytes) -> Json:
    """The value in the last line of stdout; raises StateError where it is not one."""
    if len(line) > LINE_BYTES:
        raise StateError(
            errors.OUTPUT_TOO_LARGE,
            f"The last line that container {pod.main} of pod {pod.metadata.name} wrote has more than "
            f"{LINE_BYTES:,} bytes (256 KiB).",
        )
    where = f"as the last line of its log by container {pod.main} of pod {pod.metadata.name}"
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise StateError(
            errors.OUTPUT_INVALID,
            f"What was written {where} is not UTF-8: byte {error.start + 1}: {error.reason}.",
        ) from error
    return _parse(text, where, len(line))


def _parse(text: str, where: str, size: int) -> Json:
    try:
        return jsontext.parse(text)
    except jsontext.InvalidJson as error:
        raise StateError(
            errors.OUTPUT_INVALID, f"What was written {where} ({size:,} bytes) is not JSON: {error}."
        ) from error
