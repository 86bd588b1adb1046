"""Activities, and who waits for whom: ``v1/activities``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stepwright.catalog.ports import Activities, Cursor, Work
from stepwright.catalog.records import Activity, ActivityLoad
from stepwright.console.models import ActivityPage, ActivityRow, WorkerTasks
from stepwright.console.reading import Reading
from stepwright.console.routes import Answer, Call, Route

_USUAL: Final = 100
MOST_ROWS: Final = 200


class ActivityRoutes:
    def __init__(self, activities: Activities, work: Work, reading: Reading) -> None:
        self._activities = activities
        self._work = work
        self._reading = reading

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "activities", self.page)

    async def page(self, call: Call) -> Answer:
        given = call.parameters("ns", "region", "limit", "cursor")
        place = self._reading.place(call.caller, given.text("ns"), given.text("region"))
        after = given.text("cursor")
        await self._reading.require(call.caller, "ListActivities", place.activity("*"))
        page = await self._activities.activities(
            place, None if after is None else Cursor(after), given.limit(_USUAL, MOST_ROWS)
        )
        loads = self._work.loads()
        rows = [_row(activity, loads.get(activity.arn, ActivityLoad())) for activity in page.items]
        return ActivityPage(rows=rows, next=page.next)


def _row(activity: Activity, load: ActivityLoad) -> ActivityRow:
    return ActivityRow(
        arn=activity.arn,
        name=activity.name,
        created=activity.created,
        asking=load.asking,
        waiting=load.waiting,
        executions=load.executions,
        taken=[WorkerTasks(worker=worker, tasks=tasks) for worker, tasks in sorted(load.taken.items())],
    )
