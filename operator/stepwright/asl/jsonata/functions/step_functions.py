"""What AWS adds: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html.

Others measured at AWS what they give for odd arguments (https://github.com/floci-io/floci/pull/2676): fractions are cut
off, and a seeded random number is that of ``java.util.Random``.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Final
from uuid import UUID

from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions.table import Table
from stepwright.asl.jsonata.runtime import Runtime
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Sequence, Value
from stepwright.asl.text import jsontext

_ALGORITHMS: Final = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
_PARSED: Final = 8
"""Roughly how many bytes of memory each character of JSON takes."""

_MULTIPLIER: Final = 0x5DEECE66D
_MASK: Final = (1 << 48) - 1


def partition(runtime: Runtime, values: Value, size: Value) -> Value:
    if values is UNDEFINED or size is UNDEFINED:
        return UNDEFINED
    chunk = _cut(size)
    if chunk <= 0:
        raise _refused("The chunk size of the partition function must be a positive number")
    runtime.spend(len(values))
    runtime.allocate(16 * len(values))
    return [list(values[at : at + chunk]) for at in range(0, len(values), chunk)]


def range_(runtime: Runtime, first: Value, last: Value, step: Value) -> Value:
    if first is UNDEFINED or last is UNDEFINED or step is UNDEFINED:
        return UNDEFINED
    stride = _cut(step)
    if stride == 0:
        raise _refused("The step of the range function must not be zero")
    start, end = _cut(first), _cut(last)
    numbers = range(start, end + (1 if stride > 0 else -1), stride)
    size = max(0, (end - start) // stride + 1)
    runtime.allocate(8 * size)
    runtime.spend(size // 16)
    return Sequence(numbers)


def hash_(runtime: Runtime, value: Value, algorithm: Value) -> Value:
    if value is UNDEFINED or algorithm is UNDEFINED:
        return UNDEFINED
    if algorithm not in _ALGORITHMS:
        raise _refused(f"The hash function knows the algorithms {', '.join(_ALGORITHMS)}, not {algorithm}")
    runtime.spend(len(value) // 64)
    return hashlib.new(
        _ALGORITHMS[algorithm], value.encode("utf-8", "surrogatepass"), usedforsecurity=False
    ).hexdigest()


def random(runtime: Runtime, seed: Value) -> Value:
    """A number between 0 and 1. With a seed it is always the same: the first ``nextDouble`` of Java's generator."""
    if seed is UNDEFINED:
        return runtime.random().random()
    state = (_cut(seed) ^ _MULTIPLIER) & _MASK
    high, state = _next_bits(state, 26)
    low, _ = _next_bits(state, 27)
    return ((high << 27) + low) / float(1 << 53)


def _next_bits(state: int, bits: int) -> tuple[int, int]:
    state = (state * _MULTIPLIER + 0xB) & _MASK
    return state >> (48 - bits), state


def uuid(runtime: Runtime) -> Value:
    return str(UUID(int=runtime.random().getrandbits(128), version=4))


def parse(runtime: Runtime, value: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // 64)
    runtime.allocate(2 * len(value))
    runtime.take(_PARSED * len(value))
    try:
        return jsontext.parse(value)
    except jsontext.InvalidJson as error:
        raise _refused(f"The argument of the parse function must be JSON: {error}") from None


def _cut(value: Any) -> int:
    """The number without its fraction."""
    if isinstance(value, float) and not math.isfinite(value):
        raise EvaluationFailed("D1001", value=value)
    return int(value)


def _refused(message: str) -> EvaluationFailed:
    """The sentence is ours, since AWS's sentences for these cases are not known."""
    return EvaluationFailed("D3137", message=message)


TABLE: Final[Table] = {
    "partition": ("<an:a>", partition),
    "range": ("<nnn:a>", range_),
    "hash": ("<s-s:s>", hash_),
    "random": ("<n?:n>", random),
    "uuid": ("<:s>", uuid),
    "parse": ("<s-:x>", parse),
}
