"""The API server: objects with versions, conditional patches, watches, owners; what it says is what a real one says.

Everything here happens at once, at the moment a request lands. When requests land, and what becomes of their answers,
is the network's affair (``client``). Objects are kept as JSON, so nothing is shared with who wrote them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any, Final, Literal
from urllib.parse import urlencode

import msgspec

from stepwright.asl.signals import Millis
from stepwright.kube import timestamps
from stepwright.kube.api import METADATA_ALONE
from stepwright.kube.watches import Event
from tests.engine.virtual_loop import BEGIN
from tests.simulation import json_patch, tables
from tests.simulation.access import Access
from tests.tasks.job.api_server import same_template

Key = tuple[str, str, str]
"""Plural, namespace, name."""

Body = dict[str, Any]
Kind = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
Observer = Callable[[Kind, Key, Body | None, Body], None]
"""Given the object before and after; of a deleted one, the last it was, twice."""

OUTSIDE = Context()
"""What happens outside of all processes runs in it."""

KINDS: Final[Mapping[str, Sequence[tuple[str, str, bool]]]] = {
    "v1": (
        ("configmaps", "ConfigMap", True),
        ("secrets", "Secret", True),
        ("pods", "Pod", True),
        ("namespaces", "Namespace", False),
    ),
    "apps/v1": (("deployments", "Deployment", True),),
    "batch/v1": (("jobs", "Job", True),),
}
"""By API version: plural, kind, whether it is in namespaces. What discovery says; objects of any other kind can be there, too."""

_APPLY: Final = "application/apply-patch+yaml"
_METADATA: Final = b'{"kind":"PartialObjectMetadata","metadata":{}}'
"""As little as who asks for metadata alone may rely on."""

_decode = msgspec.json.decode
_encode = msgspec.json.Encoder().encode


class Refusal(Exception):  # noqa: N818 - an answer, in the server's words
    """An answer that is an error."""

    def __init__(
        self, code: int, reason: str, message: str, causes: Iterable[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.body = _encode(
            {
                "status": "Failure",
                "code": code,
                "reason": reason,
                "message": message,
                "details": {"causes": list(causes)},
            }
        )


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    params: Mapping[str, Any]
    body: bytes | None
    content_type: str
    by: str
    account: str | None = None
    """As which ServiceAccount it is made; None for the operator's own."""
    accept: str | None = None

    @property
    def writes(self) -> bool:
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Target:
    plural: str
    namespace: str | None
    name: str | None
    subresource: str | None


@dataclass(slots=True)
class Stored:
    body: Body
    """Never changed in place."""
    encoded: bytes
    older: bytes | None = None
    """What it was before: a cache may still have it."""


@dataclass(slots=True, eq=False)
class Stream:
    """A watch that is open. ``lag`` draws how long an event is under way; order is kept."""

    target: Target
    selectors: Mapping[str, Any]
    lag: Callable[[], float]
    under_way: list[Event] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    waiter: asyncio.Future[None] | None = None
    arrives: float = 0.0
    end: BaseException | Literal["closed"] | None = None

    def push(self, event: Event) -> None:
        loop = asyncio.get_running_loop()
        self.arrives = max(self.arrives, loop.time() + self.lag())
        self.under_way.append(event)
        loop.call_at(self.arrives, self._arrive, context=OUTSIDE)

    def finish(self, end: BaseException | Literal["closed"]) -> None:
        if self.end is None:
            self.end = end
            self._wake()

    def _arrive(self) -> None:
        if self.end is None:
            # Timers of the same moment ring in any order; a stream is ordered.
            self.events.append(self.under_way.pop(0))
            self._wake()

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def next(self) -> Event | None:
        while not self.events:
            if self.end == "closed":
                return None
            if self.end is not None:
                raise self.end
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        return self.events.pop(0)


