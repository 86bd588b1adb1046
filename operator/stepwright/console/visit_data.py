"""What went into a visit of a state and came out of it, attempt by attempt: ``.../visits/{visit}/data``, out of its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stepwright.asl.step import HistoryEvent
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
        visit = Parameters({"visit": [call.ids["visit"]]}).number("visit")
        found = await self._reading.execution(call, "GetExecutionHistory")
        told = await self._told(found, visit or 0)
        if told is None:
            raise Refused("NoSuchVisit", f"{shown(call.ids['visit'])} is no visit of a state", 404)
        return told.data()

    async def _told(self, execution: Execution, visit: int) -> _Told | None:
        told = None
        async for event in self._events.from_on(execution, max(visit, 1)):
            if told is None:
                if event["id"] != visit or not event["type"].endswith(_ENTERED):
                    return None
                told = _Told(event)
            elif event["id"] - visit > _MOST_LOOKED_AT:
                if (exited := await self._exit(execution, visit, told.name)) is not None:
                    told.add(exited)
                told.complete = told.ended
                break
            elif told.is_of_it(event):
                told.add(event)
                if told.ended:
                    break
        return told

    async def _exit(self, execution: Execution, visit: int, name: str) -> HistoryEvent | None:
        """How a visit was left whose events are many, such as a Map's: found by its time. None if others of that state were left
        in the same millisecond."""
        page = await self._visits.visits(
            execution, VisitQuery(above=visit - 1, below=visit + 1), None, limit=1
        )
        ended = page.items[0].ended if page.items else None
        if ended is None:
            return None
        found = []
        async for event in self._events.from_on(
            execution, await self._events.first_at(execution, visit, ended)
        ):
            if moment_of(event) > ended:
                break
            if event["type"].endswith(_EXITED) and details_of(event).get("name") == name:
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
