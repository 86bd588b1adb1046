"""JSON text to values and back, exactly: what goes in as ``1.0`` or as an integer of 30 digits comes out as that.

Decoding is msgspec's, which was measured (2026, 0.20) to be exact where we need it: integers of any size, correctly
rounded floats, floats written so that they read back as the same float. It writes floats as JSON likes them
(``1e16``), where Java writes ``1.0E16``: equal numbers, and no record shows that AWS's spelling matters. In
addition there are the limits that keep a hostile text from costing more than an error: depth, length, digits.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Final, cast

import msgspec

from stepwright.asl.json_types import Json, JsonText

MAX_DEPTH: Final = 400
"""How deep arrays and objects may nest. Half of Python's own recursion limit, so that every function which walks a
value may simply recurse; real documents stay below 30."""

MAX_INTEGER_DIGITS: Final = 4300
"""Python's own guard against texts of digits that take quadratic time to read."""


class InvalidJson(ValueError):  # noqa: N818 - it is a finding about a text
    """A text that is not JSON as Stepwright accepts it. ``line`` and ``column`` count from 1.

    Both are 0 for a value that has no text.
    """

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{message} at line {line}, column {column}" if line else message)
        self.message = message
        self.line = line
        self.column = column


class TooDeep(InvalidJson):
    """A text or value that nests deeper than ``max_depth``."""


_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()

_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[^\[\]{}"]++', re.DOTALL)
_LEVEL = {"[": 1, "{": 1, "]": -1, "}": -1}
_AT_ONCE: Final = 16_384
"""Brackets that are counted in one go, which other threads wait for."""

_OTHERS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_BYTE = re.compile(r" \(byte (\d+)\)$")
_LONE_SURROGATE = re.compile(
    r"(?<!\\)(?:\\\\)*(\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2}))"
)


def parse(
    text: str | bytes,
    *,
    max_depth: int = MAX_DEPTH,
    max_bytes: int | None = None,
    refuse_duplicates: bool = False,
) -> Json:
    """The value of a JSON text; raises ``InvalidJson``.

    If a key occurs twice the last value counts, as in AWS, unless ``refuse_duplicates``.
    """
    if max_bytes is not None and len(text) * (1 if isinstance(text, bytes) else 4) > max_bytes:
        size = len(text) if isinstance(text, bytes) else size_bytes(text)
        if size > max_bytes:
            raise InvalidJson(f"the text is {size} bytes long, {max_bytes} are allowed")
    if len(text) > max_depth and _count_openings(text) > max_depth:
        _check_depth(text, max_depth)
    try:
        value = cast("Json", _decoder.decode(text))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _explain(text, error) from None
    if refuse_duplicates:
        _check_duplicates(_as_str(text))
    return value


def dump(value: Json) -> JsonText:
    """The compact text of a value: keys in their order, other alphabets unescaped, floats still floats.

    Raises ``InvalidJson`` for what has no JSON text: lone surrogates, too deep nesting. NaN and infinity,
    which ``parse`` never gives, would come out as null: code that computes floats refuses them
    (``jsonpath.functions``).
    """
    try:
        encoded = _encoder.encode(value)
        text = encoded.decode()
    except RecursionError:
        raise TooDeep(f"the value nests deeper than the {MAX_DEPTH} levels that are allowed", 0, 0) from None
    except (UnicodeError, ValueError, OverflowError) as error:
        raise InvalidJson(f"the value cannot be written as JSON: {error}", 0, 0) from None
    if len(encoded) > MAX_DEPTH and _count_openings(encoded) > MAX_DEPTH:
        _check_depth(encoded, MAX_DEPTH)
    return JsonText(text)


def size_bytes(text: str) -> int:
    """The length of a text in UTF-8, which is what AWS's payload limits count."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def has_text(value: str) -> bool:
    """Whether a string can be written at all: one with half of a surrogate pair cannot."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def writable(value: str) -> str:
    """The string, halves of surrogate pairs replaced by U+FFFD: for sentences, which quote what was wrong."""
    return value if has_text(value) else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count_openings(text: str | bytes) -> int:
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{")
    return text.count("[") + text.count("{")


def _check_depth(text: str | bytes, max_depth: int) -> None:
    if _is_surely_flat(text, max_depth):
        return
    brackets = _TOKENS.sub("", _as_str(text))
    depth = level = 0
    for at in range(0, len(brackets), _AT_ONCE):
        levels = list(accumulate(map(_LEVEL.__getitem__, brackets[at : at + _AT_ONCE]), initial=level))
        depth, level = max(depth, *levels), levels[-1]
    if depth > max_depth:
        raise TooDeep(f"the text nests {depth} levels deep, {max_depth} are allowed")


def _is_surely_flat(text: str | bytes, max_depth: int) -> bool:
    """Peels pairs of brackets from the inside, at most two levels a turn: ten times faster than counting
    levels.

    Brackets inside strings may spoil it; then the levels are counted.
    """
    brackets = (text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")).translate(
        None, _OTHERS
    )
    for _ in range(max_depth // 2):
        peeled = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not peeled:
            return True
        if len(peeled) == len(brackets):
            return False
        brackets = peeled
    return False


def _check_duplicates(text: str) -> None:
    def to_object(pairs: list[tuple[str, Json]]) -> Json:
        keys = dict(pairs)
        if len(keys) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    raise InvalidJson(
                        f"the key {key!r} occurs twice in one object", *_place_of_second(text, key)
                    )
                seen.add(key)
        return None

    json.loads(text, object_pairs_hook=to_object)


def _place_of_second(text: str, key: str) -> tuple[int, int]:
    """Where a key of that name stands for the second time: exact unless other objects use the same key before."""
    first = text.find(json.dumps(key, ensure_ascii=False))
    second = text.find(json.dumps(key, ensure_ascii=False), first + 1)
    return _place(text, max(second, 0))


def _explain(text: str | bytes, error: Exception) -> InvalidJson:
    """Our sentence and the place for what msgspec says."""
    if isinstance(error, RecursionError):
        return TooDeep(f"the text nests deeper than the {MAX_DEPTH} levels that are allowed")
    if isinstance(error, UnicodeDecodeError):
        return InvalidJson("the text is not valid UTF-8", *_place(_as_str(text), 0))
    string = _as_str(text)
    if surrogate := _lone_surrogate(string):
        return InvalidJson("half of a surrogate pair is not a character", *_place(string, surrogate))
    said = str(error)
    if found := _BYTE.search(said):
        reason = said[: found.start()].removeprefix("JSON is malformed: ")
        byte = int(found[1]) - (reason == "trailing characters")  # of which it has read one already
        offset = len(string.encode("utf-8", "surrogatepass")[:byte].decode("utf-8", "ignore"))
        return InvalidJson(reason, *_place(string, offset))
    if "truncated" in said:
        return InvalidJson(
            "the text ends in the middle of a value" if string.strip() else "the text is empty",
            *_place(string, len(string)),
        )
    if "Integer" in said:
        return InvalidJson(f"an integer has more than {MAX_INTEGER_DIGITS} digits")
    if "Number out of range" in said:
        return InvalidJson("a number is too large for a floating point number")
    return InvalidJson(said)


def _lone_surrogate(text: str) -> int | None:
    for index, character in enumerate(text):
        if "\ud800" <= character <= "\udfff":
            return index
    # A high half and the low half that follows are one character; what is left over alone is the culprit.
    paired = re.sub(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}", "_" * 12, text)
    found = _LONE_SURROGATE.search(paired)
    return found.start(1) if found else None


def _as_str(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