@dataclass(frozen=True, slots=True)
class Change:
    version: int
    kind: Kind
    key: Key
    body: Body
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What etcd held."""

    objects: dict[str, dict[tuple[str, str], Stored]]
    owners: dict[str, Key]


class ApiServer:
    """``access`` None: everybody may do everything."""

    def __init__(self, random: Random, access: Access | None = None) -> None:
        self._random = random
        self._access = access
        self.objects: dict[str, dict[tuple[str, str], Stored]] = {}
        self.observers: list[Observer] = []
        self.largest_bytes = 1_500_000
        self.terminating: set[str] = set()
        self.logs: dict[tuple[str, str], bytes] = {}
        self.version = 1000
        self.by = ""
        """Whose request is being handled."""
        self.sender_gave_up = False
        """Whether nobody waits for its answer any more."""
        self.is_away = False
        self.ends = 0
        """How often it has gone away: what was under way then does not arrive."""
        self._uids = 0
        self._changes: list[Change] = []
        self._compacted = 0
        self._streams: list[Stream] = []
        self._owners: dict[str, Key] = {}

    # --- What happens inside the cluster -----------------------------------------------------------------------------

    def now(self) -> str:
        return timestamps.seconds(Millis(BEGIN + round(asyncio.get_running_loop().time() * 1000)))

    @staticmethod
    def later(seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        asyncio.get_running_loop().call_later(seconds, call, *arguments, context=OUTSIDE)

    def get(self, plural: str, namespace: str, name: str) -> Body | None:
        stored = self.objects.get(plural, {}).get((namespace, name))
        return None if stored is None else stored.body

    def all(self, plural: str) -> list[Body]:
        return [stored.body for stored in self.objects.get(plural, {}).values()]

    def create(self, plural: str, namespace: str, body: Body) -> Body:
        """Raises Refusal."""
        metadata = body["metadata"]
        if "name" not in metadata:
            self._uids += 1
            metadata["name"] = f"{metadata['generateName']}{self._uids:05}"
        name = metadata["name"]
        if namespace in self.terminating:
            raise Refusal(
                403,
                "Forbidden",
                f'{plural} "{name}" is forbidden: unable to create new content in namespace {namespace} '
                "because it is being terminated",
                [{"reason": "NamespaceTerminating", "message": "", "field": "metadata.namespace"}],
            )
        if (namespace, name) in self.objects.get(plural, {}):
            raise Refusal(409, "AlreadyExists", f'{plural} "{name}" already exists')
        self._uids += 1
        metadata |= {
            "namespace": namespace,
            "uid": f"u{self._uids}",
            "creationTimestamp": self.now(),
            "generation": 1,
        }
        self._owners[metadata["uid"]] = (plural, namespace, name)
        stored = self._put("ADDED", (plural, namespace, name), None, body)
        self._collect_if_orphaned((plural, namespace, name), stored.body)
        return stored.body

    def change(self, key: Key, body: Body) -> Stored:
        """``body``: a new object; it must not be touched afterwards. Raises Refusal where it is too large."""
        plural, namespace, name = key
        old = self.objects[plural][namespace, name]
        body["metadata"]["resourceVersion"] = old.body["metadata"]["resourceVersion"]
        if body == old.body:
            return old
        if body.get("spec") != old.body.get("spec"):
            body["metadata"]["generation"] = old.body["metadata"]["generation"] + 1
        if _was_waited_for(old.body, body):
            self.remove(key)
            return Stored(body, _encode(body))
        return self._put("MODIFIED", key, old, body)

    def delete(self, key: Key) -> None:
        """As whoever asks for it: an object with finalizers stays until these are taken away."""
        body = self.edited(key)
        assert body is not None
        metadata = body["metadata"]
        if not metadata.get("finalizers"):
            self.remove(key)
        elif "deletionTimestamp" not in metadata:
            metadata |= {"deletionTimestamp": self.now(), "generation": metadata["generation"] + 1}
            self.change(key, body)

    def edited(self, key: Key) -> Body | None:
        """A copy of an object, to be changed."""
        plural, namespace, name = key
        stored = self.objects.get(plural, {}).get((namespace, name))
        body: Body | None = None if stored is None else _decode(stored.encoded)
        return body

    def remove(self, key: Key) -> None:
        plural, namespace, name = key
        stored = self.objects[plural].pop((namespace, name))
        uid = stored.body["metadata"]["uid"]
        del self._owners[uid]
        self.version += 1
        body = {**stored.body, "metadata": {**stored.body["metadata"], "resourceVersion": str(self.version)}}
        self._tell(Change(self.version, "DELETED", key, body, _encode(body)), stored.body)
        for other, objects in list(self.objects.items()):
            for (owned_namespace, owned_name), owned in list(objects.items()):
                metadata = owned.body["metadata"]
                if any(owner["uid"] == uid for owner in metadata.get("ownerReferences") or ()):
                    owned_key = (other, owned_namespace, owned_name)
                    self.later(self._random.uniform(0.1, 3), self._collect, owned_key, metadata["uid"])

    def _collect(self, key: Key, uid: str) -> None:
        """The garbage collector: an owner is gone, unless a backup has brought it back."""
        found = self.get(*key)
        if found is None or found["metadata"]["uid"] != uid:
            return
        if any(owner["uid"] not in self._owners for owner in found["metadata"]["ownerReferences"]):
            self.remove(key)

    def _put(self, kind: Kind, key: Key, old: Stored | None, body: Body) -> Stored:
        version = self.version + 1
        body["metadata"]["resourceVersion"] = str(version)
        encoded = _encode(body)
        if len(encoded) > self.largest_bytes:
            raise Refusal(500, "", "etcdserver: request is too large")
        self.version = version
        stored = Stored(body, encoded, None if old is None else old.encoded)
        self.objects.setdefault(key[0], {})[key[1], key[2]] = stored
        self._tell(Change(version, kind, key, body, encoded), None if old is None else old.body)
        return stored

    def _tell(self, change: Change, old: Body | None) -> None:
        self._changes.append(change)
        for stream in self._streams:
            if _matches(change, stream):
                stream.push(Event(change.kind, msgspec.Raw(change.encoded)))
        for observer in self.observers:
            observer(change.kind, change.key, old, change.body)

    # --- Backups -----------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """As ``etcdctl snapshot save``."""
        objects = {plural: dict(stored) for plural, stored in self.objects.items()}
        return Snapshot(objects, dict(self._owners))

    def go_away(self) -> None:
        """It and etcd are stopped. What happens in the cluster meanwhile is lost with the next ``restore``."""
        self.is_away = True
        self.ends += 1
        for stream in self.streams:
            stream.finish("closed")

    def restore(self, saved: Snapshot) -> None:
        """As ``etcdutl snapshot restore --bump-revision --mark-compacted``: what is there is what was there, versions go
        on, and whoever watches has to list again."""
        self.is_away = False
        self.objects = {plural: dict(stored) for plural, stored in saved.objects.items()}
        self._owners = dict(saved.owners)
        self.version += 1_000_000
        self.compact()
        for stream in self.streams:
            stream.finish("closed")
        for plural, objects in self.objects.items():
            for (namespace, name), stored in objects.items():
                self._collect_if_orphaned((plural, namespace, name), stored.body)

    def _collect_if_orphaned(self, key: Key, body: Body) -> None:
        metadata = body["metadata"]
        if any(owner["uid"] not in self._owners for owner in metadata.get("ownerReferences") or ()):
            self.later(self._random.uniform(0.5, 3), self._collect, key, metadata["uid"])

    # --- Watches -----------------------------------------------------------------------------------------------------

    def compact(self) -> None:
        """What was before now cannot be watched any more."""
        self._compacted = self.version
        self._changes.clear()

    def bookmark(self) -> None:
        encoded = _encode({"metadata": {"resourceVersion": str(self.version)}})
        for stream in self._streams:
            stream.push(Event("BOOKMARK", msgspec.Raw(encoded)))

    def watch(self, path: str, params: Mapping[str, Any], lag: Callable[[], float]) -> Stream:
        """Raises Refusal (410)."""
        version = int(params["resourceVersion"])
        if version < self._compacted:
            raise Refusal(410, "Expired", f"too old resource version: {version} ({self._compacted})")
        stream = Stream(_target(path), _selectors(params), lag)
        for change in self._changes:
            if change.version > version and _matches(change, stream):
                stream.push(Event(change.kind, msgspec.Raw(change.encoded)))
        self._streams.append(stream)
        return stream

    def close(self, stream: Stream) -> None:
        if stream in self._streams:
            self._streams.remove(stream)

    @property
    def streams(self) -> tuple[Stream, ...]:
        return tuple(self._streams)

    # --- Requests ----------------------------------------------------------------------------------------------------

    def authorize(self, request: Request, *, watching: bool = False) -> None:
        """Raises Refusal."""
        access = self._access
        if is_discovery(request.path):
            return  # everybody may ask
        if access is not None and not access.allows(
            request.method, request.path, request.account, watching=watching
        ):
            user = request.account or "the operator"
            raise Refusal(403, "Forbidden", f"{user} cannot {request.method} {request.path}")

    def handle(self, request: Request) -> bytes:
        """The answer's body. Raises Refusal."""
        self.authorize(request)
        self.by = request.by
        try:
            answer = self._answer(request)
            return _METADATA if request.accept == METADATA_ALONE else answer
        finally:
            self.by = ""

    def _answer(self, request: Request) -> bytes:
        if is_discovery(request.path):
            return _discovered(request.path)
        target = _target(request.path)
        if target.name is None:
            if request.method == "POST":
                return self._post(target, request)
            if request.method == "DELETE":
                return self._delete_all(target, request)
            return self._list(target, request)
        assert target.namespace is not None
        key = (target.plural, target.namespace, target.name)
        if target.subresource == "log":
            return self._log(key)
        stored = self.objects.get(key[0], {}).get((key[1], key[2]))
        if stored is None:
            if request.content_type == _APPLY:
                assert request.body is not None
                self.create(key[0], key[1], _decode(request.body))
                return self.objects[key[0]][key[1], key[2]].encoded
            raise Refusal(404, "NotFound", f'{key[0]} "{key[2]}" not found')
        if request.method == "GET":
            cached = stored.older if request.params.get("resourceVersion") == "0" else None
            return stored.encoded if cached is None or self._random.random() < 0.5 else cached
        if request.method == "DELETE":
            return self._delete(key, stored, request)
        if request.method == "PUT":
            return self._replace(key, stored, request)
        assert request.method == "PATCH", request.method
        return self._patch(key, stored, target.subresource, request)

    def _post(self, target: Target, request: Request) -> bytes:
        assert target.namespace is not None
        assert request.body is not None
        given = _decode(request.body)
        if target.plural == "executions":
            given["status"] = {"phase": "Pending", "seq": 0}  # the default of its schema
        elif target.plural == "externaltasks":
            given["status"] = {"state": "Scheduled"}  # likewise
        body = self.create(target.plural, target.namespace, given)
        return self.objects[target.plural][target.namespace, body["metadata"]["name"]].encoded

    def _list(self, target: Target, request: Request) -> bytes:
        selectors = _selectors(request.params)
        found = [
            stored
            for (namespace, _), stored in self.objects.get(target.plural, {}).items()
            if target.namespace in (None, namespace) and _selected(stored.body, selectors)
        ]
        if tables.is_asked_for(request.accept):
            metadata = {"resourceVersion": str(self.version)}
            return tables.answer(target.plural, [stored.body for stored in found], metadata=metadata)
        items = [stored.encoded for stored in found]
        return b'{"metadata":{"resourceVersion":"%d"},"items":[%s]}' % (self.version, b",".join(items))

    def _log(self, key: Key) -> bytes:
        if self.get(*key) is None:
            raise Refusal(404, "NotFound", f'pods "{key[2]}" not found')
        return self.logs.get((key[1], key[2]), b"")

    def _delete(self, key: Key, stored: Stored, request: Request) -> bytes:
        options = _decode(request.body) if request.body else {}
        _check_preconditions(key, stored.body, options.get("preconditions") or {})
        self.delete(key)
        return b'{"kind":"Status","status":"Success"}'

    def _delete_all(self, target: Target, request: Request) -> bytes:
        selectors = _selectors(request.params)
        for (namespace, name), stored in list(self.objects.get(target.plural, {}).items()):
            if target.namespace in (None, namespace) and _selected(stored.body, selectors):
                self.delete((target.plural, namespace, name))
        return b'{"kind":"Status","status":"Success"}'

    def _replace(self, key: Key, stored: Stored, request: Request) -> bytes:
        assert request.body is not None
        body = _decode(request.body)
        _check_preconditions(key, stored.body, body["metadata"])
        body["metadata"] = {**stored.body["metadata"], **body["metadata"]}
        return self.change(key, body).encoded

    def _patch(self, key: Key, stored: Stored, subresource: str | None, request: Request) -> bytes:
        assert request.body is not None
        body = _decode(stored.encoded)
        if "dryRun" in request.params:
            # Asked of Jobs only: whether a template may take the place of what is there, which cannot be changed.
            if not same_template(stored.body, _decode(request.body)[0]["value"]):
                raise Refusal(422, "Invalid", "spec.template: field is immutable")
            return stored.encoded
        if request.content_type == "application/json-patch+json":
            try:
                json_patch.apply(body, _decode(request.body))
            except json_patch.PatchError as error:
                raise Refusal(
                    422, "Invalid", f"the server rejected our request due to an error: {error}"
                ) from error
            _check_preconditions(key, stored.body, body["metadata"])
        else:
            patch = _decode(request.body)
            _check_preconditions(key, stored.body, patch.get("metadata") or {})
            _merge(body, patch)
        if subresource == "scale":
            body = {**stored.body, "spec": {**stored.body["spec"], "replicas": body["spec"]["replicas"]}}
            body["metadata"] = dict(stored.body["metadata"])
        # Each of the two endpoints keeps what belongs to the other.
        if subresource == "status":
            body = {**stored.body, "metadata": dict(stored.body["metadata"]), "status": body["status"]}
        elif key[0] in ("executions", "jobs", "statemachines") and "status" in stored.body:
            body["status"] = stored.body["status"]
        return self.change(key, body).encoded


