"""JSON that nests too deeply for Python is cut off before it is read.

An untyped field (an execution's input, a definition) may nest 10,000 levels; the API server accepts that. A
single such object would break any recursive reader, and with it everybody's watch. What is left of one that
was cut still nests deeper than Stepwright allows, so its owner gets the error and nobody else notices.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

LEVELS: Final = 430
"""Just more than an input may have (``jsontext.MAX_DEPTH`` = 400, and five for the object around it). Copying
takes two Python frames a level, of which there are a thousand."""

CUT: Final = b'"nested too deeply"'

# A status with a full page of history takes 0.4 ms; with a choice for each character of a text it took eight times that.
_TOKENS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_LEVEL: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


T = TypeVar("T")


def decoded(decode: Callable[[bytes], T], text: bytes) -> T:
    """``decode`` applied to a text. An object in it that nests deeper than Python can follow is cut off at
    that depth."""
    try:
        return decode(text)
    except RecursionError:
        return decode(cut(bytes(text)))


def cut(text: bytes) -> bytes:
    """The JSON text with everything deeper than LEVELS replaced; nearly always the text itself."""
    if text.count(b"{") + text.count(b"[") <= LEVELS:
        return text
    brackets = (match for match in _TOKENS.finditer(text) if text[match.start()] in _LEVEL)
    kept: list[bytes] = []
    depth = end = 0
    for match in brackets:
        step = _LEVEL[text[match.start()]]
        if step > 0 and depth == LEVELS:
            kept += (text[end : match.start()], CUT)
        if step < 0 and depth == LEVELS + 1:
            end = match.end()
        depth += step
    return b"".join((*kept, text[end:])) if kept else text
