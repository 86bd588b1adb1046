"""Writes moments as text by a picture such as ``[Y0001]-[M01]-[D01]``, and reads them back. Moments are milliseconds since
1970, in UTC.

Source: https://www.w3.org/TR/xpath-functions-31/#rules-for-datetime-formatting, as far as JSONata implements it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from stepwright.asl.jsonata import integer_pictures, regular_expressions
from stepwright.asl.jsonata.errors import EvaluationFailed, InvalidExpression, LimitExceeded
from stepwright.asl.jsonata.integer_pictures import Picture
from stepwright.asl.jsonata.runtime import TOO_LARGE

_DAY: Final = 86_400_000
_DAYS: Final = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DEFAULTS: Final = {
    **dict.fromkeys("YMDdWwXxHhf", "1"),
    **dict.fromkeys("FPCE", "n"),
    "m": "01",
    "s": "01",
    "Z": "01:01",
    "z": "01:01",
}
_ISO: Final = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"
_ISO_TEXT = re.compile(
    r"(\d{4})(?:-([01]\d))?(?:-([0-3]\d))?(?:T([0-2]\d):([0-5]\d):([0-5]\d))?(?:\.(\d+))?([+-][0-2]\d:?[0-5]\d|Z)?",
    re.ASCII,
)
_NUMBERS: Final = "YMDdFWwXxHhmsf"
LIMIT: Final = 8_640_000_000_000_000
"""The latest moment that JavaScript can represent."""


@dataclass(slots=True)
class _Marker:
    """A part of a picture: a literal, or a component and how to write it."""

    literal: str | None = None
    component: str = ""
    presentation: str = ""
    second: str = ""
    width: tuple[int | None, int | None] | None = None
    names: integer_pictures.Case | None = None
    integer: Picture | None = None
    digits: int = field(default=-1)
    """For a year, month or day, how many digits it has at most; -1 means as many as it needs."""


# Dates as JavaScript has them: the proleptic Gregorian calendar, year 0 included.


def _days_from_civil(year: int, month: int, day: int) -> int:
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


def _utc(year: float, month: float = 0, day: float = 1) -> int:
    """Milliseconds. As in JavaScript, years below 100 belong to the twentieth century."""
    whole = int(year)
    return (
        _days_from_civil(whole + 1900 if 0 <= whole <= 99 else whole, int(month), 1) * _DAY
        + (int(day) - 1) * _DAY
    )


def _first_week(year: int, month: int) -> int:
    """When the first week of a year or month begins: the one with its first Thursday."""
    first = _utc(year, month)
    weekday = (first // _DAY + 3) % 7 + 1
    return first + (8 - weekday) * _DAY if weekday > 4 else first - (weekday - 1) * _DAY


def _weeks(start: int, end: int) -> float:
    return (end - start) / (_DAY * 7) + 1


def _component(millis: int, component: str) -> int | str | None:
    days, rest = divmod(millis, _DAY)
    year, month, day = _civil(days)
    match component:
        case "Y":
            return year
        case "M":
            return month
        case "D":
            return day
        case "d":
            return (_utc(year, month - 1, day) - _utc(year)) // _DAY + 1
        case "F":
            return (days + 3) % 7 + 1
        case "W":
            today = _utc(year, month - 1, day)
            week = _weeks(_first_week(year, 0), today)
            if week > 52 and today >= _first_week(year + 1, 0):
                week = 1
            elif week < 1:
                week = _weeks(_first_week(year - 1, 0), today)
            return math.floor(week)
        case "w":
            today = _utc(year, month - 1, day)
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


# Pictures


@lru_cache(maxsize=256)
def _analyse(picture: str) -> tuple[_Marker, ...]:
    found: list[_Marker] = []
    start = at = 0

    def literal(end: int) -> None:
        if end > start:
            found.append(_Marker(literal=picture[start:end].replace("]]", "]")))

    while at < len(picture):
        if picture[at] != "[":
            at += 1
            continue
        literal(at)
        if picture[at + 1 : at + 2] == "[":
            found.append(_Marker(literal="["))
            at += 2
            start = at
            continue
        end = picture.find("]", at)
        if end == -1:
            raise EvaluationFailed("D3135")
        found.append(_marker("".join(picture[at + 1 : end].split())))
        at = start = end + 1
    literal(at)
    return tuple(found)


def _marker(text: str) -> _Marker:
    marker = _Marker(component=text[:1])
    modifiers, comma, width = text[1:].rpartition(",")
    if comma:
        least, dash, most = width.partition("-")
        marker.width = (_width(least), _width(most) if dash else None)
    else:
        modifiers = text[1:]
    if len(modifiers) > 1 and modifiers[-1] in "atco":
        modifiers, marker.second = modifiers[:-1], modifiers[-1]
    presentation = modifiers or _DEFAULTS.get(marker.component)
    if presentation is None:
        raise EvaluationFailed("D3132", value=marker.component)
    marker.presentation = presentation
    if presentation[0] == "n":
        marker.names = "lower"
    elif presentation[0] == "N":
        marker.names = "title" if presentation[1:2] == "n" else "upper"
    elif marker.component in _NUMBERS and marker.component:
        _number(marker)
    if marker.component in ("Z", "z"):
        marker.integer = integer_pictures.analyse(presentation)
    return marker


def _number(marker: _Marker) -> None:
    picture = integer_pictures.analyse(marker.presentation + (f";{marker.second}" if marker.second else ""))
    marker.integer = picture
    least, most = marker.width or (None, None)
    if least is not None:
        picture.mandatory_digits = max(picture.mandatory_digits, least)
    if marker.component in "YMD":
        if most is not None:
            marker.digits = picture.mandatory_digits = most
        elif picture.mandatory_digits + picture.optional_digits >= 2:
            marker.digits = picture.mandatory_digits + picture.optional_digits


def _width(text: str) -> int | None:
    found = re.match(r"\d{1,3}", text)
    return None if found is None else int(found[0])


def format(millis: float, picture: str | None, timezone: str | None) -> str:
    hours = minutes = 0
    if timezone is not None:
        offset = re.match(r"\s*([+-]?\d{1,6})", timezone)
        number = int(offset[1]) if offset else 0
        hours = number // 100
        minutes = int(math.fmod(number, 100))
    if not -LIMIT <= millis <= LIMIT:
        raise EvaluationFailed("D1001", value=millis)
    local = int(millis) + (60 * hours + minutes) * 60_000
    return "".join(
        part.literal if part.literal is not None else _written(local, part, hours, minutes)
        for part in _analyse(_ISO if picture is None else picture)
    )


def _written(millis: int, marker: _Marker, hours: int, minutes: int) -> str:
    component = marker.component
    value = _component(millis, component)
    if component in ("Z", "z"):
        return _zone(marker, hours, minutes)
    if component == "P":
        assert isinstance(value, str)
        return value.upper() if marker.names == "upper" else value
    if not isinstance(value, int):
        return "undefined" if value is None else value
    if component == "Y" and -1 < marker.digits < 10:
        value = int(math.fmod(value, 10**marker.digits))
    if marker.names is None or component == "f":
        assert marker.integer is not None
        return integer_pictures.format(value, marker.integer)
    if component in ("M", "x"):
        name = _MONTHS[value - 1]
    elif component == "F":
        name = _DAYS[value]
    else:
        raise EvaluationFailed("D3133", value=component)
    if marker.names != "title":
        name = name.upper() if marker.names == "upper" else name.lower()
    most = marker.width[1] if marker.width else None
    return name if most is None else name[:most]


def _zone(marker: _Marker, hours: int, minutes: int) -> str:
    picture = marker.integer
    assert picture is not None
    offset = hours * 100 + minutes
    if picture.regular:
        written = integer_pictures.format(offset, picture)
    elif picture.mandatory_digits in (1, 2):
        written = integer_pictures.format(hours, picture)
        if minutes:
            written += f":{minutes:02}"
    elif picture.mandatory_digits in (3, 4):
        written = integer_pictures.format(offset, picture)
    else:
        raise EvaluationFailed("D3134", value=picture.mandatory_digits)
    if offset >= 0:
        written = "+" + written
    if marker.component == "z":
        written = "GMT" + written
    return "Z" if offset == 0 and marker.second == "t" else written


# And back


def parse_iso(text: str) -> float:
    found = _ISO_TEXT.fullmatch(text)
    if found is None:
        raise EvaluationFailed("D3110", value=text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if (day and not month) or (fraction and not hour) or (zone and not hour):
        raise EvaluationFailed("D3110", value=text)
    if not 1 <= int(month or 1) <= 12 or not 1 <= int(day or 1) <= 31 or int(hour or 0) > 24:
        return math.nan
    millis = _days_from_civil(int(year), int(month or 1) - 1, 1) * _DAY + (int(day or 1) - 1) * _DAY
    millis += (int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)) * 1000
    millis += int((fraction or "0")[:3].ljust(3, "0"))
    if zone and zone != "Z":
        offset = int(zone[1:3]) * 60 + int(zone[-2:])
        millis -= (offset if zone[0] == "+" else -offset) * 60_000
    return millis


def parse(text: str, picture: str, now: int, spend: Callable[[int], None]) -> float | None:
    """None if the text does not match the picture."""
    parts = _analyse(picture)
    pattern = "^" + "".join(f"({_pattern(part)})" for part in parts) + "$"
    try:
        compiled = regular_expressions.compile(pattern, "i", 0)
    except InvalidExpression:  # we made the pattern, so only its size can be wrong
        raise LimitExceeded(TOO_LARGE) from None
    found = compiled.search(text, 0, spend)
    if found is None:
        return None
    given: dict[str, float | None] = {}
    for index, part in enumerate(parts):
        if part.literal is None:
            given[part.component] = _read(part, text[found[2 * index + 2] : found[2 * index + 3]])
    return _moment(given, now) if given else None


def _pattern(part: _Marker) -> str:
    if part.literal is not None:
        return re.sub(r"[.*+?^${}()|[\]\\/]", r"\\\g<0>", part.literal)
    if part.component in ("Z", "z"):
        assert part.integer is not None
        more = f"{part.integer.separators[0][1]}[0-9]+" if part.integer.regular else ""
        return ("GMT" if part.component == "z" else "") + "[-+][0-9]+" + more
    if part.integer is None:
        if part.component not in ("M", "x", "F", "P"):
            raise EvaluationFailed("D3133", value=part.component)
        return "[a-zA-Z]+"
    picture = part.integer
    upper = picture.case == "upper"
    match picture.kind:
        case "letters":
            return "[A-Z]+" if upper else "[a-z]+"
        case "roman":
            return "[MDCLXVI]+" if upper else "[mdclxvi]+"
        case "words":
            return "(?:" + "|".join([*integer_pictures.WORD_VALUES, "and", "[\\-, ]"]) + ")+"
        case "decimal":
            count = "+"
            if part.digits > 0:
                least = part.digits - picture.optional_digits
                count = f"{{{part.digits}}}" if picture.optional_digits == 0 else f"{{{least},{part.digits}}}"
            return f"[0-9]{count}" + ("(?:th|st|nd|rd)" if picture.ordinal else "")
    raise EvaluationFailed("D3130", value=picture.token)


def _read(part: _Marker, text: str) -> float | None:
    if part.component in ("Z", "z"):
        return _read_zone(part, text[3:] if part.component == "z" else text)
    if part.integer is not None:
        return integer_pictures.parse(text, part.integer)
    if part.component == "P":
        return {"am": 0, "AM": 0, "pm": 1, "PM": 1}.get(text)
    names = _DAYS[1:] if part.component == "F" else _MONTHS
    most = part.width[1] if part.width else None
    shortened = [name[:most] if most else name for name in names]
    return shortened.index(text) + 1 if text in shortened else None


def _read_zone(part: _Marker, text: str) -> float:
    assert part.integer is not None
    if part.integer.regular:
        hours, _, minutes = text.partition(part.integer.separators[0][1])
        return int(hours) * 60 + int(minutes)
    if len(text) <= 3:
        return int(text) * 60
    return int(text[:3]) * 60 + int(text[3:])


def _moment(given: dict[str, float | None], now: int) -> float:
    by_day_of_year, by_time_of_half_day = _forms(given)
    names = ("YD" if by_day_of_year else "YMD") + ("Phmsf" if by_time_of_half_day else "Hmsf")
    parts: dict[str, float] = {}
    started = ended = False
    for name in names:
        value = given.get(name)
        if value is None:
            if started:
                parts[name] = 1 if name in "MDd" else 0
                ended = True
            else:
                current = _component(now, name)
                parts[name] = current if isinstance(current, int) else 0
        else:
            parts[name] = value
            started = True
            if ended:
                raise EvaluationFailed("D3136")
    if by_day_of_year:
        millis = _utc(parts["Y"]) + int((given["d"] or 1) - 1) * _DAY
    else:
        millis = _utc(parts["Y"], max(0, parts["M"] - 1), parts["D"])
    hour = parts.get("H", 0)
    if by_time_of_half_day:
        hour = (0 if parts["h"] == 12 else parts["h"]) + (12 if parts["P"] == 1 else 0)
    millis += int(hour * 3_600_000 + parts["m"] * 60_000 + parts["s"] * 1000 + parts["f"])
    return millis - int((given.get("Z") or given.get("z") or 0) * 60_000)


def _forms(given: dict[str, float | None]) -> tuple[bool, bool]:
    """Which components together give the date and the time. Raises D3136 for the two forms with weeks, which cannot be
    read."""

    def mask(names: str) -> int:
        return sum(1 << (len(names) - 1 - at) for at, name in enumerate(names) if given.get(name))

    def fits(form: int, found: int) -> bool:
        return not ~form & found and bool(form & found)

    date, time = mask("YXMxWwdD"), mask("PHhmsf")
    day_of_year = not fits(161, date) and fits(130, date)
    by_weeks = fits(84, date) or fits(72, date)
    if by_weeks:
        raise EvaluationFailed("D3136")
    return day_of_year, not fits(23, time) and fits(47, time)
