"""A local copy of the objects of one kind, kept up to date by list and watch, and a call for each change.

The rules are those of client-go's reflector
(https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/client-go/tools/cache/reflector.go):
one consistent list, then a watch from its resourceVersion with bookmarks; a stream that ends is continued
where it was; after 410 Gone comes a new list, whose differences from the copy are reported as changes,
including deletions. Streaming lists are not used: they were seen to lose objects.

Decoding is lean: the caller passes a ``msgspec.Struct`` with the fields it needs, and only those cost time
and memory; or it asks for rows of a table instead of objects (``forms``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from random import Random
from typing import TYPE_CHECKING, Generic

import msgspec
import structlog

from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, BadRequest, Expired, Forbidden, TooManyRequests
from stepwright.kube.decoders import decoder
from stepwright.kube.forms import Form, Whole
from stepwright.kube.local_copy import Key, LocalCopy, Metadata, T, key_of
from stepwright.kube.paths import path_of

if TYPE_CHECKING:
    from stepwright.kube.watches import Event

OnChange = Callable[[T | None, T | None], None]
"""Of a ``local_copy.Change``. Runs in the loop, so it must be quick and never block; what it raises is logged."""

OnText = Callable[[T | None, T, msgspec.Raw], None]
"""``(None, new, text)`` and ``(old, new, text)``, for callers that sometimes need more of an object than is
always decoded: ``text`` is all of it."""

UNKNOWN_FIELD = "field label not supported"
"""The API server's words about a field selector that the CRD does not declare."""

_FIRST_DELAY_SECONDS = 0.2
# client-go waits up to 30 s, with thousands of nodes asking. Here one process asks, and an operator that
# started while the API server was away runs nothing until its lists are complete.
_LONGEST_DELAY_SECONDS = 5.0
_STREAM_SECONDS = (240, 480)  # spread, so that a process's streams do not all restart at once
_PAGE_SIZE = 500  # objects in one answer: 100,000 in one would exceed any time-out, and arrive all at once


