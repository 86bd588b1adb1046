"""Whole numbers written by a picture: ``000``, ``#,##0``, ``I``, ``a``, ``Ww;o``. ``$formatInteger``, ``$parseInteger`` and
dates use it.

Source: https://www.w3.org/TR/xpath-functions-31/#formatting-integers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

from stepwright.asl.jsonata import text
from stepwright.asl.jsonata.errors import EvaluationFailed, LimitExceeded
from stepwright.asl.jsonata.number_pictures import regular

_ONES: Final = [
    "Zero",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
    "Thirteen",
    "Fourteen",
    "Fifteen",
    "Sixteen",
    "Seventeen",
    "Eighteen",
    "Nineteen",
]
_ORDINALS: Final = [
    "Zeroth",
    "First",
    "Second",
    "Third",
    "Fourth",
    "Fifth",
    "Sixth",
    "Seventh",
    "Eighth",
    "Ninth",
    "Tenth",
    "Eleventh",
    "Twelfth",
    "Thirteenth",
    "Fourteenth",
    "Fifteenth",
    "Sixteenth",
    "Seventeenth",
    "Eighteenth",
    "Nineteenth",
]
_DECADES: Final = ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety", "Hundred"]
_MAGNITUDES: Final = ["Thousand", "Million", "Billion", "Trillion"]
_ROMAN: Final = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_ROMAN_VALUES: Final = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_MAX_ROMAN: Final = 1_000_000
_ZEROS: Final = (
    0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
)  # fmt: skip
_ORDINAL_ENDINGS: Final = {"1": "st", "2": "nd", "3": "rd"}

Kind = Literal["decimal", "letters", "roman", "words", "sequence"]
Case = Literal["upper", "lower", "title"]


def _word_values() -> dict[str, int]:
    values = {word.lower(): value for words in (_ONES, _ORDINALS) for value, word in enumerate(words)}
    for index, word in enumerate(_DECADES):
        values[word.lower()] = (index + 2) * 10
        values[word.lower()[:-1] + "ieth"] = (index + 2) * 10
    values["hundredth"] = 100
    for index, word in enumerate(_MAGNITUDES):
        values[word.lower()] = values[word.lower() + "th"] = 1000 ** (index + 1)
    return values


WORD_VALUES: Final = _word_values()


@dataclass(slots=True)
class Picture:
    kind: Kind = "decimal"
    case: Case = "lower"
    ordinal: bool = False
    zero: int = 0x30
    mandatory_digits: int = 0
    optional_digits: int = 0
    separators: tuple[tuple[int, str], ...] = ()
    """The position from the right, and the character; if the positions are regular, only their distance."""
    regular: bool = False
    token: str = ""
    width: int = -1
    """For a component of a date, how many digits are read."""


def analyse(picture: str) -> Picture:
    found = Picture()
    primary, semicolon, modifier = picture.rpartition(";")
    if not semicolon:
        primary = picture
    elif modifier.startswith("o"):
        found.ordinal = True
    match primary:
        case "A" | "a":
            found.kind = "letters"
        case "I" | "i":
            found.kind = "roman"
        case "W" | "w" | "Ww":
            found.kind = "words"
        case _:
            _analyse_digits(primary, found)
            return found
    found.case = "title" if primary == "Ww" else "upper" if primary.isupper() else "lower"
    return found


def _analyse_digits(primary: str, found: Picture) -> None:
    zero: int | None = None
    separators: list[tuple[int, str]] = []
    position = 0
    for character in reversed(primary):
        group = next((zero for zero in _ZEROS if zero <= ord(character) <= zero + 9), None)
        if group is not None:
            found.mandatory_digits += 1
            position += 1
            if zero is None:
                zero = group
            elif group != zero:
                raise EvaluationFailed("D3131")
        elif character == "#":
            position += 1
            found.optional_digits += 1
        else:
            separators.append((position, character))
    if zero is None:
        found.kind, found.token = "sequence", primary
        return
    found.zero = zero
    one_kind = len({character for _, character in separators}) == 1
    distance = regular(tuple(position for position, _ in separators)) if one_kind else 0
    found.regular = distance > 0
    found.separators = ((distance, separators[0][1]),) if distance > 0 else tuple(separators)


def format(value: float, picture: Picture) -> str:
    """``value`` is a whole number."""
    size = abs(value)
    match picture.kind:
        case "letters":
            written = _letters(size, "A" if picture.case == "upper" else "a")
        case "roman":
            written = _roman(size)
            if picture.case == "upper":
                written = written.upper()
        case "words":
            written = _words(size, ordinal=picture.ordinal)
            if picture.case != "title":
                written = written.upper() if picture.case == "upper" else written.lower()
        case "decimal":
            written = _decimal(size, picture)
        case _:
            raise EvaluationFailed("D3130", value=picture.token)
    return "-" + written if value < 0 else written


def _decimal(size: float, picture: Picture) -> str:
    written = text.of_number(size).rjust(picture.mandatory_digits, "0")
    if picture.zero != 0x30:
        written = "".join(chr(ord(c) + picture.zero - 0x30) for c in written)
    if picture.regular:
        distance, character = picture.separators[0]
        written = _regularly(written, distance, character)
    else:
        for position, character in reversed(picture.separators):
            at = len(written) - position
            if at > 0:
                written = written[:at] + character + written[at:]
    if picture.ordinal:
        ending = _ORDINAL_ENDINGS.get(written[-1])
        if ending is None or (len(written) > 1 and written[-2] == "1"):
            ending = "th"
        written += ending
    return written


def _regularly(written: str, distance: int, character: str) -> str:
    first = len(written) % distance or distance
    groups = [written[:first]] + [written[at : at + distance] for at in range(first, len(written), distance)]
    return character.join(groups)


def _letters(size: float, first: str) -> str:
    rest = int(size)
    letters = ""
    while rest > 0:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord(first) + digit) + letters
    return letters


def _roman(size: float) -> str:
    rest = int(size)
    if rest > _MAX_ROMAN:
        raise LimitExceeded("Expression evaluation memory limit exceeded: Check for excessive memory usage")
    written = ""
    for value, numeral in _ROMAN:
        written += numeral * (rest // value)
        rest %= value
    return written


def _words(value: float, *, prev: bool = False, ordinal: bool) -> str:
    """Calculates with floats, as JSONata does: the digits of 10^46 after the first mean nothing."""
    if value >= 1000:
        magnitude = min(math.floor(math.log10(value) / 3), len(_MAGNITUDES))
        factor = 1000.0**magnitude
        most = math.floor(value / factor)
        words = (", " if prev else "") + _words(most, ordinal=False) + " " + _MAGNITUDES[magnitude - 1]
        return _continued(words, value - most * factor, ordinal)
    number = int(value)
    if number <= 19:
        return (" and " if prev else "") + (_ORDINALS if ordinal else _ONES)[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        words = (" and " if prev else "") + _DECADES[tens - 2]
        if rest:
            return f"{words}-{_words(rest, ordinal=ordinal)}"
        return words[:-1] + "ieth" if ordinal else words
    hundreds, rest = divmod(number, 100)
    return _continued((", " if prev else "") + _ONES[hundreds] + " Hundred", rest, ordinal)


def _continued(words: str, rest: float, ordinal: bool) -> str:
    if rest > 0:
        return words + _words(rest, prev=True, ordinal=ordinal)
    return words + "th" if ordinal else words


def parse(value: str, picture: Picture) -> float | None:
    """The number that a text spells; None if there is none."""
    match picture.kind:
        case "letters":
            first = ord("A" if picture.case == "upper" else "a")
            found: float = 0
            for character in value[:100]:
                found = found * 26 + ord(character) - first + 1
            return found
        case "roman":
            return _from_roman(value if picture.case == "upper" else value.upper())
        case "words":
            return _from_words(value.lower())
        case "decimal":
            return _from_digits(value, picture)
    raise EvaluationFailed("D3130", value=picture.token)


def _from_roman(roman: str) -> float | None:
    total, largest = 0, 1
    for numeral in reversed(roman):
        value = _ROMAN_VALUES.get(numeral)
        if value is None:
            return None
        if value < largest:
            total -= value
        else:
            largest = value
            total += value
    return total


def _from_words(words: str) -> float | None:
    segments: list[float] = [0]
    for word in re.split(r",\s|\sand\s|[\s\\-]", words):
        value = WORD_VALUES.get(word)
        if value is None:
            return None
        if value < 100:
            top = segments.pop()
            if top >= 1000:
                segments.append(top)
                top = 0
            segments.append(top + value)
        else:
            segments.append(segments.pop() * value)
            if segments[-1] > 1e21:
                return math.inf
    return sum(segments)


def _from_digits(value: str, picture: Picture) -> float | None:
    digits = value[:-2] if picture.ordinal else value
    for _, character in ((0, ","),) if picture.regular else picture.separators:
        digits = digits.replace(character, "")
    if picture.zero != 0x30:
        digits = "".join(chr(max(0, ord(c) - picture.zero + 0x30)) for c in digits)
    found = re.match(r"\s*([+-]?[0-9]+)", digits[:400])
    return None if found is None else text.normal(float(found[1]))
