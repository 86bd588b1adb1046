"""Base64 and URLs: https://docs.jsonata.org/string-functions."""

from __future__ import annotations

import base64
import re
from typing import Final
from urllib.parse import quote

from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions.table import Table
from stepwright.asl.jsonata.runtime import Runtime
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Value

_COMPONENT: Final = "-_.!~*'()"
_URL: Final = _COMPONENT + ";/?:@&=+$,#"
_ESCAPES = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def base64encode(runtime: Runtime, value: Value) -> Value:
    """JSONata takes the low byte of each UTF-16 unit."""
    if value is UNDEFINED:
        return UNDEFINED
    runtime.allocate(2 * len(value))
    return base64.b64encode(value.encode("utf-16-le", "surrogatepass")[::2]).decode()


def base64decode(runtime: Runtime, value: Value) -> Value:
    """Reads it as Node.js does: whatever is not a digit is skipped, both alphabets are accepted, and the padding ends it."""
    if value is UNDEFINED:
        return UNDEFINED
    runtime.allocate(len(value))
    digits = value.replace("-", "+").replace("_", "/").partition("=")[0]
    digits = _NOT_BASE64.sub("", digits)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return base64.b64decode(digits + "=" * (-len(digits) % 4)).decode("latin-1")


def encode_url_component(runtime: Runtime, value: Value) -> Value:
    return _encoded(runtime, value, _COMPONENT, "encodeUrlComponent")


def encode_url(runtime: Runtime, value: Value) -> Value:
    return _encoded(runtime, value, _URL, "encodeUrl")


def decode_url_component(runtime: Runtime, value: Value) -> Value:
    return _decoded(runtime, value, "", "decodeUrlComponent")


def decode_url(runtime: Runtime, value: Value) -> Value:
    return _decoded(runtime, value, ";/?:@&=+$,#", "decodeUrl")


def _encoded(runtime: Runtime, value: Value, safe: str, function: str) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.allocate(3 * len(value))
    runtime.spend(len(value) // 16)
    try:
        return quote(value, safe=safe)
    except UnicodeEncodeError:
        raise EvaluationFailed("D3140", value=value, functionName=function) from None


def _decoded(runtime: Runtime, value: Value, kept: str, function: str) -> Value:
    """``kept``: characters that stay escaped."""
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // 16)

    def decode(escapes: re.Match[str]) -> str:
        decoded = bytes.fromhex(escapes[0].replace("%", "")).decode()
        return "".join(
            escapes[0][3 * at : 3 * at + 3] if character in kept else character
            for at, character in zip(_places(decoded), decoded, strict=True)
        )

    try:
        if "%" in _ESCAPES.sub("", value):
            raise EvaluationFailed("D3140", value=value, functionName=function)
        return _ESCAPES.sub(decode, value)
    except UnicodeDecodeError:
        raise EvaluationFailed("D3140", value=value, functionName=function) from None


def _places(decoded: str) -> list[int]:
    """The byte at which each character begins."""
    places = []
    at = 0
    for character in decoded:
        places.append(at)
        at += len(character.encode())
    return places


TABLE: Final[Table] = {
    "base64encode": ("<s-:s>", base64encode),
    "base64decode": ("<s-:s>", base64decode),
    "encodeUrlComponent": ("<s-:s>", encode_url_component),
    "encodeUrl": ("<s-:s>", encode_url),
    "decodeUrlComponent": ("<s-:s>", decode_url_component),
    "decodeUrl": ("<s-:s>", decode_url),
}
