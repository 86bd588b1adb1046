"""The moment that a text names, by a picture or in ISO 8601."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from stepwright.asl.jsonata import integer_pictures, regular_expressions
from stepwright.asl.jsonata.date_pictures.components import DAY_MILLIS, component_of, days_from_civil, utc
from stepwright.asl.jsonata.date_pictures.pictures import DAYS, MONTHS, Marker, analyse
from stepwright.asl.jsonata.errors import EvaluationFailed, InvalidExpression, LimitExceeded
from stepwright.asl.jsonata.runtime import TOO_LARGE

_ISO_TEXT: Final = re.compile(
    r"(\d{4})(?:-([01]\d))?(?:-([0-3]\d))?(?:T([0-2]\d):([0-5]\d):([0-5]\d))?(?:\.(\d+))?([+-][0-2]\d:?[0-5]\d|Z)?",
    re.ASCII,
)


def parse_iso(text: str) -> float:
    found = _ISO_TEXT.fullmatch(text)
    if found is None:
        raise EvaluationFailed("D3110", value=text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if (day and not month) or (fraction and not hour) or (zone and not hour):
        raise EvaluationFailed("D3110", value=text)
    if not 1 <= int(month or 1) <= 12 or not 1 <= int(day or 1) <= 31 or int(hour or 0) > 24:
        return math.nan
    millis = (
        days_from_civil(int(year), int(month or 1) - 1, 1) * DAY_MILLIS + (int(day or 1) - 1) * DAY_MILLIS
    )
    millis += (int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)) * 1000
    millis += int((fraction or "0")[:3].ljust(3, "0"))
    if zone and zone != "Z":
        offset = int(zone[1:3]) * 60 + int(zone[-2:])
        millis -= (offset if zone[0] == "+" else -offset) * 60_000
    return millis


def parse(text: str, picture: str, now: int, spend: Callable[[int], None]) -> float | None:
    """None if the text does not match the picture."""
    parts = analyse(picture)
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


def _pattern(part: Marker) -> str:
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


def _read(part: Marker, text: str) -> float | None:
    if part.component in ("Z", "z"):
        return _read_zone(part, text[3:] if part.component == "z" else text)
    if part.integer is not None:
        return integer_pictures.parse(text, part.integer)
    if part.component == "P":
        return {"am": 0, "AM": 0, "pm": 1, "PM": 1}.get(text)
    names = DAYS[1:] if part.component == "F" else MONTHS
    most = part.width[1] if part.width else None
    shortened = [name[:most] if most else name for name in names]
    return shortened.index(text) + 1 if text in shortened else None


def _read_zone(part: Marker, text: str) -> float:
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
                current = component_of(now, name)
                parts[name] = current if isinstance(current, int) else 0
        else:
            parts[name] = value
            started = True
            if ended:
                raise EvaluationFailed("D3136")
    if by_day_of_year:
        millis = utc(parts["Y"]) + int((given["d"] or 1) - 1) * DAY_MILLIS
    else:
        millis = utc(parts["Y"], max(0, parts["M"] - 1), parts["D"])
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
