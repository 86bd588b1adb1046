"""What must hold at each moment and at the end, whatever goes wrong.

Looks at what lands in the store and at what goes out of the processes, never into the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from stepwright.cluster import executions, stored
from stepwright.tasks.job import names
from tests.simulation import history, remote
from tests.simulation.api_server import ApiServer, Body, Key, Kind, Refusal, Request
from tests.simulation.children import Children
from tests.simulation.jobs import JobNotes, Jobs, is_finished
from tests.simulation.rarities import LARGE_OBJECT_BYTES
from tests.simulation.remote import Remote
from tests.simulation.shards import Shards, is_distributed

if TYPE_CHECKING:
    from tests.simulation.operator import Operator, Setting

KNOWN_AFTER_SECONDS = 3.0

FOREIGN = "somebody else's"


@dataclass
class Watched:
    """An execution, as its writes have shown it."""

    born: Body
    last_event: int = 0
    scheduled: dict[int, str] = field(default_factory=dict)
    """Id of TaskScheduled events, and the name of the process that wrote it."""
    submitted: dict[int, float] = field(default_factory=dict)
    """When the uid of a task's Job was committed, by the id of its TaskScheduled event."""
    undone: dict[int, frozenset[str]] = field(default_factory=dict)
    """Who may know of a task that is written no more since a restore, and may still begin it."""
    open: set[int] = field(default_factory=set)
    previous: dict[int, int] = field(default_factory=dict)
    redriven: set[str] = field(default_factory=set)
    """The requests for which it was redriven."""
    has_children: bool = False
    """Whether it has run child executions of a distributed Map, whose events no history has."""


@dataclass(frozen=True)
class Memory:
    """What was known when a backup was made."""

    watched: dict[str, Watched]
    recorded: frozenset[str]


