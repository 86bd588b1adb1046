"""A worker: it takes tasks of one TaskTemplate, as many as it has slots for, has them done, and answers them.

Workers know nothing of one another: all see the same tasks, and a patch decides who has one. A task's answer is sent until it is
recorded or the task is closed; what happens then to the execution is not the worker's affair.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Any, Final

import structlog

from stepwright.functions import offers
from stepwright.functions.handlers import Context, Outcome
from stepwright.functions.offers import Offer, Task
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Conflict, Forbidden, Invalid, NotFound, TooLarge
from stepwright.kube.informer import Informer

log = structlog.get_logger(__name__)

Call = Callable[[Any, Context], Awaitable[Outcome]]

DRAIN_SECONDS: Final = 25.0
"""How long tasks under way may take once the worker is told to end: Kubernetes kills it after 30 s."""
LAST_WORDS_SECONDS: Final = 3.0
"""How long it then tries to say of the others that it has left them."""
REFUSED_SECONDS: Final = 10.0
_CHOICE: Final = 16
"""Among so many of the oldest tasks one is chosen: workers that all took the oldest would all but one ask in vain."""
_APART_SECONDS: Final = 0.02
_MOST_APART: Final = 3
_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 5.0


class Worker:
    """``call`` does the work. ``name``: under which people find it. ``can_be_cancelled``: whether a call whose task is closed may be
    broken off."""

    def __init__(
        self,
        api: Api,
        namespace: str,
        template: str,
        call: Call,
        *,
        name: str,
        at_once: int = 1,
        can_be_cancelled: bool = True,
        random: Random | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api = api
        self._namespace = namespace
        self._template = template
        self._call = call
        self._name = name
        self._at_once = at_once
        self._can_be_cancelled = can_be_cancelled
        self._random = random or Random()  # noqa: S311 - spreads claims
        self._now = now
        self._offers: dict[str, Offer] = {}
        """By uid, in the order in which they came."""
        self._some = asyncio.Event()
        self._in_vain = 0
        """How many claims were lost in a row."""
        self._busy: set[asyncio.Task[None]] = set()
        self._is_ending = False
        self.informer: Informer[Offer] = Informer(
            api,
            offers.API_VERSION,
            offers.PLURAL,
            Offer,
            namespaces=(namespace,),
            field_selector=offers.selector(template),
            on_change=self._changed,
            random=random,
        )

    async def run(self, stopped: asyncio.Event) -> None:
        """Until ``stopped`` is set and what was under way has ended, or was left."""
        slots = [asyncio.create_task(self._slot(), name="slot") for _ in range(self._at_once)]
        ending = asyncio.create_task(stopped.wait(), name="end")
        tasks = (ending, asyncio.create_task(self.informer.run(), name="offered tasks"), *slots)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {ending}:
                task.result()  # none of them ends but by a defect
            self._is_ending = True
            for idle in slots:
                if idle not in self._busy:
                    idle.cancel()
            if self._busy:
                await asyncio.wait(self._busy, timeout=DRAIN_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- What there is to do ------------------------------------------------------------------------------------------

    def _changed(self, old: Offer | None, new: Offer | None) -> None:
        if new is None and old is not None:
            self._offers.pop(old.metadata.uid, None)
        elif new is not None and old is None:
            self._offers[new.metadata.uid] = new
            self._some.set()

    async def _slot(self) -> None:
        own = asyncio.current_task()
        assert own is not None
        while True:
            offer = await self._next()
            self._busy.add(own)
            try:
                claim = uuid.UUID(int=self._random.getrandbits(128), version=4).hex
                task = await self._claimed(offer, claim)
                self._in_vain = 0 if task is not None else self._in_vain + 1
                if task is not None:
                    await self._do(task, claim)
            finally:
                self._busy.discard(own)
            if self._is_ending:
                return

    async def _next(self) -> Offer:
        """Each is tried once: nobody gives a task back."""
        while True:
            while not self._offers:
                self._some.clear()
                await self._some.wait()
            if self._in_vain:
                apart = _APART_SECONDS * min(self._in_vain, _MOST_APART)
                await asyncio.sleep(self._random.uniform(0, apart))
            if self._offers:
                uid = self._random.choice(list(islice(self._offers, _CHOICE)))
                return self._offers.pop(uid)

    async def _claimed(self, offer: Offer, claim: str) -> Task | None:
        """None: somebody else has it, or it is closed. An answer that is lost may have given it to us."""
        name, delay, in_doubt = offer.metadata.name, _FIRST_DELAY, False
        patch = offers.claiming(offer, self._name, claim, self._now())
        while True:
            try:
                return await self._patched(name, patch)
            except (Invalid, NotFound, Conflict):
                found = await self._read(name) if in_doubt else None
                is_ours = found is not None and found.is_claimed_by(claim) and found.status.state == "Taken"
                return found if is_ours else None
            except ApiError as error:
                log.warning("a task could not be claimed", task=name, reason=str(error))
                in_doubt = in_doubt or not isinstance(error, Forbidden)
                await asyncio.sleep(REFUSED_SECONDS if isinstance(error, Forbidden) else delay)
            delay = min(2 * delay, _LONGEST_DELAY)

    # --- A task -------------------------------------------------------------------------------------------------------

    async def _do(self, task: Task, claim: str) -> None:
        running = asyncio.ensure_future(self._call(offers.event(task), offers.context(task, self._template)))
        beating = asyncio.create_task(self._beat(task, claim, running), name="heartbeat")
        try:
            await asyncio.wait((running,))
            if running.cancelled():
                return  # it was closed
            await self._answer(task, claim, offers.answer(running.result()))
        except asyncio.CancelledError:
            left = offers.error(offers.LEFT, f"The worker {self._name} was told to end before it was done.")
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    await self._answer(task, claim, left)
            raise
        finally:
            beating.cancel()
            running.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self, task: Task, claim: str, running: asyncio.Future[Outcome]) -> None:
        """Give signs of life, and hear by these whether anybody still waits."""
        while task.beats_seconds is not None:
            await asyncio.sleep(task.beats_seconds)
            try:
                await self._say(task.metadata.name, offers.beating(task, claim, self._now()))
            except (Invalid, NotFound):
                log.info("nobody waits for the task any more", task=task.metadata.name)
                if self._can_be_cancelled:
                    running.cancel()
                return
            except ApiError as error:
                log.warning("a sign of life was not heard", task=task.metadata.name, reason=str(error))

    async def _answer(self, task: Task, claim: str, answer: dict[str, str]) -> None:
        """Return once it is recorded, or nobody waits for it any more."""
        name, delay = task.metadata.name, _FIRST_DELAY
        while True:
            try:
                await self._say(name, offers.answering(task, claim, answer, self._now()))
                return
            except (Invalid, NotFound):
                found = await self._read(name)
                if found is None or found.status.state != "Taken" or not found.is_claimed_by(claim):
                    if found is None or found.status.state != "Answered":
                        log.info("the answer came too late", task=name)
                    return
                # It is the answer that the API server does not take.
                answer = offers.error("Lambda.Unknown", "The API server has refused the function's answer.")
            except TooLarge:
                answer = offers.error(
                    offers.TOO_LARGE, "The function's answer is too large for the API server."
                )
            except ApiError as error:
                log.warning("an answer is sent again", task=name, reason=str(error))
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)

    async def _patched(self, name: str, patch: list[dict[str, Any]]) -> Task:
        path = offers.path(self._namespace, name, "status")
        patched: Task = await self._api.patch(path, patch, into=Task)
        return patched

    async def _say(self, name: str, patch: list[dict[str, Any]]) -> None:
        await self._api.change(offers.path(self._namespace, name, "status"), patch)

    async def _read(self, name: str) -> Task | None:
        """Until it is known. None: it is not there."""
        delay = _FIRST_DELAY
        while True:
            try:
                found: Task = await self._api.get(offers.path(self._namespace, name), into=Task)
            except NotFound:
                return None
            except ApiError as error:
                log.warning("a task cannot be read", task=name, reason=str(error))
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY)
            else:
                return found
