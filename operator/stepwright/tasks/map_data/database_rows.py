"""Rows of a database as items: what a statement returns, page by page, in the order of its first column.

Each page is asked for by itself, from the last value on, so nothing is kept open between pages, windows and kills, and a row that
stays as it is is read once, whatever is written meanwhile. That column has to tell the rows apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED
from stepwright.asl.json_types import Json
from stepwright.asl.map_data.reader_config import failed
from stepwright.tasks.calls.remote_files import NotRead
from stepwright.tasks.map_data.api_objects import Asking
from stepwright.tasks.map_data.resources import SQL
from stepwright.tasks.map_data.sources import Place

_PAGE: Final = 1_000
"""Rows that are asked for at once; fewer where so many are larger than what a task takes."""


class OfRows(Asking):
    file: Final = None

    def items(self, after: Place) -> Iterator[tuple[Json, Place]]:
        place, most = after, _PAGE
        while True:
            rows, most = self._page(place, most)
            is_last = len(rows) < most
            if place and rows and _first(rows[0])[1] == place["value"]:
                rows = rows[1:]  # it was the last one of the page before
            for row in rows:
                column, value = _first(row)
                if value is None or (place and value == place["value"]):
                    again = "is null in a row" if value is None else f"is {value!r} in two rows"
                    raise failed(
                        f"The first column of the statement, {column!r}, {again}: it has to tell the items apart."
                    )
                place = {"column": column, "value": value}
                yield row, place
            if is_last:
                return

    def _page(self, place: Place, most: int) -> tuple[list[dict[str, Json]], int]:
        """Rows from that place on, the one there included, and how many were asked for."""
        while True:
            try:
                answer: Any = self.answer(SQL, **self._asked(place, most))
                return answer["Rows"], most
            except NotRead as refused:
                if refused.error != DATA_LIMIT_EXCEEDED or most <= 2:
                    raise
                most = max(2, most // 4)

    def _asked(self, place: Place, most: int) -> dict[str, Json]:
        statement, parameters = self.parameters.get("Statement"), self.parameters.get("Parameters") or []
        if not isinstance(statement, str) or not isinstance(parameters, list):
            return {}  # which the driver refuses
        where = ""
        if place:
            column = '"' + place["column"].replace('"', '""') + '"'
            parameters = [*parameters, place["value"]]
            where = f"WHERE items.{column} >= ${len(parameters)} OR items.{column} IS NULL "
        items = f"(\n{statement.rstrip().rstrip(';')}\n) AS items"  # it may end with a comment
        return {
            "Statement": f"SELECT * FROM {items} {where}ORDER BY 1 LIMIT {most}",  # noqa: S608 - from the definition alone
            "Parameters": parameters,
            "MaxRows": most,
        }


def _first(row: dict[str, Json]) -> tuple[str, Json]:
    return next(iter(row.items()))
