"""What the kubelet asks: whether this process is alive, and whether it is ready. All decide from what can be read in any
thread: they are asked in the lifeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SILENT_SECONDS: Final = 300.0
"""A watch sends a bookmark a minute. If silent for this long it is dead, whatever its connection says."""


@dataclass(frozen=True, slots=True)
class Life:
    """What there is to know of a process at one moment. All durations are in seconds."""

    hung: bool = False
    """The engine's loop has not turned for so long that it counts as hung."""
    held: float = 0.0
    """How long it has not turned."""
    stuck: str | None = None
    """The execution whose step beside the loop seems never to end."""
    step: float = 0.0
    """How long that step has lasted."""
    kopf_ended: bool = False
    silent: float = 0.0
    """Since when the quietest watch has been; 0 before all have reported."""


@dataclass(frozen=True, slots=True)
class Work:
    """What keeps a process that lives from working, for people; None if nothing does."""

    synced: bool
    """Jobs and pods were listed."""
    own_lease: str | None = None
    neighbours: str | None = None


def not_alive(life: Life) -> str | None:
    """Why the process is to be started again; None if it is not."""
    if life.hung:
        return f"the engine's loop has not turned for {life.held:.0f} s"
    if life.stuck is not None:
        return f"a step of execution {life.stuck} has not ended for {life.step:.0f} s"
    if life.kopf_ended:
        return "kopf has ended"
    if life.silent > SILENT_SECONDS:
        return f"no event of Jobs, Pods or Executions, not even a bookmark, for {SILENT_SECONDS:.0f} s"
    return None


def not_ready(work: Work, life: Life) -> str | None:
    """Why it does not do its part of the work; None if it does."""
    if not work.synced:
        return "the list of Jobs and Pods is not complete yet"
    return work.own_lease or work.neighbours or not_alive(life)