class Watchman:
    def __init__(
        self, server: ApiServer, jobs: Jobs, complain: Callable[[str], None], random: Random
    ) -> None:
        self._server = server
        self._jobs = jobs
        self._complain = complain
        self._random = random
        self._watched: dict[str, Watched] = {}
        self._foreign: set[str] = set()
        self._came_late: set[str] = set()
        self.wrote_last: dict[str, str] = {}
        self.calm = False
        self.counted = True
        """Whether all executions were begun by a version that counts the bytes of histories."""
        self.is_earlier: Callable[[str], bool] = lambda _: False
        """Whether the process of this name is of the version before: how it ends itself, and words the end of an
        execution, is its own affair."""
        self._ended_by: dict[str, str] = {}
        self.may_act: Callable[[str, str], bool] = lambda _, __: True
        """Whether the process of this name may act upon the execution of this uid."""
        self.rights_taken = False
        """Whether operators may have been refused what they may do otherwise."""
        self.restored = False
        self.remote: Remote
        self.children: Children
        self.twice = 0
        self.late = 0
        self.outcomes: list[str] = []
        self.events = 0
        self.shards = Shards(complain)
        server.observers.append(self._observe)

    def was_written(self, uid: str, task: int) -> bool:
        """Whether the start of a task was; also one that a restore has undone."""
        watched = self._watched.get(uid)
        return watched is not None and (task in watched.scheduled or task in watched.undone)

    def born(self, body: Body) -> None:
        self._watched[body["metadata"]["uid"]] = Watched(body)

    # --- Backups -----------------------------------------------------------------------------------------------------

    def remember(self) -> Memory:
        watched = {uid: replace(seen, **_copies(seen)) for uid, seen in self._watched.items()}
        return Memory(watched, frozenset(self._jobs.recorded))

    def recall(self, memory: Memory, living: Iterable[str] = ()) -> None:
        """The cluster is as it was then; what was created later is not there. ``living``: the processes that lived through
        it, and have not heard of it yet."""
        before, witnesses = self._watched, frozenset(living)
        later = {uid: seen for uid, seen in before.items() if uid not in memory.watched}
        self._watched = later | {uid: replace(seen, **_copies(seen)) for uid, seen in memory.watched.items()}
        for uid, seen in before.items():
            known = {**seen.undone, **dict.fromkeys(seen.scheduled, witnesses)}
            self._watched[uid].undone = {task: by & witnesses for task, by in known.items()}
        self._jobs.recorded = set(memory.recorded)
        self.wrote_last.clear()
        self.restored = True

    # --- What lands --------------------------------------------------------------------------------------------------

    def _observe(self, kind: Kind, key: Key, old: Body | None, new: Body) -> None:
        if key[0] == "executions" and kind == "MODIFIED" and old is not None:
            self._written(key, old, new)
        elif key[0] == "executions" and kind == "ADDED":
            self.born(new)
        elif key[0] == "jobs" and kind == "ADDED":
            self._created(new)

    def _written(self, key: Key, old: Body, new: Body) -> None:
        before, after, uid = old["status"], new["status"], new["metadata"]["uid"]
        watched = self._watched[uid]
        if before == after:
            return
        name = f"execution {key[2]}"
        self.wrote_last[uid] = self._server.by
        if after["seq"] not in (before["seq"], before["seq"] + 1):
            self._complain(f"{name} went from seq {before['seq']} to {after['seq']}")
        if after.get("commitId") != before.get("commitId") and after["seq"] != before["seq"] + 1:
            self._complain(f"{name} was committed without a new seq")
        is_redriven = after.get("redriveCount", 0) != before.get("redriveCount", 0)
        if is_redriven:
            self._redriven(name, watched, before, after)
        if before["phase"] in ("Pending", "Running") or is_redriven:
            self._ended_by[uid] = self._server.by
        elif after["phase"] != before["phase"]:
            self._complain(f"{name} went from {before['phase']} to {after['phase']}")
        if before.get("settled") and not (after.get("settled") or is_redriven):
            self._complain(f"{name} is no longer settled")
        self._new_events(name, uid, watched, before.get("history") or [], after.get("history") or [])
        has_ended = after["phase"] not in ("Pending", "Running")
        self._tasks_of_children(uid, watched, {} if has_ended else after.get("checkpoint") or {})
        if after.get("settled") and not before.get("settled") and self.may_act(self._server.by, uid):
            for job in self._jobs_of(uid):
                notes = self._jobs.notes[job["metadata"]["uid"]]
                if not self._is_active(job) or not self._must_be_known(notes):
                    continue
                if notes.lost:
                    # Its container had ended well, then its node was lost, and `settled` may be said before that is
                    # noticed. From now on no pod of it may run for long (``Jobs._may_run_on``).
                    self._jobs.recorded.add(notes.token)
                else:
                    self._complain(f"{name} has settled while Job {job['metadata']['name']} is active")
            for work in self.remote.running_of(uid):
                self._complain(f"{name} has settled while remote work {work.number} runs")
            for child in self.children.unstopped_of(uid):
                self._complain(f"{name} has settled while {child} runs, which is not asked to stop")

    def _redriven(self, name: str, watched: Watched, before: Body, after: Body) -> None:
        """It goes on from where it had ended: once for each request, and only when nothing of it ran any more."""
        if not (before.get("settled") and before.get("redrivable")):
            self._complain(f"{name} was redriven from {before['phase']}, settled: {before.get('settled')}")
        if after["redriveCount"] != before.get("redriveCount", 0) + 1 or after["seq"] != before["seq"] + 1:
            self._complain(f"{name} was redriven otherwise than by one commit")
        request = after["redrives"][-1]["requestId"]
        if request in watched.redriven:
            self._complain(f"{name} was redriven again for {request}")
        watched.redriven.add(request)

    def _new_events(self, name: str, uid: str, watched: Watched, old: list[str], new: list[str]) -> None:
        if new == old:
            return
        # The oldest may have gone to a page of their own.
        gone = next(at for at in range(len(old) + 1) if new[: len(old) - at] == old[at:])
        for text in new[len(old) - gone :]:
            event = msgspec.json.decode(text)
            number = event["id"]
            if number != watched.last_event + 1:
                self._complain(f"{name} has event {number} after {watched.last_event}")
            watched.last_event = number
            watched.previous[number] = event["previousEventId"]
            if event["type"] == "TaskScheduled":
                watched.scheduled[number] = self._server.by
                self._perhaps_foreign(watched, uid, number)
            elif event["type"] == "TaskSubmitted":
                watched.submitted[_task_of(watched, number)] = asyncio.get_running_loop().time()
            elif event["type"] in ("TaskSucceeded", "TaskFailed"):
                self._jobs.recorded.add(f"{uid}-{_task_of(watched, number)}")

    def _tasks_of_children(self, uid: str, watched: Watched, checkpoint: dict[str, str]) -> None:
        """Of child executions, which have no history: what the checkpoint says of their tasks."""
        watched.has_children = watched.has_children or is_distributed(checkpoint)
        if not watched.has_children:
            return
        parts = [msgspec.json.decode(text) for text in checkpoint.values()]
        for part in parts:
            if "shard" in part:
                watched.scheduled.setdefault(part["shard"], self._server.by)
        tasks = {task["id"]: task for part in parts if (task := part.get("task"))}
        for number, task in tasks.items():
            watched.scheduled.setdefault(number, self._server.by)
            if "submitted" in task:
                watched.submitted.setdefault(number, asyncio.get_running_loop().time())
        self._jobs.recorded.update(f"{uid}-{number}" for number in watched.open - tasks.keys())
        watched.open = set(tasks)

    def _perhaps_foreign(self, watched: Watched, uid: str, task: int) -> None:
        """Somebody makes a Job of the very name that the task's Job is to have."""
        if self.calm or self._random.randrange(60):
            return
        name = names.job_name(stored.of(watched.born).reference, task)  # type: ignore[arg-type] # an id is a number
        body: Body = {
            "metadata": {
                "name": name,
                "labels": {names.EXECUTION_UID: uid},
                "annotations": {names.TASK_NAME: FOREIGN},
            },
            "spec": {
                "ttlSecondsAfterFinished": 3,
                "template": {
                    "metadata": {"labels": {names.EXECUTION_UID: uid}},
                    "spec": {"containers": [{"name": "main"}]},
                },
            },
        }
        try:
            self._server.create("jobs", watched.born["metadata"]["namespace"], body)
            self._foreign.add(f"{uid}-{task}")
        except Refusal:
            return

    def _created(self, job: Body) -> None:
        """A Job has come to be: of a task that is written, and for the first time."""
        token = (job["metadata"].get("annotations") or {}).get(names.TASK_NAME, "")
        if token == FOREIGN:
            return
        if self._server.sender_gave_up:
            self._came_late.add(job["metadata"]["uid"])
        name = job["metadata"]["name"]
        uid, _, number = token.rpartition("-")
        task = int(number)
        watched = self._watched[uid]
        # Whoever had written its start before a restore has it begun once the API server answers again.
        if task not in watched.scheduled and self._server.by not in watched.undone.get(task, ()):
            self._complain(f"Job {name} was created before its task was written")
        earlier = [
            notes
            for notes in self._jobs.of_token(token)
            if notes.uid != job["metadata"]["uid"] and not notes.undone
        ]
        if not earlier:
            return
        last = earlier[-1]
        # The one documented exception: deleted before its uid was known, its creation's answer being lost or its
        # creator dead.
        submitted = watched.submitted.get(task)
        if last.removed is not None and (submitted is None or submitted > last.removed):
            self.twice += 1
        elif last.removed is not None and self._server.sender_gave_up:
            # An earlier attempt that was not answered lands at last. It must be stopped: looked at in the end.
            self.late += 1
        else:
            self._complain(f"Job {name} was created again, by {self._server.by} after {last.by}")

    # --- What goes out -----------------------------------------------------------------------------------------------

    def sends(self, operator: Operator, request: Request) -> None:
        if request.method == "POST" and request.path.endswith("/jobs"):
            assert request.body is not None
            uid = msgspec.json.decode(request.body)["metadata"]["labels"][names.EXECUTION_UID]
            if not operator.may_act(uid):
                self._complain(f"{operator.process.name} starts a Job of an execution that is not its own")
        elif request.path == f"/{remote.SERVICE}/begin":
            assert request.body is not None
            if not operator.may_act(msgspec.json.decode(request.body)["uid"]):
                self._complain(f"{operator.process.name} begins work of an execution that is not its own")

    def process_ended(self, operator: Operator) -> None:
        process = operator.process
        if self.is_earlier(process.name):
            return
        for task in process.tasks:
            if not task.done():
                self._complain(
                    f"a task of {process.name} does not end: {task.get_name()}, which is in {_place(task)}"
                )
            elif task._log_traceback:  # whether anyone has looked at its exception
                error = task.exception()
                if process.alive:
                    self._complain(f"nobody looked at the exception of {task.get_name()}: {error!r}")

    # --- At the end --------------------------------------------------------------------------------------------------

    def final(self, setting: Setting, *, may_end_plainly: bool) -> None:
        for body in self._server.all("jobs"):
            if self._is_active(body) and (body["metadata"].get("labels") or {}).get(names.EXECUTION_UID):
                self._complain(f"Job {body['metadata']['name']} is left running")
        objects = {body["metadata"]["name"]: body for body in self._server.all("executionhistories")}
        for body in self._server.all("executions"):
            self.outcomes.append(stored.of(body).phase)
            if not stored.of(body).pinned:
                continue
            name, uid = body["metadata"]["name"], body["metadata"]["uid"]
            pinned = stored.of(body).pinned
            assert pinned is not None
            if self.is_earlier(self._ended_by.get(uid, "")):
                continue
            loaded = executions.loaded(
                stored.of(self._watched[uid].born), setting.revisions[pinned.revision], {}
            )
            own = {key: value for key, value in objects.items() if value["executionRef"]["uid"] == uid}
            is_shard, has_children = "mapShard" in body["spec"], self._watched[uid].has_children
            if is_shard or has_children:
                texts = {key: value["payload"] for key, value in own.items() if "payload" in value}
                self.shards.final(body, texts)
            if is_shard:
                continue
            try:
                if has_children:
                    self.events += len(history.whole(body["status"], own))
                    continue
                events = history.check(
                    loaded,
                    body["status"],
                    own,
                    setting.limits,
                    setting.step_seed,
                    may_end_plainly=may_end_plainly,
                    counted=self.counted,
                )
                self.events += len(events)
                self._check_results(uid, events)
            except history.Wrong as error:
                self._complain(f"execution {name}: {error}")

    def _check_results(self, uid: str, events: list[dict[str, Any]]) -> None:
        """What is recorded of each task is what became of its own Job."""
        for event in events:
            if event["type"] not in ("TaskSucceeded", "TaskFailed"):
                continue
            task = event["previousEventId"]
            while events[task - 1]["type"] != "TaskScheduled":
                task = events[task - 1]["previousEventId"]
            details = events[task - 1]["taskScheduledEventDetails"]
            if details["resourceType"] == remote.SERVICE:
                self._check_remote(uid, task, event)
            if details["resource"] != "job":
                continue
            if events[task - 1]["taskScheduledEventDetails"]["resourceType"] == "states":
                what = self.children.wrong_of(uid, task, events[task - 1], event, self._excuses())
                if what is not None:
                    raise history.Wrong(f"task {task}: {what}")
                continue
            token = f"{uid}-{task}"
            notes = self._jobs.of_token(token)
            if event["type"] == "TaskSucceeded":
                output = msgspec.json.decode(event["taskSucceededEventDetails"]["output"])
                if not any(_gave(job, output) for job in notes):
                    raise history.Wrong(f"task {task} succeeded with {output}, which its Job did not give")
            else:
                self._check_failure(token, task, event["taskFailedEventDetails"], notes)

    def _excuses(self) -> set[str]:
        """Errors that tasks which start executions may have for what is wrong in the world."""
        excuses = set()
        if self._server.terminating or self.rights_taken:
            excuses.add("StepFunctions.AWSStepFunctionsException")
        if self._server.terminating or self.restored:
            excuses.add("StepFunctions.ExecutionDoesNotExistException")
        if self._server.largest_bytes <= LARGE_OBJECT_BYTES:
            excuses.add("StepFunctions.ValidationException")
        return excuses

    def _check_remote(self, uid: str, task: int, event: dict[str, Any]) -> None:
        works = self.remote.of((uid, task))
        if event["type"] == "TaskSucceeded":
            output = msgspec.json.decode(event["taskSucceededEventDetails"]["output"])
            if not any(work.ended and work.output == output for work in works):
                raise history.Wrong(f"task {task} succeeded with {output}, which nothing gave that it began")
            return
        error = event["taskFailedEventDetails"]["error"]
        failed = any(work.ended and work.error == error for work in works)
        if not (failed or (error == "Remote.Stopped" and self.restored)):
            raise history.Wrong(
                f"task {task} failed with {error}, for which nothing that it began gave a reason"
            )

    def _check_failure(self, token: str, task: int, details: dict[str, Any], notes: list[JobNotes]) -> None:
        error = details["error"]
        allowed = set().union(*(job.errors for job in notes))
        if any(job.removed_by_hand for job in notes):
            allowed |= {"Job.Deleted"}
        if any(job.undone for job in notes):
            # The backup knew that the task was started, and not its Job.
            allowed |= {"Job.Deleted"}
        if self.rights_taken:
            allowed |= {"Job.Refused"}
        if token in self._foreign:
            allowed.add("Job.Refused")
        if self._server.terminating:
            allowed |= {"Job.Refused", "Job.Deleted"}
        if self._server.largest_bytes <= LARGE_OBJECT_BYTES:
            allowed |= {"Job.Refused"}
        if error not in allowed:
            raise history.Wrong(f"task {task} failed with {details}, which its Job gave no reason for")

    # --- Jobs --------------------------------------------------------------------------------------------------------

    def _must_be_known(self, job: JobNotes) -> bool:
        """Not one that landed late, or a moment before its creator's end: who takes over may not have heard of it
        yet. Both are stopped when they are."""
        age = asyncio.get_running_loop().time() - job.created
        return age > KNOWN_AFTER_SECONDS and job.uid not in self._came_late

    def _jobs_of(self, uid: str) -> list[Body]:
        return [
            job
            for job in self._server.all("jobs")
            if (job["metadata"].get("labels") or {}).get(names.EXECUTION_UID) == uid
            and job["metadata"]["annotations"][names.TASK_NAME] != FOREIGN
        ]

    def _is_active(self, job: Body) -> bool:
        """Not finished, and no pod of it has done its work already."""
        if is_finished(job):
            return False
        uid = job["metadata"]["uid"]
        return not any(
            status["state"].get("terminated", {}).get("exitCode") == 0
            for pod in self._server.all("pods")
            if any(owner["uid"] == uid for owner in pod["metadata"]["ownerReferences"])
            for status in pod["status"].get("containerStatuses") or ()
        )


def _copies(seen: Watched) -> dict[str, Any]:
    """Of what changes in it."""
    return {
        "scheduled": dict(seen.scheduled),
        "submitted": dict(seen.submitted),
        "open": set(seen.open),
        "previous": dict(seen.previous),
        "redriven": set(seen.redriven),
    }


def _task_of(watched: Watched, event: int) -> int:
    """The id of the TaskScheduled event that an event of a task goes back to."""
    task = watched.previous[event]
    while task not in watched.scheduled and task:
        task = watched.previous[task]
    return task


def _gave(job: JobNotes, output: Any) -> bool:
    if not job.succeeded:
        return False
    return output in job.results or (isinstance(output, dict) and output.get("jobUid") == job.uid)


def _place(task: asyncio.Task[Any]) -> str:
    """Where a task waits, from the outside in."""
    found: list[str] = []
    at: Any = task.get_coro()
    while at is not None:
        found.append(getattr(at, "__qualname__", repr(at)))
        at = getattr(at, "cr_await", None)
    return " > ".join(found)
