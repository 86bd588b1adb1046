"""How many tasks wait for workers, and how many workers have, by TaskTemplate: for whoever decides how many workers there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from stepwright.tasks.external.register import Register

Whose = tuple[str, str, str]
"""Namespace, TaskTemplate, and state: ``Scheduled`` or ``Taken``."""


class Counting:
    def __init__(self) -> None:
        self._numbers: Counter[Whose] = Counter()

    def changed(self, old: Register | None, new: Register | None) -> None:
        """As an informer reports it."""
        if old is not None and (counted := _counted(old)) is not None:
            self._numbers[counted] -= 1
            if not self._numbers[counted]:
                del self._numbers[counted]
        if new is not None and (counted := _counted(new)) is not None:
            self._numbers[counted] += 1

    def numbers(self) -> Mapping[Whose, int]:
        """At this moment; another thread may ask. None is 0."""
        return dict(self._numbers)


def _counted(seen: Register) -> Whose | None:
    template = seen.spec.taskTemplate
    if template is None or seen.is_over:
        return None
    return seen.metadata.namespace, template, seen.status.state
