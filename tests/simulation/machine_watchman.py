"""What must hold of StateMachines, their revisions, and of what executions run, whatever goes wrong.

Each definition that is written is judged here once more; what the operators say and keep of it is compared with that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stepwright.asl import definition
from stepwright.asl.definition import NO_DRIVER
from stepwright.asl.definition.substitutions import InvalidSubstitution
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.cluster import revisions as stored_revisions
from stepwright.cluster import stored
from stepwright.cluster.revisions import Revision
from stepwright.cluster.serving import Cluster
from stepwright.controllers import checking
from stepwright.controllers.known_machines import Known
from stepwright.tasks import job, table
from tests.simulation.api_server import ApiServer, Body, Key, Kind

REASONS_NOT_READY = ("InvalidDefinition", "NoDriver")


@dataclass(frozen=True)
class Right:
    """What is right to say of a definition. ``revision`` None: nothing can start, for ``reason``."""

    reason: str
    revision: str | None = None


@dataclass(frozen=True)
class Ready:
    """A StateMachine that was Ready when an execution was created."""

    uid: str
    generation: int


class MachineWatchman:
    """``revisions``: gets each that is made."""

    def __init__(
        self, server: ApiServer, revisions: dict[str, Revision], complain: Callable[[str], None]
    ) -> None:
        self._server = server
        self._revisions = revisions
        self._complain = complain
        self._right: dict[tuple[str, int], Right] = {}
        """By uid and generation."""
        self._newest: dict[tuple[str, str], int] = {}
        """The newest generation that gives a revision, by uid and revision."""
        self._ready: dict[str, Ready] = {}
        """By uid of the execution."""
        self.one_controller = True
        """Whether there is one installation. Of two each has a controller, and knows of a change when it has seen it."""
        self._ran: set[str] = set()
        """Revisions that executions have started with."""
        server.observers.append(self._observe)

    def recall(self) -> None:
        """The cluster is as it was; a generation may come again with another content."""
        for body in self._server.all("statemachines"):
            self._judge(body)

    # --- What lands --------------------------------------------------------------------------------------------------

    def _observe(self, kind: Kind, key: Key, old: Body | None, new: Body) -> None:
        match key[0], kind:
            case "statemachines", "ADDED":
                self._judge(new)
            case "statemachines", "MODIFIED":
                assert old is not None
                if old["metadata"]["generation"] != new["metadata"]["generation"]:
                    self._judge(new)
                if old.get("status") != new.get("status"):
                    self._said(old, new)
            case "statemachines", "DELETED":
                self._removed(new)
            case "controllerrevisions", "ADDED":
                self._kept(new)
            case "controllerrevisions", "DELETED":
                self._let_go(new)
            case "executions", "ADDED":
                self._born(new)
            case "executions", "MODIFIED":
                assert old is not None
                self._pinned(old, new)

    def _judge(self, body: Body) -> None:
        metadata = body["metadata"]
        uid, generation = metadata["uid"], metadata["generation"]
        right = self._right[uid, generation] = self._judged(body)
        if right.revision is not None:
            self._newest[uid, right.revision] = generation

    def _judged(self, body: Body) -> Right:
        spec, metadata = body["spec"], body["metadata"]
        served = table.check_for(spec)
        try:
            text = checking.definition_text(spec)
            machine, found = definition.compile_definition(
                text, task_check=served, installation=Cluster(job.serves)
            )
        except (InvalidDefinition, InvalidSubstitution):
            return Right("InvalidDefinition")
        if any(each.code == NO_DRIVER for each in found):
            return Right("NoDriver")
        data = stored_revisions.data_of(spec, text)
        name = stored_revisions.name_of(metadata["name"], metadata["uid"], data)
        self._revisions.setdefault(name, Revision(name, machine, data["settings"]))
        return Right("Valid", name)

    def _said(self, old: Body, new: Body) -> None:
        name, uid = new["metadata"]["name"], new["metadata"]["uid"]
        before, after = old.get("status") or {}, new["status"]
        generation = after["observedGeneration"]
        if generation < before.get("observedGeneration", 0):
            self._complain(
                f"the status of {name} went back from generation {before['observedGeneration']} to {generation}"
            )
        right, ready = self._right[uid, generation], _condition(new, "Ready")
        if ready["observedGeneration"] != generation:
            self._complain(f"{name} is {ready['status']} of generation {ready['observedGeneration']}")
        if ready["status"] == "True" and after.get("revision") != right.revision:
            self._complain(f"{name} is Ready with {after.get('revision')}, and {right} is right")
        if ready["reason"] in REASONS_NOT_READY:
            if ready["reason"] != right.reason or after.get("revision") is not None:
                self._complain(f"{name} is not Ready for {ready['reason']}, and {right} is right")
            if not any(
                each["severity"] == "ERROR" or each["code"] == NO_DRIVER for each in after["diagnostics"]
            ):
                self._complain(f"it is not said what is wrong with the definition of {name}")

    def _kept(self, body: Body) -> None:
        owner, name = body["metadata"]["ownerReferences"][0], body["metadata"]["name"]
        if (owner["uid"], name) not in self._newest:
            self._complain(f"revision {name} is of no definition that anybody wrote")

    def _let_go(self, body: Body) -> None:
        """By an operator: nobody may need it. (The garbage collector comes when its StateMachine is gone, the end of
        which has been looked at.)"""
        name, owner = body["metadata"]["name"], body["metadata"]["ownerReferences"][0]
        if not self._server.by or self._server.sender_gave_up or self._server.terminating:
            return
        for execution in self._server.all("executions"):
            found = stored.of(execution)
            needs_it = found.phase == "Running" or found.status.get("redrivable")
            if needs_it and found.pinned is not None and found.pinned.revision == name:
                self._complain(f"revision {name} was deleted under execution {execution['metadata']['name']}")
        for machine in self._server.all("statemachines"):
            if machine["metadata"]["uid"] == owner["uid"] and _revision(machine) == name:
                self._complain(f"revision {name} was deleted, with which executions start")

    def _removed(self, body: Body) -> None:
        uid = body["metadata"]["uid"]
        if self._server.terminating:
            return
        for execution in self._server.all("executions"):
            pinned = stored.of(execution).pinned
            if stored.of(execution).phase == "Running" and pinned is not None and pinned.uid == uid:
                self._complain(
                    f"StateMachine {body['metadata']['name']} went while execution "
                    f"{execution['metadata']['name']} ran"
                )

    # --- What executions run -----------------------------------------------------------------------------------------

    def _born(self, execution: Body) -> None:
        metadata = execution["metadata"]
        name = execution["spec"]["stateMachineRef"]["name"]
        machine = self._server.get("statemachines", metadata["namespace"], name)
        if machine is None or not machine.get("status") or "deletionTimestamp" in machine["metadata"]:
            return
        if _condition(machine, "Ready")["status"] == "True":
            self._ready[metadata["uid"]] = Ready(
                machine["metadata"]["uid"], machine["status"]["observedGeneration"]
            )

    def _pinned(self, old: Body, new: Body) -> None:
        before, after = stored.of(old).pinned, stored.of(new).pinned
        if before == after:
            return
        name, uid = new["metadata"]["name"], new["metadata"]["uid"]
        if before is not None:
            self._complain(f"execution {name} ran {before}, and runs {after}")
            return
        assert after is not None
        self._ran.add(after.revision)
        generation = self._newest.get((after.uid, after.revision))
        if generation is None:
            self._complain(f"execution {name} starts with {after}, which no valid definition gives")
            return
        ready = self._ready.get(uid)
        if (
            self.one_controller
            and ready is not None
            and ready.uid == after.uid
            and ready.generation > generation
        ):
            self._complain(
                f"execution {name} was created when generation {ready.generation} was Ready, and starts with "
                f"generation {generation}"
            )

    # --- At rest -----------------------------------------------------------------------------------------------------

    def unrest(self) -> list[str]:
        """StateMachines whose status does not describe their newest generation yet, and those that are to go."""
        found = []
        for body in self._server.all("statemachines"):
            name, metadata, status = body["metadata"]["name"], body["metadata"], body.get("status") or {}
            if "deletionTimestamp" in metadata:
                found.append(f"StateMachine {name} is to be deleted")
                continue
            right = self._right[metadata["uid"], metadata["generation"]]
            said = status.get("observedGeneration"), status.get("revision")
            if said != (metadata["generation"], right.revision) or self._reason(body) != right.reason:
                found.append(f"StateMachine {name} is said to be {self._reason(body)}, {said}, not {right}")
        return found

    @staticmethod
    def _reason(body: Body) -> str | None:
        return _condition(body, "Ready")["reason"] if body.get("status") else None

    def unknown(self, known: Mapping[tuple[str, str], Known]) -> dict[str, str]:
        """What an operator knows otherwise than it is."""
        there = {
            (body["metadata"]["namespace"], body["metadata"]["name"]): (
                body["metadata"]["uid"],
                _revision(body),
            )
            for body in self._server.all("statemachines")
        }
        said = {key: (each.uid, each.revision) for key, each in known.items()}
        return {
            f"StateMachine {key[1]}": f"{said.get(key)}, not {there.get(key)}"
            for key in sorted(said.keys() | there.keys())
            if said.get(key) != there.get(key)
        }

    def final(self) -> None:
        """Each revision that is named is there, and of those that nobody needs only the newest are."""
        listed: dict[str, list[tuple[int, str]]] = {}
        for revision in self._server.all("controllerrevisions"):
            owner = revision["metadata"]["ownerReferences"][0]["uid"]
            listed.setdefault(owner, []).append((revision["revision"], revision["metadata"]["name"]))
        for machine in self._server.all("statemachines"):
            metadata, named = machine["metadata"], _revision(machine)
            found = listed.pop(metadata["uid"], [])
            if named is not None and named not in (name for _, name in found):
                self._complain(f"the revision of StateMachine {metadata['name']} is not there: {named}")
            needed = {named} if named is not None else set()
            left = stored_revisions.superfluous(found, needed | self._ran)
            # With the former one executions could start until the newest was ready, and with the one between them, where
            # that was changed before it was named; whoever was to delete them may have died before it was time.
            if len(left) > 2:
                self._complain(f"nobody needs these revisions of {metadata['name']} any more: {left}")


def _condition(body: Body, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in body["status"]["conditions"] if each["type"] == kind)
    return found


def _revision(body: Body) -> str | None:
    revision: str | None = (body.get("status") or {}).get("revision")
    return revision