class Informer(Generic[T]):
    """Objects of one kind, in all namespaces or some. ``run`` never returns; ``synced`` is set after the first list.

    ``index`` gives the values under which ``by_index`` finds an object. A namespace whose list is forbidden
    does not hold up the others: it may have been deleted, and the rights there with it. It is still asked
    again. With ``on_text``, ``on_change`` is called only for deletions.

    Objects for which ``keeps`` is false are reported like any other, but not remembered. ``listed`` is a
    field selector that leaves most of these out of lists; a watch still reports every change. After a list,
    objects not in it are reported as gone, though they may exist and no longer be selected. A server whose
    schema does not know the field yet (in the middle of an upgrade) lists all.

    ``on_list`` is called after each list but the first. Several changes since the last event may show as
    none, and a restored etcd looks as it did at that time. ``on_defect`` is called with an object's key if
    the object cannot be read, or if a callback raises: that change is lost.
    """

    def __init__(
        self,
        api: Api,
        api_version: str,
        plural: str,
        into: type[T] | Form[T],
        *,
        namespaces: Sequence[str] = (),
        label_selector: str | None = None,
        field_selector: str | None = None,
        listed: str | None = None,
        keeps: Callable[[T], bool] | None = None,
        on_change: OnChange[T] | None = None,
        on_text: OnText[T] | None = None,
        on_list: Callable[[], None] = lambda: None,
        on_defect: Callable[[Metadata, Exception], None] = lambda _metadata, _error: None,
        index: Callable[[T], Iterable[str]] | None = None,
        page_size: int = _PAGE_SIZE,
        random: Random | None = None,
    ) -> None:
        self._api = api
        self._api_version, self._plural = api_version, plural
        self._form: Form[T] = Whole(into) if isinstance(into, type) else into
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._selectors = {
            name: value
            for name, value in (("labelSelector", label_selector), ("fieldSelector", field_selector))
            if value
        }
        self._listed = listed
        self._copy: LocalCopy[T] = LocalCopy(self._namespaces, keeps, index)
        self._on_change = on_change
        self._on_text = on_text
        self._page_size = page_size
        self._random = random or Random()  # noqa: S311 - spreads requests in time
        self._activity: dict[str | None, float] = {}
        self._log = structlog.get_logger().bind(kind=plural)
        self._on_list = on_list
        self._on_defect = on_defect
        self.synced = asyncio.Event()
        self.following = asyncio.Event()
        """Set while the copy is current: from the opening of a watch to the end of that watch. A watch that
        follows a list may take long to open. Otherwise the copy may be of a time that a restore of etcd has undone."""
        self._cut_off: set[str | None] = set(self._namespaces)
        self.appears = False
        """Whether the object that ``on_change`` reports has only just appeared, or only just become one of
        those watched: a watch says so. A list may contain what has long been there."""

    async def run(self) -> None:
        async with asyncio.TaskGroup() as streams:
            for namespace in self._namespaces:
                streams.create_task(
                    self._follow(namespace), name=f"informer {self._plural} {namespace or '*'}"
                )

    def get(self, namespace: str, name: str) -> T | None:
        return self._copy.get(namespace, name)

    def by_index(self, value: str) -> list[T]:
        return self._copy.by_index(value)

    def all(self) -> list[T]:
        return self._copy.all()

    def __len__(self) -> int:
        return len(self._copy)

    @property
    def last_activity(self) -> float | None:
        """When the quietest stream was last heard from, in the loop's time: an event, a bookmark or a list.

        Bookmarks come each minute, so an age beyond some minutes means that the copy is no longer kept up to date.
        None: not synced yet.
        """
        heard = tuple(self._activity.values())  # another thread may ask
        return min(heard) if len(heard) == len(self._namespaces) else None

    async def _follow(self, namespace: str | None) -> None:
        version: str | None = None
        delay = 0.0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                if version is None:
                    version = await self._list(namespace)
                async for event in self._events(namespace, version):
                    # A stream that delivers something is healthy, however it ends.
                    delay = 0.0
                    version = self._take(namespace, event) or version
                if loop.time() - began >= 1:
                    continue  # the server ended it as announced
                problem = "the stream ended at once"
            except Expired as error:
                version, problem = None, str(error)
            except Forbidden as error:
                problem = str(error)
                if namespace is not None:
                    self._hear(namespace)
                    self._follows(namespace)
            except TooManyRequests as error:
                delay, problem = max(delay, error.retry_after), str(error)
            except ApiError as error:
                problem = str(error)
                if isinstance(error, BadRequest) and UNKNOWN_FIELD in problem:
                    self._listed = None
            # The first attempt after a break comes soon, later ones ever later, never two clients in step.
            seconds = delay + self._random.uniform(0, max(delay, _FIRST_DELAY_SECONDS))
            self._log.info(
                "watch interrupted", namespace=namespace, problem=problem, next_try_in=round(seconds, 1)
            )
            await asyncio.sleep(seconds)
            delay = min(max(delay * 2, _FIRST_DELAY_SECONDS), _LONGEST_DELAY_SECONDS)

    async def _list(self, namespace: str | None) -> str:
        """Take over the objects that exist now and report the missing ones as gone. Returns the list's
        resourceVersion."""
        gone = self._copy.of(namespace)
        version = ""
        path = path_of(self._api_version, self._plural, namespace)
        selectors = {**self._selectors, "fieldSelector": self._listed} if self._listed else self._selectors
        async with aclosing(self._form.pages(self._api, path, selectors, self._page_size)) as pages:
            async for items, version in pages:  # noqa: B007 - the last one's, the same in all
                for raw in items:
                    if (new := self._read(raw)) is not None:
                        gone.pop(key_of(new), None)
                        self._put(namespace, new, raw)
                await asyncio.sleep(0)
        for key, last in gone.items():
            self._remove(namespace, key, last)
        known_before = namespace in self._activity
        self._hear(namespace)
        if known_before:
            self._on_list()
        return version

    async def _events(self, namespace: str | None, version: str) -> AsyncGenerator[Event, None]:
        params: dict[str, str | int] = {
            **self._selectors,
            "resourceVersion": version,
            "timeoutSeconds": self._random.randint(*_STREAM_SECONDS),
        }
        path = path_of(self._api_version, self._plural, namespace)
        try:
            watch = watches.watch(
                self._api, path, params, accept=self._form.accept, opened=lambda: self._follows(namespace)
            )
            async with aclosing(watch) as events:
                async for event in events:
                    yield event
        finally:
            self._cut_off.add(namespace)
            self.following.clear()

    def _follows(self, namespace: str | None) -> None:
        self._cut_off.discard(namespace)
        if not self._cut_off:
            self.following.set()

    def _take(self, namespace: str | None, event: Event) -> str | None:
        """Apply one event to the copy. Returns the resourceVersion from which the watch can continue."""
        self._hear(namespace)
        if event.type == "BOOKMARK":
            bookmark: _Bookmark = decoder(_Bookmark).decode(event.object)
            return bookmark.metadata.resourceVersion
        text = self._form.of_event(event.object)
        new = self._read(text)
        if new is None:
            return None
        if event.type == "DELETED":
            self._remove(namespace, key_of(new), new)
        else:
            self.appears = event.type == "ADDED"
            self._put(namespace, new, text)
            self.appears = False
        return new.metadata.resourceVersion

    def _put(self, namespace: str | None, new: T, text: msgspec.Raw) -> None:
        for old, now in self._copy.put(namespace, new):
            self._tell(old, now, text)

    def _remove(self, namespace: str | None, key: Key, last: T) -> None:
        if self._copy.remove(namespace, key):
            self._tell(last, None)

    def _tell(self, old: T | None, new: T | None, text: msgspec.Raw | None = None) -> None:
        try:
            if self._on_text is not None and new is not None and text is not None:
                self._on_text(old, new, text)
            elif self._on_change is not None:
                self._on_change(old, new)
        except Exception as error:  # noqa: BLE001
            # Trouble with one object must not hold up news of the others.
            self._log.exception("a change could not be handled")
            if (changed := new or old) is not None:
                self._say_defect(changed.metadata, error)

    def _say_defect(self, metadata: Metadata, error: Exception) -> None:
        try:
            self._on_defect(metadata, error)
        except Exception:  # noqa: BLE001
            self._log.exception("a defect could not be handled")

    def _read(self, raw: msgspec.Raw) -> T | None:
        try:
            return self._form.read(raw)
        except msgspec.DecodeError as error:
            self._log.error("an object cannot be read and is left out", error=str(error))
            with suppress(msgspec.DecodeError):
                named: _Named = decoder(_Named).decode(raw)
                self._say_defect(named.metadata, error)
            return None

    def _hear(self, namespace: str | None) -> None:
        self._activity[namespace] = asyncio.get_running_loop().time()
        if len(self._activity) == len(self._namespaces):
            self.synced.set()


class _NamedMetadata(msgspec.Struct):
    name: str
    uid: str
    namespace: str = ""
    resourceVersion: str = ""  # noqa: N815 - the field's name on the wire


class _Named(msgspec.Struct):
    metadata: _NamedMetadata


class _BookmarkMetadata(msgspec.Struct):
    resourceVersion: str  # noqa: N815 - the field's name on the wire


class _Bookmark(msgspec.Struct):
    metadata: _BookmarkMetadata
