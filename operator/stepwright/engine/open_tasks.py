"""The tasks of one execution that are open or being ended, and which driver has each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import cast

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource
from stepwright.asl.signals import Signal, TaskFailed, TaskId, TimerFired, TimerId
from stepwright.asl.step import CancelTask, StartTask, Visit
from stepwright.engine import serving
from stepwright.engine.effects import Cancel, Effects, End, Expire, Start
from stepwright.engine.holding import Holding
from stepwright.engine.kept_stops import KeptStops
from stepwright.engine.mailbox import Mailbox
from stepwright.engine.ports import ExecutionRef, Expires, TaskDriver
from stepwright.engine.world import World


class OpenTasks:
    """A task that was stopped or released is forgotten. If no driver serves its Resource, the task fails
    through the mailbox."""

    __slots__ = ("_driver_of", "_drivers", "_effects", "_mailbox", "_ref", "_resources")

    def __init__(
        self,
        ref: ExecutionRef,
        world: World,
        mailbox: Mailbox,
        holding: Holding,
        stops: KeptStops,
    ) -> None:
        self._ref = ref
        self._mailbox = mailbox
        self._drivers = world.drivers
        resources: dict[TaskId, Resource] = {}
        self._resources = resources
        self._driver_of = partial(_driver_of, world.drivers, resources)

        def ended(task: TaskId) -> None:
            resources.pop(task, None)
            stops.made(task)

        self._effects = Effects(
            ref,
            self._driver_of,
            world.clock,
            world.starts,
            world.ends,
            holding.may_act,
            ended,
            lambda timer: mailbox.post(TimerFired(timer)),
            mailbox.look_if_empty,
        )

    @property
    def idle(self) -> bool:
        """Whether nothing is under way that leaves work running."""
        return self._effects.idle

    @property
    def none(self) -> bool:
        """Whether nothing is under way at all."""
        return self._effects.none

    async def finished(self) -> None:
        """Wait until every goal is reached."""
        await self._effects.finished()

    async def cancel(self) -> None:
        """Leave everything that is under way or runs as it is."""
        await self._effects.cancel()

    def know(self, resources: Mapping[TaskId, Resource]) -> None:
        """Note the Resources of tasks that are about to be started, or were."""
        self._resources.update(resources)

    def start(self, tasks: Iterable[StartTask], *, again: bool) -> None:
        """Have tasks started whose start is committed. ``again``: by an earlier run, which may have started them."""
        for task in tasks:
            self._resources[task.task] = task.resource
            if serving.driver_of(self._drivers, task.resource) is None:
                self._mailbox.post(TaskFailed(task.task, "States.Runtime", _lacking(task)))
            else:
                self._effects.want([Start(task, again)])

    def stop(self, stops: Sequence[CancelTask]) -> None:
        """Have these stopped: only what is stored knows about them."""
        self.know({stop.task: stop.resource for stop in stops})
        self._effects.want(map(Cancel, stops))

    def end(self, ends: Iterable[End]) -> None:
        """Have tasks stopped or released, as committed."""
        self._effects.want(ends)

    def expire(self, timer: TimerId) -> bool:
        """A timer has fired. Returns whether a driver is asked first if the task is over: the mailbox hears of it then."""
        task = open_work.limits(timer)
        if task is None or not self.is_elsewhere(task):
            return False  # a start, for which an expiry waits, may take long
        self._effects.want([Expire(task, timer)])
        return True

    def is_elsewhere(self, task: TaskId) -> bool:
        """Whether others have the task, and its driver reports whatever they say."""
        driver = self._driver_of(task)
        if driver is None or not _expires(type(driver)):
            return False
        return cast("Expires", driver).is_answered_elsewhere(self._ref, task)

    def is_kept(self, stop: CancelTask) -> bool:
        driver = serving.driver_of(self._drivers, stop.resource)
        return driver is not None and driver.keeps_stops(stop.resource)

    def given_up(self, checkpoint: Checkpoint, signal: Signal) -> CancelTask | None:
        """The stop for a failed task that, according to its driver, may still be running."""
        if not isinstance(signal, TaskFailed):
            return None
        driver = self._driver_of(signal.task)
        if driver is None or not driver.runs_on(self._ref, signal.task):
            return None
        task = checkpoints.open_task(checkpoint, signal.task)
        if task is None:
            return None
        return checkpoints.cancel_task(self._resources[task.id], task)

    def shown(self, visits: Iterable[Visit]) -> dict[TaskId, str]:
        """The names under which people find what runs the tasks of these visits."""
        shown: dict[TaskId, str] = {}
        for visit in visits:
            driver = None if visit.task is None else self._driver_of(visit.task)
            if visit.task is not None and driver is not None:
                name = driver.shown_as(self._ref, visit.task)
                if name is not None:
                    shown[visit.task] = name
        return shown


@cache
def _expires(kind: type[TaskDriver]) -> bool:
    """Asked for each driver, Python looks through the protocol each time."""
    return issubclass(kind, Expires)


def _lacking(task: StartTask) -> str:
    if task.resource == ITEM_READER:
        return f"Nothing in this installation reads the items of state {task.state!r} (its ItemReader)."
    if task.resource == RESULT_WRITER:
        return f"Nothing in this installation writes the results of state {task.state!r} (its ResultWriter)."
    return (
        f"No driver of this installation serves the Resource {task.resource.text!r} of state {task.state!r}."
    )


def _driver_of(
    drivers: Sequence[TaskDriver], resources: Mapping[TaskId, Resource], task: TaskId
) -> TaskDriver | None:
    resource = resources.get(task)
    return None if resource is None else serving.driver_of(drivers, resource)