def _check_preconditions(key: Key, stored: Body, wanted: Mapping[str, Any]) -> None:
    for name in ("uid", "resourceVersion"):
        found = stored["metadata"][name]
        if wanted.get(name) not in (None, found):
            raise Refusal(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {key[0]} "{key[2]}": {name} {wanted[name]} was expected, and it is '
                f"{found}",
            )


def _was_waited_for(old: Body, new: Body) -> bool:
    """Whether a deletion waited for the finalizers that are taken away here."""
    return bool(
        "deletionTimestamp" in old["metadata"]
        and old["metadata"].get("finalizers")
        and not new["metadata"].get("finalizers")
    )


def _merge(target: Body, patch: Body) -> None:
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value


def is_discovery(path: str) -> bool:
    """``/api/v1``, ``/apis/apps/v1``."""
    return path.count("/") == (2 if path.startswith("/api/") else 3)


def _discovered(path: str) -> bytes:
    kinds = KINDS.get(path.removeprefix("/apis/").removeprefix("/api/"))
    if kinds is None:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    resources = [
        {"name": plural, "kind": kind, "namespaced": namespaced} for plural, kind, namespaced in kinds
    ]
    return _encode({"resources": [*resources, {"name": "pods/log", "kind": "Pod", "namespaced": True}]})


