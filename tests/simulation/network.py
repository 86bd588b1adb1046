"""The network between operators and the API server, as a seed has it: what becomes of each request and of each watch,
and which writes are the moments at which a process is struck.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from stepwright.kube import api_errors
from tests.simulation.api_server import ApiServer, Request, Stream
from tests.simulation.client import Fate, Moment, Strike
from tests.simulation.climate import Climate

_ERROR = msgspec.json.encode(
    {"status": "Failure", "message": "etcdserver: leader changed", "reason": "InternalError"}
)
_BUSY = msgspec.json.encode(
    {"status": "Failure", "message": "too many requests", "reason": "TooManyRequests"}
)


_ONCE_SENT: tuple[Moment, ...] = ("sent", "landed", "answered")


class Network:
    """Implements ``client.Faults``."""

    def __init__(self, climate: Climate, server: ApiServer, random: Random) -> None:
        self._climate = climate
        self._server = server
        self._random = random
        self._kills, self._stops = climate.kills, climate.stops
        self.calm = False
        """Whether nothing goes wrong any more."""
        self.under_way = 0
        self.requests = 0

    def strike_nobody(self) -> None:
        """From now on."""
        self._kills = self._stops = 0

    def of(self, request: Request) -> Fate:
        self.requests += 1
        random = self._random
        there, back = random.choice((0.005, 0.01, 0.03)), random.choice((0.005, 0.01, 0.03))
        if self.calm:
            return Fate(there, back)
        strikes = self._strikes(request)
        if random.random() >= self._climate.faults:
            return Fate(there, back, strikes=strikes)
        kind = random.randrange(10)
        gives_up = random.choice((0.1, 0.5, 3.0))
        match kind:
            case 0 | 1:
                return Fate(there, back, "request", gives_up, strikes=strikes)
            case 2 | 3 | 4:
                return Fate(there, back, "answer", gives_up, strikes=strikes)
            case 5:
                # It lands when the client has long given up.
                return Fate(
                    gives_up + random.choice((0.05, 1.0, 4.0, 12.0)),
                    back,
                    "answer",
                    gives_up,
                    strikes=strikes,
                )
            case 6:
                return Fate(random.choice((0.5, 2.0)), random.choice((0.5, 2.0)), strikes=strikes)
            case 7:
                return Fate(there, back, answer=(429, random.choice(("1", "3", "")), _BUSY), lands=False)
            case 8:
                return Fate(there, back, answer=(500, "", _ERROR), lands=False, strikes=strikes)
            case _:
                return Fate(there, back, answer=(500, "", _ERROR), lands=True, strikes=strikes)

    def _strikes(self, request: Request) -> tuple[Moment, Strike] | None:
        random = self._random
        if not request.writes or not (self._kills or self._stops) or "/leases" in request.path:
            return None
        if random.random() >= self._climate.strikes:
            return None
        killed = self._kills > 0 and (self._stops == 0 or random.randrange(2) == 0)
        if killed:
            self._kills -= 1
            if random.randrange(5) == 0:
                return random.choice(_ONCE_SENT), "ended"
            return random.choice(("before", *_ONCE_SENT)), "killed"
        self._stops -= 1
        how: Strike = "paused" if random.randrange(2) else "stopped"
        return random.choice(_ONCE_SENT), how

    def of_stream(self) -> tuple[float, Callable[[], float]]:
        random = self._random
        if self.calm:
            return 1_000.0, lambda: 0.01
        seconds = random.uniform(*self._climate.streams)
        return seconds, lambda: 0.01 if self.calm else random.choice(self._climate.lag)

    def cut(self, stream: Stream) -> None:
        self.cut_with(stream, api_errors)

    def cut_with(self, stream: Stream, errors: Any) -> None:
        """``errors``: the module whose exceptions the process knows that watches."""
        if self._random.randrange(4) == 0:
            self._server.compact()
        how = self._random.randrange(4)
        if how == 0:
            stream.finish(errors.Expired(410, "Expired", "too old resource version"))
        elif how == 1:
            stream.finish(errors.Unreachable("the watch was cut", outcome_unknown=False))
        else:
            stream.finish("closed")
