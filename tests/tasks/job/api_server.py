"""Jobs, pods and Secrets in memory, behind the methods of ``Api`` that the Job driver calls, with faults on demand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jsonpatch
import msgspec

from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict, Invalid, NotFound

Fault = Callable[[str, str], None]
"""Given a verb and a path; raises what the call is to raise instead of being done."""


class ApiServer:
    """``before`` sees each request before it is done, ``after`` when it has landed: what it raises loses the answer."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        self.before: Fault = lambda _verb, _path: None
        self.after: Fault = lambda _verb, _path: None
        self.logs: dict[str, bytes] = {}
        self.events: list[dict[str, Any]] = []
        self.selectors: list[str] = []
        """Of the lists asked for, the watches' own aside."""
        self.muted = False
        """Watches get no events: they are missed."""
        self.account: str | None = None
        self._versions = itertools.count(1)
        self._uids = itertools.count(1)
        self._watches: list[tuple[str, str, asyncio.Queue[bytes]]] = []

    def as_service_account(self, namespace: str, name: str) -> Impersonating:
        return Impersonating(self, f"{namespace}/{name}")

    # --- What tests do ------------------------------------------------------------------------------------------------

    def put(self, path: str, this: dict[str, Any]) -> None:
        kind = "MODIFIED" if path in self.objects else "ADDED"
        before = self.objects.get(path)
        self.objects[path] = this
        self._changed(kind, path, this, before)

    def remove(self, path: str) -> None:
        self._changed("DELETED", path, self.objects.pop(path))

    def named(self, plural: str) -> list[str]:
        """The paths of all objects of a kind."""
        return [path for path in self.objects if f"/{plural}/" in path]

    def _changed(
        self, kind: Any, path: str, this: dict[str, Any], before: dict[str, Any] | None = None
    ) -> None:
        this["metadata"]["resourceVersion"] = str(next(self._versions))
        if self.muted:
            return
        for watched, selector, queue in self._watches:
            if path.rsplit("/", 1)[0].endswith(watched.rsplit("/", 1)[1]):
                told = _told(
                    kind, selected(this, selector), before is not None and selected(before, selector)
                )
                if told is not None:
                    queue.put_nowait(msgspec.json.encode({"type": told, "object": this}) + b"\n")

    # --- What the driver calls ----------------------------------------------------------------------------------------

    def _note(self, verb: str, path: str, account: str | None = None) -> None:
        self.requests.append((verb, path, account))
        self.before(verb, path)

    async def create(
        self, path: str, body: Any, *_: Any, into: Any = None, account: str | None = None
    ) -> Any:
        await asyncio.sleep(0)
        self._note("create", path, account)
        key = f"{path}/{body['metadata']['name']}"
        if key in self.objects:
            raise AlreadyExists(409, "AlreadyExists", f"{key} already exists")
        this = msgspec.json.decode(msgspec.json.encode(body))
        namespace = path.split("/namespaces/")[1].split("/", maxsplit=1)[0]
        this["metadata"] |= {"uid": f"uid-{next(self._uids)}", "namespace": namespace}
        self.put(key, this)
        self.after("create", path)
        return this if into is None else msgspec.convert(this, into)

    async def get(self, path: str, params: Any = None, *, into: Any = None) -> Any:
        await asyncio.sleep(0)
        self._note("get", path)
        if path.endswith("/events"):
            return {"items": self.events}
        if params is not None:
            self.selectors.append(params["labelSelector"])
            items = [
                this
                for key, this in self.objects.items()
                if key.rsplit("/", 1)[0] == path and selected(this, params["labelSelector"])
            ]
            return msgspec.convert({"items": items}, into)
        if path not in self.objects:
            raise NotFound(404, "NotFound", f"{path} not found")
        return self.objects[path] if into is None else msgspec.convert(self.objects[path], into)

    async def patch(
        self, path: str, body: Any, *, params: Any = None, into: Any = None, account: str | None = None
    ) -> Any:
        await asyncio.sleep(0)
        self._note("patch" if params is None else "dry run", path, account)
        if path not in self.objects:
            raise NotFound(404, "NotFound", f"{path} not found")
        this = self.objects[path]
        if params is not None:
            if not same_template(this, body[0]["value"]):
                raise Invalid(422, "Invalid", "spec.template: field is immutable")
            return this if into is None else msgspec.convert(this, into)
        try:
            patched = jsonpatch.apply_patch(this, body)
        except jsonpatch.JsonPatchException as error:
            raise Invalid(422, "Invalid", str(error)) from error
        self.put(path, patched)
        return patched if into is None else msgspec.convert(patched, into)

    async def change(self, path: str, patch: Any) -> None:
        await self.patch(path, patch)

    async def delete(self, path: str, body: Any, *, account: str | None = None) -> None:
        await asyncio.sleep(0)
        self._note("delete", path, account)
        if path not in self.objects:
            raise NotFound(404, "NotFound", f"{path} not found")
        if self.objects[path]["metadata"]["uid"] != body["preconditions"]["uid"]:
            raise Conflict(409, "Conflict", "the uid is another")
        self.remove(path)

    async def log(self, namespace: str, pod: str, container: str, **_: Any) -> bytes:
        await asyncio.sleep(0)
        self._note("log", f"{namespace}/{pod}/{container}")
        if pod not in self.logs:
            raise NotFound(404, "NotFound", f"pods {pod!r} not found")
        return self.logs[pod]

    async def request(
        self,
        method: str,
        path: str,
        params: Any = None,
        body: Any = None,
        *_: Any,
        account: str | None = None,
        **__: Any,
    ) -> bytes:
        """Whatever is asked for an execution, a list, or a log."""
        answer: Any = None
        match method:
            case "POST":
                answer = await self.create(path, body, account=account)
            case "PATCH":
                answer = await self.patch(path, body, params=params, account=account)
            case "DELETE":
                await self.delete(path, body, account=account)
            case "GET" if path.endswith("/log"):
                await asyncio.sleep(0)
                self._note("log", f"{path}/{params['container']}", account)
                return self.logs[path.split("/")[-2]][: params["limitBytes"]]
            case _:
                await asyncio.sleep(0)
                plural, selector = path.rsplit("/", 1)[1], params.get("labelSelector", "")
                found = [self.objects[key] for key in self.named(plural)]
                items = [this for this in found if selected(this, selector)]
                answer = {"metadata": {"resourceVersion": "0"}, "items": items}
        return msgspec.json.encode(answer)

    @asynccontextmanager
    async def stream(self, path: str, params: Any, **_: Any) -> AsyncGenerator[AsyncIterator[bytes]]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._watches.append((path, params.get("labelSelector", ""), queue))

        async def lines() -> AsyncIterator[bytes]:
            while True:
                yield await queue.get()

        yield lines()


