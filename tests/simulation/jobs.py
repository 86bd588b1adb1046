"""The rest of the cluster: the Job controller, the kubelet, the TTL controller, and people with kubectl.

A Job's pod succeeds with an output or without, fails, runs out of memory, is evicted and made again, waits for a
node, is lost with its node right after its container has ended well; the Job or its pod is deleted by hand, its end
shows late or before its pod's. What came of each Job is noted, so that what an execution says of a task can be held
against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from stepwright.kube import timestamps
from stepwright.tasks.job import names
from tests.engine.virtual_loop import BEGIN
from tests.simulation.api_server import OUTSIDE, ApiServer, Body, Key, Kind, Refusal

FINISHED = ("Complete", "Failed")
STOPPED_WITHIN_SECONDS = 75
"""How long a pod may run at most for a task whose result is recorded: two audits, and who takes over."""


@dataclass
class JobNotes:
    """What is known of a Job that was created, whoever asks."""

    uid: str
    name: str
    token: str
    created: float
    by: str
    results: list[Any] = field(default_factory=list)
    """What its pods gave; a Job whose pod gave nothing has an empty list and ``succeeded``."""
    succeeded: bool = False
    errors: set[str] = field(default_factory=set)
    """The failures that may be reported of it."""
    removed: float | None = None
    removed_by_hand: bool = False
    brought_back: bool = False
    """A backup did. What was recorded may be of its life before, which its kubelet no longer knows here."""
    undone: bool = False
    """It was created after the backup to which the cluster was set back."""
    lost: bool = False
    """A pod of it had ended well when its node was lost, so that it runs again."""


@dataclass(frozen=True)
class Habits:
    """How Jobs fare, as weights. ``calm`` leaves only what needs nobody's help to end."""

    weights: dict[str, int]
    longer_seconds: float = 0
    """How much longer than usual each pod runs."""

    def draw(self, random: Random) -> str:
        return random.choices(tuple(self.weights), tuple(self.weights.values()))[0]


CALM = Habits({"output": 8, "nothing": 1, "fails": 2})
USUAL = Habits(
    {
        "output": 30,
        "nothing": 4,
        "invalid output": 1,
        "fails": 7,
        "out of memory": 1,
        "evicted": 3,
        "evicted but done": 1,
        "lost after its end": 3,
        "pending": 2,
        "no pod": 1,
        "job deleted": 3,
        "pod deleted": 2,
        "pod lost after": 2,
        "deleted after": 1,
    }
)


def is_finished(job: Body) -> bool:
    return any(
        condition["type"] in FINISHED and condition["status"] == "True"
        for condition in (job.get("status") or {}).get("conditions") or ()
    )


