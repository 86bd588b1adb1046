"""What a moment consists of: its year, month and day, its weeks, its time of day.

Dates are as JavaScript has them: the proleptic Gregorian calendar, year 0 included.
"""

from __future__ import annotations

import math
from typing import Final

DAY_MILLIS: Final = 86_400_000
LIMIT: Final = 8_640_000_000_000_000
"""The latest moment that JavaScript can represent."""


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01. ``month`` counts from 0 and may lie outside the year. The method is that of
    http://howardhinnant.github.io/date_algorithms.html."""
    year += month // 12
    month = month % 12 + 1
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month from 1, day."""
    days += 719468
    era, of_era = divmod(days, 146097)
    years = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + (3 if shifted < 10 else -9)
    return years + era * 400 + (month <= 2), month, day


def utc(year: float, month: float = 0, day: float = 1) -> int:
    """Milliseconds. As in JavaScript, years below 100 belong to the twentieth century."""
    whole = int(year)
    return (
        days_from_civil(whole + 1900 if 0 <= whole <= 99 else whole, int(month), 1) * DAY_MILLIS
        + (int(day) - 1) * DAY_MILLIS
    )


def _first_week(year: int, month: int) -> int:
    """When the first week of a year or month begins: the one with its first Thursday."""
    first = utc(year, month)
    weekday = (first // DAY_MILLIS + 3) % 7 + 1
    return first + (8 - weekday) * DAY_MILLIS if weekday > 4 else first - (weekday - 1) * DAY_MILLIS


def _weeks(start: int, end: int) -> float:
    return (end - start) / (DAY_MILLIS * 7) + 1


def component_of(millis: int, component: str) -> int | str | None:
    days, rest = divmod(millis, DAY_MILLIS)
    year, month, day = _civil(days)
    match component:
        case "Y":
            return year
        case "M":
            return month
        case "D":
            return day
        case "d":
            return (utc(year, month - 1, day) - utc(year)) // DAY_MILLIS + 1
        case "F":
            return (days + 3) % 7 + 1
        case "W":
            today = utc(year, month - 1, day)
            week = _weeks(_first_week(year, 0), today)
            if week > 52 and today >= _first_week(year + 1, 0):
                week = 1
            elif week < 1:
                week = _weeks(_first_week(year - 1, 0), today)
            return math.floor(week)
        case "w":
            today = utc(year, month - 1, day)
            week = _weeks(_first_week(year, month - 1), today)
            if week > 4 and today >= _first_week(*_month_after(year, month - 1)):
                week = 1
            elif week < 1:
                week = _weeks(_first_week(*_month_before(year, month - 1)), today)
            return math.floor(week)
        case "X":
            if millis < _first_week(year, 0):
                return year - 1
            return year + 1 if millis >= _first_week(year + 1, 0) else year
        case "x":
            if millis < _first_week(year, month - 1):
                return _month_before(year, month - 1)[1] + 1
            following = _month_after(year, month - 1)
            return following[1] + 1 if millis >= _first_week(*following) else month
        case "H":
            return rest // 3_600_000
        case "h":
            return rest // 3_600_000 % 12 or 12
        case "P":
            return "pm" if rest // 3_600_000 >= 12 else "am"
        case "m":
            return rest // 60_000 % 60
        case "s":
            return rest // 1000 % 60
        case "f":
            return rest % 1000
        case "C" | "E":
            return "ISO"
    return None


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 0) if month == 11 else (year, month + 1)


def _month_before(year: int, month: int) -> tuple[int, int]:
    return (year - 1, 11) if month == 0 else (year, month - 1)
