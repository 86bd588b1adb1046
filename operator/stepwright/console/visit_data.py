"""What went into a visit of a state and came out of it, attempt by attempt: ``.../visits/{visit}/data``, out of its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import HistoryEvent, Visit
from stepwright.catalog.ports import VisitQuery
from stepwright.catalog.records import Execution
from stepwright.console.events import Events, details_of, moment_of
from stepwright.console.models import Attempt, Text, VisitData
from stepwright.console.parameters import Parameters, shown
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading, beginning
from stepwright.console.routes import Answer, Call, Route
from stepwright.http.messages import Refused

_MOST_LOOKED_AT: Final = 2_000
"""Events from that by which the state was entered: as many may be of other branches."""

_MOST_LISTED: Final = 1_000

_ENTERED: Final = "StateEntered"
_EXITED: Final = "StateExited"


class VisitDataRoute:
    def __init__(self, ports: Ports, reading: Reading, events: Events) -> None:
        self._visits = ports.visits
        self._reading = reading
        self._events = events

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "executions/{execution}/visits/{visit}/data", self.data)

    async def data(self, call: Call) -> Answer:
        call.parameters()
        found = await self._reading.execution(call, "GetExecutionHistory")
        told, _ = await self._of(found, call.ids["visit"])
        return told.data()

    async def tasks(self, execution: Execution, visit: str) -> dict[TaskId, int]:
        """Those that did the work of a visit, each with the number of its attempt, from 1 on. Raises Refused."""
        told, known = await self._of(execution, visit)
        scheduled = [attempt.scheduled for attempt in told.data().attempts]
        if known is None or known.task is None or not scheduled:
            return {TaskId(id): number for number, id in enumerate(scheduled, 1)}
        # Where events of child executions count for the ids of tasks, that of an earlier attempt is nowhere.
        earlier = scheduled[:-1] if scheduled[-1] == known.task else []
        return {TaskId(id): number for number, id in enumerate(earlier, 1)} | {known.task: len(scheduled)}

    async def _of(self, found: Execution, id: str) -> tuple[_Told, Visit | None]:
        """Raises Refused."""
        visit = Parameters({"visit": [id]}).number("visit") or 0
        page = await self._visits.visits(found, VisitQuery(above=visit - 1, below=visit + 1), None, limit=1)
        known = page.items[0] if page.items else None
        told = await self._told(found, visit, known)
        if told is None and known is not None:
            # Events of child executions count for ids of visits, and have ids of their own.
            entered = await self._only(found, _ENTERED, known.state, known.started)
            told = None if entered is None else await self._told(found, entered["id"], known)
        if told is None:
            raise Refused("NoSuchVisit", f"{shown(id)} is not a visit of a state", 404)
        return told, known

    async def _told(self, execution: Execution, entered: int, known: Visit | None) -> _Told | None:
        """By the events from that one on, if a state was entered by it, and the one that is known."""
        told = None
        async for event in self._events.from_on(execution, max(entered, 1)):
            if told is None:
                if event["id"] != entered or not event["type"].endswith(_ENTERED):
                    return None
                told = _Told(event)
                if known is not None and told.name != known.state:
                    return None
            elif event["id"] - entered > _MOST_LOOKED_AT:
                told.complete = await self._ends(execution, told, known)
                break
            elif told.is_of_it(event):
                told.add(event)
                if told.ended:
                    break
        return told

    async def _ends(self, execution: Execution, told: _Told, known: Visit | None) -> bool:
        """Whether its end is found by its time, where its events are many: that of a Map."""
        if known is None or known.ended is None:
            return False
        exited = await self._only(execution, _EXITED, told.name, known.ended)
        if exited is not None:
            told.add(exited)
        return exited is not None

    async def _only(self, execution: Execution, kind: str, state: str, moment: Millis) -> HistoryEvent | None:
        """The event of a state at this moment. None if there are several."""
        found = []
        async for event in self._events.from_on(execution, await self._events.first_at(execution, moment)):
            if moment_of(event) > moment:
                break
            if event["type"].endswith(kind) and details_of(event).get("name") == state:
                found.append(event)
        return found[0] if len(found) == 1 else None


class _Told:
    """What the events of a visit say, in their order. An event is of a visit if the one before it in its branch is."""

    def __init__(self, entered: HistoryEvent) -> None:
        details = details_of(entered)
        self.name = details["name"]
        self._is_task = entered["type"] == "TaskStateEntered"
        self._ids = {entered["id"]}
        self._input = details.get("input")
        self._output: str | None = None
        self._variables: Mapping[str, str] = {}
        self._attempts: list[dict[str, Any]] = []
        self._failure: Mapping[str, Any] = {}
        self.ended = False
        self.complete = True

    def is_of_it(self, event: HistoryEvent) -> bool:
        return event.get("previousEventId") in self._ids

    def add(self, event: HistoryEvent) -> None:
        details, type_ = details_of(event), event["type"]
        if "error" in details or "cause" in details:
            self._failure = details
        if type_.startswith(
            "Execution"
        ):  # it has ended with the visit, and what comes after a redrive follows others
            return
        self._ids.add(event["id"])
        if type_.endswith(_EXITED) and details.get("name") == self.name:
            self._output = details.get("output")
            self._variables = details.get("assignedVariables") or {}
            self.ended = True
        elif self._is_task and type_.endswith("Scheduled"):
            self._attempts.append({"scheduled": event["id"], **_scheduled(details)})
        elif self._attempts and "ended" not in self._attempts[-1]:
            self._go_on(event["id"], type_, details)

    def _go_on(self, id: int, type_: str, details: Mapping[str, Any]) -> None:
        attempt = self._attempts[-1]
        if type_.endswith("Succeeded"):
            attempt |= {"ended": id, "result": _text(details.get("output"))}
        elif type_ == "TaskSubmitted":
            attempt["submitted"] = _text(details.get("output"))
        elif "error" in details or "cause" in details or type_.endswith(("Failed", "TimedOut")):
            attempt |= {"ended": id, "error": details.get("error"), "cause": _text(details.get("cause"))}

    def data(self) -> VisitData:
        failed = not self.ended
        return VisitData(
            input=_text(self._input),
            output=_text(self._output),
            attempts=[Attempt(**attempt) for attempt in self._attempts],
            variables={name: beginning(value) for name, value in self._variables.items()},
            error=self._failure.get("error") if failed else None,
            cause=_text(self._failure.get("cause")) if failed else None,
            events=sorted(self._ids)[:_MOST_LISTED],
            complete=self.complete,
        )


def _scheduled(details: Mapping[str, Any]) -> dict[str, Any]:
    given = details.get("parameters", details.get("input"))
    return {"resource": details.get("resource"), "parameters": _text(given)}


def _text(value: str | None) -> Text | None:
    return None if value is None else beginning(value)