class Jobs:
    def __init__(self, server: ApiServer, random: Random, trace: Callable[..., None]) -> None:
        self._server = server
        self._random = random
        self._trace = trace
        self._outputs = 0
        self._pods = 0
        self.habits = USUAL
        self._lives: dict[str, asyncio.Task[None]] = {}
        self.recorded: set[str] = set()
        """The tokens of tasks whose end an execution has recorded."""
        self.complain: Callable[[str], None] = lambda _: None
        self.notes: dict[str, JobNotes] = {}
        """By the Job's uid, in the order of creation."""
        server.observers.append(self._observe)

    def of_token(self, token: str) -> list[JobNotes]:
        return [notes for notes in self.notes.values() if notes.token == token]

    def begin_again(self) -> None:
        """The cluster was restored: what ran for a Job that has not finished is lost, and its controller begins anew."""
        for life in self._lives.values():
            life.cancel()
        self._lives.clear()
        there = {job["metadata"]["uid"]: job for job in self._server.all("jobs")}
        for uid, notes in self.notes.items():
            if uid not in there and notes.removed is None:
                notes.undone, notes.removed = True, _now()
        for uid, job in there.items():
            notes = self.notes[uid]
            notes.removed, notes.created, notes.brought_back = None, _now(), True
            key = ("jobs", job["metadata"]["namespace"], job["metadata"]["name"])
            if not is_finished(job):
                for pod in self._server.all("pods"):
                    if any(owner["uid"] == uid for owner in pod["metadata"]["ownerReferences"]):
                        self._server.remove(("pods", key[1], pod["metadata"]["name"]))
                self._begin_life(key, uid)
            self._set_timers(key, job)

    def _begin_life(self, key: Key, uid: str) -> None:
        life = asyncio.get_running_loop().create_task(
            self._live(key, uid), name=f"job {key[2]}", context=OUTSIDE
        )
        self._lives[uid] = life

    def _observe(self, kind: Kind, key: Key, _old: Body | None, new: Body) -> None:
        if key[0] != "jobs":
            return
        uid = new["metadata"]["uid"]
        if kind == "ADDED":
            token = (new["metadata"].get("annotations") or {}).get(names.TASK_NAME, "")
            self.notes[uid] = JobNotes(uid, key[2], token, _now(), self._server.by)
            self._begin_life(key, uid)
        elif kind == "DELETED":
            self.notes[uid].removed = _now()
        else:
            self._set_timers(key, new)

    def _set_timers(self, key: Key, job: Body) -> None:
        """For the end of its TTL or of its deadline."""
        uid = job["metadata"]["uid"]
        if (expires := _expires(job)) is not None:
            self._server.later(
                max(0.0, expires - _now()) + self._random.uniform(0, 2), self._expire, key, uid
            )
        elif (exceeds := self._exceeds(job)) is not None:
            left = max(0.0, exceeds - _now())
            self._server.later(left + self._random.uniform(0.05, 1), self._exceed, key, uid)

    def _exceeds(self, job: Body) -> float | None:
        """When its activeDeadlineSeconds are over; None where it has none, or has finished."""
        deadline = job["spec"].get("activeDeadlineSeconds")
        if deadline is None or is_finished(job):
            return None
        return self.notes[job["metadata"]["uid"]].created + float(deadline)

    # Both look at the Job as it is then, as its controllers do: it may have got another time meanwhile, or have been
    # restored to when it had none.

    def _expire(self, key: Key, uid: str) -> None:
        job = self._job(key, uid)
        expires = None if job is None else _expires(job)
        if expires is not None and expires <= _now():
            self._server.remove(key)

    def _exceed(self, key: Key, uid: str) -> None:
        """It has run longer than its activeDeadlineSeconds: its pods are deleted, and it has failed."""
        job = self._job(key, uid)
        exceeds = None if job is None else self._exceeds(job)
        if exceeds is None or exceeds > _now():
            return
        self._trace("cluster", "deadline of", key[2])
        for pod in self._server.all("pods"):
            if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences") or ()):
                self._server.remove(("pods", key[1], pod["metadata"]["name"]))
        self._finish(key, uid, failed=True, reason="DeadlineExceeded")

    # --- The Job controller ------------------------------------------------------------------------------------------

    async def _live(self, key: Key, uid: str) -> None:
        random, notes = self._random, self.notes[uid]
        await asyncio.sleep(random.uniform(0.02, 0.3))
        for _ in range(100):
            job = self._job(key, uid)
            if job is None or is_finished(job):
                return
            fate = self.habits.draw(random)
            self._trace("cluster", "pod of", key[2], fate)
            if fate == "no pod":
                notes.errors |= {"Job.QuotaExceeded", "Job.NoPod"}
                self._complain(key, uid)
                await asyncio.sleep(random.uniform(2, 20))
                continue
            try:
                pod = self._make_pod(job)
            except Refusal:
                return  # the namespace is being deleted, and the Job with it
            again = await self._run_pod(key, uid, pod, fate, notes)
            if not again or self._is_over(key, uid):
                return

    def _complain(self, key: Key, uid: str) -> None:
        event = {
            "metadata": {"generateName": f"{key[2]}."},
            "involvedObject": {"kind": "Job", "uid": uid},
            "reason": "FailedCreate",
            "message": "Error creating: pods is forbidden: exceeded quota: pods",
            "lastTimestamp": self._server.now(),
        }
        with suppress(Refusal):
            self._server.create("events", key[1], event)

    def _make_pod(self, job: Body) -> Key:
        metadata, template = job["metadata"], job["spec"]["template"]
        self._pods += 1
        name = f"{metadata['name']}-{self._pods:05}"
        labels = (template.get("metadata") or {}).get("labels") or {}
        self._server.create(
            "pods",
            metadata["namespace"],
            {
                "metadata": {
                    "name": name,
                    "labels": {**labels, "batch.kubernetes.io/controller-uid": metadata["uid"]},
                    "ownerReferences": [
                        {"kind": "Job", "name": metadata["name"], "uid": metadata["uid"], "controller": True}
                    ],
                },
                "spec": {"containers": [{"name": c["name"]} for c in template["spec"]["containers"]]},
                "status": {"phase": "Pending"},
            },
        )
        return ("pods", metadata["namespace"], name)

    async def _run_pod(self, key: Key, uid: str, pod: Key, fate: str, notes: JobNotes) -> bool:
        """One pod's life. Whether the Job makes another one."""
        random = self._random
        if fate == "pending":
            await self._hang(pod, notes)
        usual = random.choice((0.2, 0.5, 1, 1, 2, 3)) + random.uniform(0, 0.1)
        await asyncio.sleep(usual + self.habits.longer_seconds)
        if not await self._may_run_on(key, uid):
            return self._late_end(pod)
        match fate:
            case "job deleted":
                notes.removed_by_hand = True
                self._server.remove(key)
                return False
            case "pod deleted":
                notes.errors |= {"Job.Evicted", "Job.Failed"}
                self._edit_pod(pod, phase="Failed", exit_code=143, reason="Error", deleted=True)
            case "evicted" | "evicted but done":
                done = fate == "evicted but done"
                if done:
                    self._give_output(pod, notes, disrupted=True, deleted=True)
                else:
                    self._edit_pod(
                        pod, phase="Failed", exit_code=143, reason="Error", disrupted=True, deleted=True
                    )
                if not done:
                    self._server.later(random.uniform(0, 1), self._remove, pod)
                    await asyncio.sleep(random.uniform(0.1, 1))
                    return True
            case "lost after its end":
                self._give_output(pod, notes, phase="Running")
                await asyncio.sleep(random.choice((0, 0.05, 0.5, 3)) + random.uniform(0, 0.05))
                self._lose(pod)
                notes.lost = True
                await asyncio.sleep(random.uniform(0.1, 1))
                return True
            case "fails":
                notes.errors.add("Job.Failed")
                self._edit_pod(pod, phase="Failed", exit_code=random.choice((1, 2, 127)), reason="Error")
            case "out of memory":
                notes.errors.add("Job.OOMKilled")
                self._edit_pod(pod, phase="Failed", exit_code=137, reason="OOMKilled")
            case "invalid output":
                notes.errors |= {"Job.OutputInvalid"}
                # Where its output is its log, and there is none, it is no failure.
                notes.succeeded = True
                self._edit_pod(pod, phase="Succeeded", exit_code=0, reason="Completed", message="{not json")
            case "nothing":
                notes.succeeded = True
                self._edit_pod(pod, phase="Succeeded", exit_code=0, reason="Completed")
            case _:
                self._give_output(pod, notes)
        failed = fate in ("fails", "out of memory", "pod deleted")
        # The Job counts its pod a little later; who watches may see it sooner.
        await asyncio.sleep(random.choice((0, 0.1, 0.5, 2)) + random.uniform(0, 0.05))
        self._finish(key, uid, failed=failed)
        if fate in ("evicted but done", "pod deleted", "pod lost after"):
            notes.errors.add("Job.Failed" if failed else "Job.OutputLost")
            self._server.later(random.uniform(0, 1), self._remove, pod)
        elif fate == "deleted after":
            notes.errors.add("Job.OutputLost")
            await asyncio.sleep(random.uniform(0, 3))
            if self._job(key, uid) is not None:
                notes.removed_by_hand = True
                self._server.remove(key)
        return False

    async def _may_run_on(self, key: Key, uid: str) -> bool:
        """Whether the Job still wants what its pod does. For a task whose result is recorded nothing may run for long."""
        for _ in range(STOPPED_WITHIN_SECONDS):
            if self._is_over(key, uid):
                return False
            if self.notes[uid].token not in self.recorded or self.notes[uid].brought_back:
                return True
            await asyncio.sleep(1)
        self.complain(f"Job {key[2]} runs again, though the end of its task is recorded")
        return True

    def _lose(self, pod: Key) -> None:
        """Its node is gone: the pod collector ends it as disrupted, which a Job of Stepwright's makes good for."""
        body = self._server.edited(pod)
        if body is None:
            return
        body["status"] |= {"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True"}]}
        body["metadata"]["deletionTimestamp"] = self._server.now()
        self._server.change(pod, body)
        self._server.later(self._random.uniform(0, 1), self._remove, pod)

    def _late_end(self, pod: Key) -> bool:
        """Its Job is gone, and it ends all the same, well or not, before it is collected."""
        if self._server.get(*pod) is not None:
            if self._random.randrange(2):
                self._edit_pod(
                    pod, phase="Succeeded", exit_code=0, reason="Completed", message='"late"', deleted=True
                )
            else:
                self._edit_pod(pod, phase="Failed", exit_code=143, reason="Error", deleted=True)
        return False

    async def _hang(self, pod: Key, notes: JobNotes) -> None:
        body = self._server.edited(pod)
        if body is None:
            return
        if self._random.randrange(2):
            notes.errors.add("Job.Unschedulable")
            body["status"]["conditions"] = [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}
            ]
        else:
            notes.errors.add("Job.ImagePullFailed")
            waiting = {"reason": self._random.choice(("ErrImagePull", "InvalidImageName"))}
            main = body["spec"]["containers"][0]["name"]
            body["status"]["containerStatuses"] = [{"name": main, "state": {"waiting": waiting}}]
        self._server.change(pod, body)
        await asyncio.sleep(self._random.uniform(1, 18))

    def _give_output(self, pod: Key, notes: JobNotes, *, phase: str = "Succeeded", **more: bool) -> None:
        self._outputs += 1
        value = {"n": self._outputs, "a": [1, 2], "b": self._random.randrange(3)}
        notes.results.append(value)
        notes.succeeded = True
        text = msgspec.json.encode(value).decode()
        self._server.logs[pod[1], pod[2]] = b"begun\n" + text.encode() + b"\n"
        self._edit_pod(pod, phase=phase, exit_code=0, reason="Completed", message=text, **more)

    def _edit_pod(
        self,
        pod: Key,
        *,
        phase: str,
        exit_code: int,
        reason: str,
        message: str = "",
        disrupted: bool = False,
        deleted: bool = False,
    ) -> None:
        body = self._server.edited(pod)
        if body is None:
            return
        terminated = {
            "exitCode": exit_code,
            "reason": reason,
            "message": message,
            "startedAt": body["metadata"]["creationTimestamp"],
            "finishedAt": self._server.now(),
        }
        main = body["spec"]["containers"][0]["name"]
        body["status"] = {
            "phase": phase,
            "containerStatuses": [{"name": main, "state": {"terminated": terminated}}],
        }
        if disrupted:
            body["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
        if deleted:
            body["metadata"]["deletionTimestamp"] = self._server.now()
        self._server.change(pod, body)

    def _finish(self, key: Key, uid: str, *, failed: bool, reason: str = "BackoffLimitExceeded") -> None:
        job = self._job(key, uid)
        if job is None:
            return
        body = self._server.edited(key)
        assert body is not None
        condition = (
            {"type": "Failed", "status": "True", "reason": reason, "message": "it failed"}
            if failed
            else {"type": "Complete", "status": "True"}
        )
        body["status"] = {
            "conditions": [condition],
            "startTime": body["metadata"]["creationTimestamp"],
            "completionTime": self._server.now(),
        }
        self._server.change(key, body)

    def _is_over(self, key: Key, uid: str) -> bool:
        job = self._job(key, uid)
        return job is None or is_finished(job)

    def _remove(self, key: Key) -> None:
        if self._server.get(*key) is not None:
            self._server.remove(key)

    def _job(self, key: Key, uid: str) -> Body | None:
        job = self._server.get(*key)
        return job if job is not None and job["metadata"]["uid"] == uid else None


def _expires(job: Body) -> float | None:
    """When the ttlSecondsAfterFinished of one that has finished are over; None where it stays."""
    ttl = job["spec"].get("ttlSecondsAfterFinished")
    if ttl is None or not is_finished(job):
        return None
    finished = timestamps.millis(job["status"]["completionTime"]) - BEGIN
    return finished / 1000 + float(ttl)


def _now() -> float:
    return asyncio.get_running_loop().time()
