"""Objects of one kind as they were last seen, found by name or by an index, and what changes when one is seen again. It asks
nobody and calls nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar

Key = tuple[str, str]
"""Namespace (empty if it has none) and name."""

Stream: TypeAlias = str | None
"""A namespace whose objects are seen by themselves; None: of all namespaces."""


class Metadata(Protocol):
    """The part of an object's metadata that is read here."""

    @property
    def name(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def resourceVersion(self) -> str: ...  # noqa: N802 - the field's name on the wire


class Kept(Protocol):
    @property
    def metadata(self) -> Metadata: ...


T = TypeVar("T", bound=Kept)

Change: TypeAlias = tuple[T | None, T | None]
"""``(None, new)``: it is there; ``(old, new)``: it has changed; ``(last, None)``: it is gone, and this is how it was last seen."""


class LocalCopy(Generic[T]):
    """``keeps``: whether an object is remembered. ``index``: the values under which ``by_index`` finds it."""

    def __init__(
        self,
        streams: Sequence[Stream],
        keeps: Callable[[T], bool] | None = None,
        index: Callable[[T], Iterable[str]] | None = None,
    ) -> None:
        self._keeps = keeps
        self._index = index
        self._objects: dict[Stream, dict[Key, T]] = {stream: {} for stream in streams}
        self._indexed: dict[str, dict[Key, T]] = {}

    def get(self, namespace: str, name: str) -> T | None:
        objects = self._objects.get(namespace)
        return (self._objects.get(None, {}) if objects is None else objects).get((namespace, name))

    def by_index(self, value: str) -> list[T]:
        return list(self._indexed.get(value, {}).values())

    def all(self) -> list[T]:
        return [object for objects in self._objects.values() for object in objects.values()]

    def __len__(self) -> int:
        return sum(len(objects) for objects in self._objects.values())

    def of(self, stream: Stream) -> dict[Key, T]:
        """Those that are remembered, in the order of their arrival."""
        return dict(self._objects[stream])

    def put(self, stream: Stream, new: T) -> Iterator[Change[T]]:
        """The changes that this makes, one by one: when one is given, the next has not been made yet."""
        key = key_of(new)
        old = self._objects[stream].get(key)
        if old is not None and old.metadata.uid != new.metadata.uid:
            # Deleted and created again while nobody watched: two objects with one name.
            self.remove(stream, key)
            yield old, None
            old = None
        if old is not None and old.metadata.resourceVersion == new.metadata.resourceVersion:
            return
        if self._keeps is None or self._keeps(new):
            self._objects[stream][key] = new
            self._reindex(key, old, new)
        elif old is not None:
            self.remove(stream, key)
        yield old, new

    def remove(self, stream: Stream, key: Key) -> bool:
        """Whether it was there."""
        old = self._objects[stream].pop(key, None)
        if old is not None:
            self._reindex(key, old, None)
        return old is not None

    def _reindex(self, key: Key, old: T | None, new: T | None) -> None:
        if self._index is None:
            return
        before = set(self._index(old)) if old is not None else set()
        after = set(self._index(new)) if new is not None else set()
        for value in before - after:
            entries = self._indexed[value]
            del entries[key]
            if not entries:
                del self._indexed[value]
        if new is not None:
            for value in after:
                self._indexed.setdefault(value, {})[key] = new


def key_of(object: Kept) -> Key:
    return object.metadata.namespace, object.metadata.name