@lru_cache(100_000)
def _target(path: str) -> Target:
    parts = path.split("/")[3 if path.startswith("/api/") else 4 :]
    namespace = None
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    return Target(
        parts[0],
        namespace,
        parts[1] if len(parts) > 1 else None,
        parts[2] if len(parts) > 2 else None,
    )


def _selectors(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: params[name] for name in ("labelSelector", "fieldSelector") if name in params}


def _matches(change: Change, stream: Stream) -> bool:
    plural, namespace, _ = change.key
    return (
        plural == stream.target.plural
        and stream.target.namespace in (None, namespace)
        and _selected(change.body, stream.selectors)
    )


def _selected(body: Body, selectors: Mapping[str, Any]) -> bool:
    labels = selectors.get("labelSelector")
    if labels is not None:
        own = body["metadata"].get("labels") or {}
        for label in labels.split(","):
            name, equals, value = label.partition("=")
            if name.startswith("!"):
                if name[1:] in own:
                    return False
                continue
            if name not in own or (equals and own[name] != value):
                return False
    for field_ in (selectors.get("fieldSelector") or "").split(","):
        path, equals, value = field_.partition("!=" if "!=" in field_ else "=")
        if path and (_field(body, path) == value) == (equals == "!="):
            return False
    return True


def _field(body: Body, path: str) -> str:
    """As field selectors compare it: a text, empty where the field is not there."""
    at: Any = body
    for name in path.split("."):
        at = at.get(name) if isinstance(at, dict) else None
    if isinstance(at, bool):
        return str(at).lower()
    return "" if at is None else str(at)


def described(request: Request) -> str:
    """A request in the words of a trace."""
    return f"{request.method} {request.path}" + (f"?{urlencode(request.params)}" if request.params else "")