class Impersonating:
    """The same API server as somebody else."""

    def __init__(self, server: ApiServer, account: str) -> None:
        self._server = server
        self._account = account

    async def request(
        self, method: str, path: str, params: Any = None, body: Any = None, *_: Any, **__: Any
    ) -> bytes:
        return await self._server.request(method, path, params, body, account=self._account)


def selected(this: dict[str, Any], selector: str) -> bool:
    """By labels that are there (``a``) or have a value (``a=b``), all of them."""
    labels = this["metadata"].get("labels") or {}
    wanted = [part.partition("=") for part in selector.split(",") if part]
    return all(key in labels and (not equals or labels[key] == value) for key, equals, value in wanted)


def _told(kind: str, now: bool, before: bool) -> Any:
    """What a watch with a selector reports of a change: an object comes and goes with its labels."""
    if kind != "MODIFIED" or now == before:
        return kind if now else None
    return "ADDED" if now else "DELETED"


def same_template(job: dict[str, Any], template: Any) -> bool:
    """Whether a Job has that template, but for the labels that Kubernetes gives it."""
    own = job["spec"]["template"]
    uid, name = job["metadata"]["uid"], job["metadata"]["name"]
    generated = {"controller-uid": uid, "job-name": name}
    generated |= {f"batch.kubernetes.io/{key}": value for key, value in generated.items()}
    labels = {**((own.get("metadata") or {}).get("labels") or {}), **generated}
    own = {**own, "metadata": {**(own.get("metadata") or {}), "labels": labels}}
    return bool(own == msgspec.json.decode(msgspec.json.encode(template)))


def once(verb: str, part: str, error: ApiError) -> Fault:
    """Fail the first request of that verb whose path contains ``part``."""
    left = [error]

    def fault(this: str, path: str) -> None:
        if this == verb and part in path and left:
            raise left.pop()

    return fault
