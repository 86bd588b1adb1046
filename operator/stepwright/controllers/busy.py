"""Work on executions that is under way beside the engine: one piece at a time for each. What is seen of one meanwhile
is put off until it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.insisting import Insisting
from stepwright.engine.ports import ExecutionRef, Uid


class Busy:
    """``again`` is called with what was seen of an execution meanwhile."""

    def __init__(self, insisting: Insisting, *, again: Callable[[Seen], None]) -> None:
        self._insisting: Final = insisting
        self._again: Final = again
        self._taking_up: dict[Uid, asyncio.Task[None]] = {}
        self._letting_go: dict[Uid, asyncio.Task[None]] = {}
        self._comparing: dict[Uid, asyncio.Task[None]] = {}
        self._newer: dict[Uid, Seen] = {}

    def __contains__(self, uid: Uid) -> bool:
        return uid in self._taking_up or uid in self._letting_go

    def takes_up(self, uid: Uid) -> bool:
        """Whether it is being read, started, failed or acknowledged."""
        return uid in self._taking_up

    def lets_go(self, uid: Uid) -> bool:
        return uid in self._letting_go

    def taking_up(self) -> list[Uid]:
        return list(self._taking_up)

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind, for whoever looks whether anything is left over."""
        return {
            "executions being taken up": len(self._taking_up),
            "executions being let go": len(self._letting_go),
            "executions being compared": len(self._comparing),
            "newer sights": len(self._newer),
        }

    # --- Work ----------------------------------------------------------------------------------------------------

    def keep_at(
        self,
        ref: ExecutionRef,
        act: Callable[[], Awaitable[None]],
        failed: Exception | None = None,
        after: Callable[[Uid], None] = lambda _: None,
    ) -> None:
        """``act`` until it is done (``Insisting.while_held``): the execution is taken up. ``failed``: how it has failed
        before. ``after`` is called once that has ended in any way, before anything that was put off is looked at."""
        task = asyncio.create_task(self._insisting.while_held(ref, act, failed), name=f"take up {ref}")
        self._taking_up[ref.uid] = task
        task.add_done_callback(lambda done: self._taken_up(ref.uid, done, after))

    def check_on(self, ref: ExecutionRef, check: Callable[[ExecutionRef], Awaitable[None]]) -> None:
        """Beside whatever else is done about it; once at a time."""
        if ref.uid not in self._comparing:
            task = asyncio.create_task(self._insisting.until_done(ref, lambda: check(ref)))
            self._comparing[ref.uid] = task
            task.add_done_callback(lambda _: self._comparing.pop(ref.uid, None))

    def let_go(
        self, uid: Uid, work: Coroutine[Any, Any, None], after: Callable[[Uid], None] = lambda _: None
    ) -> None:
        task = asyncio.create_task(work)
        self._letting_go[uid] = task
        task.add_done_callback(lambda done: self._has_let_go(uid, done))
        task.add_done_callback(lambda _: after(uid))

    def stop_taking_up(self, uid: Uid, after: Callable[[Uid], None] = lambda _: None) -> None:
        """Nothing more is to be done about it here."""
        taking_up = self._taking_up.get(uid)
        if taking_up is not None:
            taking_up.cancel()
            taking_up.add_done_callback(lambda _: after(uid))
        self._newer.pop(uid, None)

    def when_taken_up(self, uid: Uid, then: Callable[[], None]) -> bool:
        """Whether it is being taken up: then ``then`` is called after that, unless it is given up."""
        taking_up = self._taking_up.get(uid)
        if taking_up is not None:
            taking_up.add_done_callback(lambda done: None if done.cancelled() else then())
        return taking_up is not None

    @contextmanager
    def aside(self, uid: Uid) -> Iterator[None]:
        """Whoever takes it up decides what to do about it as if nobody were busy with it: that takes the place of its own work."""
        here = self._taking_up.pop(uid, None)
        try:
            yield
        finally:
            if here is not None:
                self._taking_up.setdefault(uid, here)

    async def close(self) -> None:
        tasks = [*self._taking_up.values(), *self._comparing.values(), *self._letting_go.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- What is seen meanwhile ----------------------------------------------------------------------------------

    def put_off(self, seen: Seen) -> None:
        self._newer[seen.uid] = seen

    def look_again(self, uid: Uid) -> None:
        """At what was put off, if anything was."""
        newer = self._newer.pop(uid, None)
        if newer is not None:
            self._again(newer)

    def _taken_up(self, uid: Uid, done: asyncio.Task[None], after: Callable[[Uid], None]) -> None:
        if self._taking_up.get(uid) is not done:
            return  # another one continues it
        del self._taking_up[uid]
        after(uid)
        self._ended(uid, done)

    def _has_let_go(self, uid: Uid, done: asyncio.Task[None]) -> None:
        del self._letting_go[uid]
        self._ended(uid, done)

    def _ended(self, uid: Uid, done: asyncio.Task[None]) -> None:
        if done.cancelled():
            self._newer.pop(uid, None)
        else:
            self.look_again(uid)
