"""State machines of the AWS API: StateMachine objects, written for somebody who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from stepwright.catalog.arns import Place
from stepwright.catalog.callers import User
from stepwright.catalog.ports import Cursor, NotAllowed, Page
from stepwright.catalog.records import Revision, StateMachine, Version
from stepwright.cluster.access import Access
from stepwright.cluster.catalog import roles
from stepwright.cluster.catalog.asking import REQUESTED_BY, Asking, refusal
from stepwright.cluster.catalog.machine_names import NAME, machine_object
from stepwright.cluster.catalog.stored_machine import (
    DEFAULTS,
    ROLE,
    SETTINGS,
    TAGS,
    ListedMachine,
    StoredMachine,
)
from stepwright.cluster.places import Places
from stepwright.cluster.resources import API_VERSION, GROUP
from stepwright.engine.ports import Refused, Unavailable
from stepwright.kube import lists, timestamps
from stepwright.kube.api import MERGE_PATCH
from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict
from stepwright.kube.paths import path_of

_MACHINES: Final = "statemachines"
_PAGE_SIZE: Final = 200
_ATTEMPTS: Final = 5


def path_of_machine(namespace: str, name: str | None = None) -> str:
    return path_of(API_VERSION, _MACHINES, namespace, name)


class _RevisionData(msgspec.Struct, frozen=True):
    definition: str = ""
    settings: Mapping[str, Any] = {}


class _RevisionMetadata(msgspec.Struct, frozen=True):
    name: str
    creationTimestamp: str  # noqa: N815 - the field's name on the wire


class _StoredRevision(msgspec.Struct, frozen=True):
    metadata: _RevisionMetadata
    data: _RevisionData


class Machines:
    """Implements ``catalog.ports.Machines`` for one user, who has the right to what is asked. What it takes besides is asked here: whoever
    writes a state machine decides what runs as its accounts, and so needs the right to use them."""

    def __init__(self, asking: Asking, places: Places, access: Access, user: User | None) -> None:
        self._asking: Final = asking
        self._places: Final = places
        self._access: Final = access
        self._user: Final = user

    # --- Reading ------------------------------------------------------------------------------------------------

    async def machine(self, arn: str) -> StateMachine | None:
        found, place = await self._found(arn)
        return None if found is None or place is None else found.record(place)

    async def machines(self, place: Place, after: Cursor | None, limit: int) -> Page[StateMachine]:
        spot = self._places.find(place.state_machine("*"))
        if spot is None:
            return Page([])
        found: list[StateMachine] = []
        try:
            async for items, _ in lists.pages(
                self._asking.api, path_of_machine(spot.namespace), page_size=_PAGE_SIZE
            ):
                found += [msgspec.json.decode(item, type=ListedMachine).record(place) for item in items]
        except ApiError as error:
            raise refusal(error) from error
        left = sorted(
            (each for each in found if after is None or each.name > after), key=lambda each: each.name
        )
        shown = left[:limit]
        return Page(shown, Cursor(shown[-1].name) if len(left) > limit else None)

    async def revision(self, id: str) -> Revision | None:
        """``id``: the namespace and the name of a ControllerRevision, or of a StateMachine that an execution has yet to begin
        with (``of_machine``)."""
        namespace, _, name = id.partition("/")
        machine, of_machine = name.removeprefix(_OF_MACHINE), name.startswith(_OF_MACHINE)
        place = self._places.of(namespace)
        if place is None:
            return None
        if of_machine:
            stored: StoredMachine | None = await self._asking.get(
                path_of_machine(namespace, machine), StoredMachine
            )
            return None if stored is None else stored.record(place).revision
        path = path_of("apps/v1", "controllerrevisions", namespace, name)
        found: _StoredRevision | None = await self._asking.get(path, _StoredRevision)
        if found is None:
            return None
        return Revision(
            id=name,
            definition=found.data.definition,
            role_arn=roles.shown(place, found.data.settings.get("serviceAccountName"), None),
            created=timestamps.millis(found.metadata.creationTimestamp),
            settings=dict(DEFAULTS),
        )

    async def _found(self, arn: str) -> tuple[StoredMachine | None, Place | None]:
        spot = self._places.find(arn)
        if spot is None or spot.kind != "stateMachine" or len(spot.names) != 1:
            return None, None
        path = path_of_machine(spot.namespace, machine_object(spot.names[0]))
        found: StoredMachine | None = await self._asking.get(path, StoredMachine)
        # The context object of executions has the object's name.
        if found is None or spot.names[0] not in (found.name, found.metadata.name):
            return None, None
        return found, self._places.of(spot.namespace)

    # --- Writing ------------------------------------------------------------------------------------------------

    async def add(self, machine: StateMachine, version: Version | None = None) -> StateMachine:  # noqa: ARG002 - there are none
        if machine.type == "EXPRESS":
            raise Refused("Express is not served in a cluster yet: use the type STANDARD")
        spot = self._places.find(machine.arn)
        place = None if spot is None else self._places.of(spot.namespace)
        if spot is None or place is None:
            raise Unavailable(f"the namespace of {machine.arn} is gone")
        account = await roles.account_of(self._asking.api, spot.namespace, machine.revision.role_arn)
        await self._require(spot.namespace, "serviceaccounts", account)
        body = _manifest(machine, spot.namespace, account, self._by)
        try:
            created: StoredMachine = await self._asking.api.create(
                path_of_machine(spot.namespace), body, into=StoredMachine
            )
        except AlreadyExists:
            there = await self.machine(machine.arn)
            if there is None:
                raise Unavailable(f"{machine.arn} was deleted at the same time: try again") from None
            return there
        except ApiError as error:
            raise refusal(error) from error
        return created.record(place)

    async def revise(self, arn: str, revision: Revision) -> Revision:
        for _ in range(_ATTEMPTS):
            found, place = await self._found(arn)
            if found is None or place is None:
                raise Unavailable(f"{arn} was deleted at the same time: try again")
            patch = await self._patch(found, found.record(place).revision, revision)
            path = path_of_machine(found.metadata.namespace, found.metadata.name)
            try:
                changed: StoredMachine = await self._asking.api.patch(
                    path, patch, MERGE_PATCH, into=StoredMachine
                )
            except Conflict:
                continue  # the operator, perhaps, with its status
            except ApiError as error:
                raise refusal(error) from error
            return structs.replace(revision, id=changed.record(place).revision.id)
        raise Unavailable(f"{arn} is being changed by others all the time: try again")

    async def _patch(self, found: StoredMachine, before: Revision, revision: Revision) -> dict[str, Any]:
        """Raises NotAllowed, Refused, Unavailable."""
        namespace, spec = found.metadata.namespace, found.spec
        account = spec.serviceAccountName
        if revision.role_arn != before.role_arn:
            account = await roles.account_of(self._asking.api, namespace, revision.role_arn)
        await self._require(namespace, "serviceaccounts", account)
        await self._require(namespace, "serviceaccounts", spec.taskServiceAccountName)
        for connection in spec.connections:
            await self._require(namespace, "connections", connection)
        annotations = {
            ROLE: revision.role_arn,
            SETTINGS: _json(revision.settings),
            REQUESTED_BY: self._by,
        }
        changed: dict[str, Any] = {"serviceAccountName": account}
        # What is not changed is what somebody has set with kubectl, perhaps.
        if _differs("loggingConfiguration", before, revision):
            changed |= {"logging": _logging(revision)}
        if _differs("tracingConfiguration", before, revision):
            changed |= {"tracing": _tracing(revision)}
        if revision.definition != before.definition:
            changed |= {"definition": revision.definition, "definitionSubstitutions": None}
        # Only what was asked about is changed, not what somebody else has made of it meanwhile.
        version = {"resourceVersion": found.metadata.resourceVersion}
        return {"metadata": {"annotations": annotations, **version}, "spec": changed}

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        found, _ = await self._found(arn)
        if found is not None:
            patch = {"metadata": {"annotations": {TAGS: _json(tags), REQUESTED_BY: self._by}}}
            path = path_of_machine(found.metadata.namespace, found.metadata.name)
            await self._asking.merge(path, patch, StoredMachine)

    async def delete(self, arn: str) -> None:
        found, _ = await self._found(arn)
        if found is not None:
            await self._asking.delete(path_of_machine(found.metadata.namespace, found.metadata.name))

    @property
    def _by(self) -> str:
        return "" if self._user is None else self._user.name

    async def _require(self, namespace: str, resource: str, name: str | None) -> None:
        """The right to use an account or a Connection. Raises NotAllowed, Unavailable."""
        if name is None:
            return
        group = GROUP if resource == "connections" else ""
        verbs = ("use",) if resource == "connections" else ("use", "impersonate")
        for verb in verbs:
            if self._user is not None and await self._access.may(
                self._user, verb, resource, namespace, name, group
            ):
                return
        kind = "Connection" if resource == "connections" else "ServiceAccount"
        raise NotAllowed(
            f"User: {self._by} may not use the {kind} {name} of namespace {namespace}, as which or with which the state machine "
            f"would run: this needs the right to {' or '.join(verbs)} {resource}, resourceNames [{name}], there"
        )


_OF_MACHINE: Final = "StateMachine:"


def of_machine(namespace: str, name: str) -> str:
    """The ``Revision.id`` of what an execution has that has yet to begin. ``name``: of the StateMachine's object."""
    return f"{namespace}/{_OF_MACHINE}{name}"


