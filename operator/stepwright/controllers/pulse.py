"""Watches from another thread whether the engine's loop turns: how long it was held, by what, and by which
execution.

It puts a callback into the loop and waits for its turn. That costs the loop some microseconds twice a second,
and needs no clock there: a loop that is held answers late.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from stepwright.engine.ports import ExecutionRef
from stepwright.engine.stepping import Stepping

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 0.5
SHOWN_FROM_SECONDS: Final = 2.0
"""If the loop is held for longer, the log shows what holds it."""
SHOWN_EVERY_SECONDS: Final = 60.0
"""And at most this often: what holds it once will do so again."""
NOTED_FROM_SECONDS: Final = 1.0
"""A step of an execution that lasts longer is noted in the Lease, where the note survives the process."""
HUNG_SECONDS: Final = 60.0
"""A loop that has not turned for this long counts as hung: its Lease is no longer renewed and it is not
alive. All legitimate work between two turns is bounded far below that (a step by its budget), and others wait
for what this one holds."""
ENDLESS_FROM_SECONDS: Final = 60.0
"""If a step beside the loop lasts longer, the log shows once where it is."""
STUCK_SECONDS: Final = 300.0
"""A step beside the loop that lasts this long counts as endless: all expensive steps of this replica wait for
it, and a thread cannot be stopped, so the process is not alive. A legitimate step costs at most two seconds
of a processor (``asl.meter``)."""
REMEMBERED: Final = 120
"""Much may happen between two scrapes: the metric is the longest of this many answers, a minute's worth."""


async def _at_once() -> None:
    """There is nothing to hand over."""


class Pulse:
    """``loop`` and ``thread`` are the watched ones; all methods are for the loop that runs ``run``.

    ``news`` is called when ``suspect`` has changed. ``handed_over`` runs in the watched loop, and returns once others may
    continue what this process no longer holds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        thread: int,
        *,
        stepping: Stepping,
        news: Callable[[], None] = lambda: None,
        handed_over: Callable[[], Coroutine[Any, Any, None]] = _at_once,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._thread = thread
        self._stepping = stepping
        self._news = news
        self._handed_over = handed_over
        self._monotonic = monotonic
        self._asked = monotonic()
        self._answered: float | None = self._asked
        self._step: int | None = None
        self._aside: tuple[int, float] | None = None
        """The step beside the loop, and since when it is known."""
        self._endless: int | None = None
        """The step beside the loop that was logged."""
        self._shown = float("-inf")
        self._lags: deque[float] = deque([0.0], maxlen=REMEMBERED)
        self.suspect: ExecutionRef | None = None
        """The execution with a long step."""

    @property
    def held_seconds(self) -> float:
        """How long the loop has not turned."""
        return 0.0 if self._answered is not None else self._monotonic() - self._asked

    @property
    def lag_seconds(self) -> float:
        """The longest time for which the loop did not turn within the last minute."""
        return max(self.held_seconds, *self._lags)

    @property
    def hung(self) -> bool:
        return self.held_seconds > HUNG_SECONDS

    @property
    def step_seconds(self) -> float:
        """How long the current step beside the loop has lasted; 0 if there is none."""
        known, current = self._aside, self._stepping.aside
        if known is None or current is None or known[0] != current[0]:
            return 0.0
        return self._monotonic() - known[1]

    @property
    def stuck(self) -> ExecutionRef | None:
        """The execution whose step beside the loop seems never to end."""
        current = self._stepping.aside
        return None if current is None or self.step_seconds < STUCK_SECONDS else current[1]

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(EVERY_SECONDS)

    async def turned(self) -> None:
        """Wait until the loop has turned, so that everything that it had begun before this call has been sent, and until
        what others may continue is handed over."""
        turning = asyncio.run_coroutine_threadsafe(self._handed_over(), self._loop)
        await asyncio.wrap_future(turning)

    def look(self) -> None:
        """Check whether the loop has answered: then ask again, else note what holds it."""
        long_aside = self._long_aside()
        answered = self._answered
        if answered is not None:
            self._lags.append(answered - self._asked)
            self._suspect(long_aside)
            self._asked, self._answered = self._monotonic(), None
            self._loop.call_soon_threadsafe(self._answer)
            return
        held, current = self.held_seconds, self._stepping.current
        number, execution = current or (None, None)
        if held >= NOTED_FROM_SECONDS and number is not None and number == self._step:
            self._suspect(execution)
        else:
            self._suspect(long_aside)
        self._step = number
        if held >= SHOWN_FROM_SECONDS and self._monotonic() - self._shown >= SHOWN_EVERY_SECONDS:
            self._show(held, execution)

    def _long_aside(self) -> ExecutionRef | None:
        """The execution whose step beside the loop has lasted for long: it holds nobody up, but may still
        kill the process."""
        aside = self._stepping.aside
        if aside is None:
            self._aside = None
            return None
        if self._aside is None or self._aside[0] != aside[0]:
            self._aside = aside[0], self._monotonic()
        lasts = self._monotonic() - self._aside[1]
        if lasts >= ENDLESS_FROM_SECONDS and self._endless != aside[0]:
            self._endless = aside[0]
            log.warning(
                "a step beside the engine's loop does not end",
                seconds=round(lasts, 1),
                execution=str(aside[1]),
                stack=_stack(self._stepping.thread),
            )
        return aside[1] if lasts >= NOTED_FROM_SECONDS else None

    def _answer(self) -> None:
        """Runs in the watched loop."""
        self._answered = self._monotonic()

    def _suspect(self, execution: ExecutionRef | None) -> None:
        if execution != self.suspect:
            self.suspect = execution
            self._news()

    def _show(self, held: float, execution: ExecutionRef | None) -> None:
        self._shown = self._monotonic()
        log.warning(
            "the engine's loop is held",
            seconds=round(held, 1),
            execution=None if execution is None else str(execution),
            stack=_stack(self._thread),
        )


def _stack(thread: int | None) -> str:
    """Where a thread is. Lines of code only: values belong to the execution's owner."""
    frame = None if thread is None else sys._current_frames().get(thread)  # noqa: SLF001 - there is no public way
    return "" if frame is None else "".join(traceback.format_stack(frame))
