"""What has become of a task whose process, or container, is gone: decided from what it left in its workplace."""

from __future__ import annotations

from contextlib import suppress

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.signals import Millis, Signal, TaskFailed, TaskId, TaskSucceeded
from stepwright.asl.text import jsontext, timestamps
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.tasks.job import described, errors, template
from stepwright.tasks.job import indexes as job_indexes
from stepwright.tasks.job import output as job_output
from stepwright.tasks.processes import containers
from stepwright.tasks.processes.command import Command
from stepwright.tasks.processes.workplace import Workplace


async def of(task: TaskId, place: Workplace, wanted: Command) -> Signal:
    if place.exit_code is None:
        cause = "The process is gone and left no exit code: it was killed together with the shell around it."
        return TaskFailed(task, errors.DELETED, cause)
    if await _is_without_image(place, wanted):
        assert wanted.image is not None
        cause = f"There is no image {wanted.image.name}: {place.last_words()}"
        return TaskFailed(task, errors.IMAGE_PULL_FAILED, cause)
    if wanted.output == "job":
        return _described(task, place, place.exit_code, wanted)
    return _result(task, place, place.exit_code, wanted)


async def _is_without_image(place: Workplace, wanted: Command) -> bool:
    """Whether no container came about because its image could not be had."""
    engine = place.engine
    if engine is None or wanted.image is None or place.exit_code != containers.DAEMON_FAILED:
        return False
    return not await containers.has_image(engine, wanted.image.name)


def _result(task: TaskId, place: Workplace, code: int, wanted: Command) -> Signal:
    if code:
        with suppress(StateError):
            left = place.output().decode("utf-8", "replace").strip()
            if (own := job_output.own_error(left)) is not None:
                return TaskFailed(task, own, left)
        said = place.last_words()
        what = "process" if place.engine is None else "container"
        cause = f"The {what} ended with exit code {code}" + (f": {said}" if said else ".")
        return TaskFailed(task, errors.FAILED, cause)
    try:
        if wanted.indexes is not None:
            return TaskSucceeded(task, _of_indexes(place, code, wanted.indexes, wanted.output))
        written = _written(place, wanted.output)
        if not written.strip():
            return TaskSucceeded(task, _summary(place, code))
        return TaskSucceeded(task, *_parsed(written, wanted.output))
    except StateError as error:
        return TaskFailed(task, error.error, error.cause)


def _of_indexes(place: Workplace, code: int, indexes: int, output: str) -> Json:
    """A list, as of an Indexed Job. Raises StateError."""
    values: dict[int, Json] = {}
    size = 0
    for index in range(indexes):
        written = _written(place, output, index).strip()
        job_indexes.check_size(place.folder.name, size := size + len(written))
        if written:
            values[index], _ = _parsed(written, output)
    if not values and indexes:
        return _summary(place, code)
    return [values.get(index) for index in range(indexes)]


def _written(place: Workplace, output: str, index: int | None = None) -> bytes:
    """Raises StateError."""
    return place.last_line(index) if output == "stdout" else place.output(index)


def _parsed(written: bytes, output: str) -> tuple[Json, JsonText]:
    """Raises StateError."""
    where = "as the last line of stdout" if output == "stdout" else "to $STEPWRIGHT_OUTPUT_FILE"
    try:
        text = written.decode()
        return jsontext.parse(text), JsonText(text.strip())
    except (UnicodeDecodeError, InvalidJson) as error:
        cause = f"What was written {where} ({len(written):,} bytes) is not JSON: {error}."
        raise StateError(errors.OUTPUT_INVALID, cause) from error


def _described(task: TaskId, place: Workplace, code: int, wanted: Command) -> Signal:
    """As a cluster would describe the Job."""
    began, ended = (timestamps.text(Millis(int(moment * 1000))) for moment in place.times())
    given, name = wanted.job or {}, place.folder.name
    condition = {"type": "Failed" if code else "Complete", "status": "True", "lastTransitionTime": ended}
    counts = {"failed": 1} if code else {"completionTime": ended, "succeeded": 1}
    job = {
        "metadata": {**(given.get("metadata") or {}), "name": name, "uid": name, "creationTimestamp": began},
        "spec": given.get("spec") or {},
        "status": {"conditions": [condition], "startTime": began, **counts},
    }
    logs = None
    if wanted.logs.retrieve:
        log = described.of_log(place.log(described.LARGEST_LOG_BYTES), raw=wanted.logs.raw)
        logs = {name: described.of_pod({template.MAIN: log})}
    value = described.of(job, logs)
    if code:
        return TaskFailed(task, described.FAILED, jsontext.dump(value))
    return TaskSucceeded(task, value)


def _summary(place: Workplace, code: int) -> Json:
    began, ended = (timestamps.text(Millis(int(moment * 1000))) for moment in place.times())
    name = place.folder.name
    return {"jobName": name, "jobUid": name, "exitCode": code, "startedAt": began, "finishedAt": ended}