def of_revision(namespace: str, name: str) -> str:
    """Of what an execution runs; ``name``: of the ControllerRevision."""
    return f"{namespace}/{name}"


def _manifest(machine: StateMachine, namespace: str, account: str | None, by: str) -> dict[str, Any]:
    name = machine_object(machine.name)
    annotations = {
        ROLE: machine.revision.role_arn,
        SETTINGS: _json(machine.revision.settings),
        REQUESTED_BY: by,
    }
    if name != machine.name:
        annotations[NAME] = machine.name
    if machine.tags:
        annotations[TAGS] = _json(machine.tags)
    spec: dict[str, Any] = {"definition": machine.revision.definition}
    if account is not None:
        spec["serviceAccountName"] = account
    if (logging := _logging(machine.revision)) is not None:
        spec["logging"] = logging
    if (tracing := _tracing(machine.revision)) is not None:
        spec["tracing"] = tracing
    return {
        "apiVersion": API_VERSION,
        "kind": "StateMachine",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": spec,
    }


def _logging(revision: Revision) -> dict[str, Any] | None:
    """What the operator's log is to say, in the place of CloudWatch's."""
    given = revision.settings.get("loggingConfiguration") or {}
    if given.get("level", "OFF") == "OFF":
        return None
    return {name: given[name] for name in ("level", "includeExecutionData") if name in given}


def _tracing(revision: Revision) -> dict[str, Any] | None:
    given = revision.settings.get("tracingConfiguration") or {}
    return {"enabled": True} if given.get("enabled") else None


def _differs(setting: str, one: Revision, other: Revision) -> bool:
    return bool(one.settings.get(setting) != other.settings.get(setting))


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
