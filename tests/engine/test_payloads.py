"""Long texts leave the status and come back exactly."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stepwright.engine import payloads
from stepwright.engine.kept_apart import LONG_BYTES

texts = st.one_of(
    st.text(max_size=20),
    st.builds(
        lambda c, n: c * n, st.sampled_from([*string.ascii_letters, "é", "漢", "🚢"]), st.integers(1, 20_000)
    ),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


def longest(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max(map(longest, items), default=0)


@given(values)
def test_what_is_taken_out_is_put_back_exactly(value: Any) -> None:
    texts: payloads.Payloads = {}
    stored = payloads.take_out(value, texts)

    assert longest(stored) <= LONG_BYTES
    assert payloads.references(stored) == texts.keys()
    assert payloads.put_back(stored, texts) == value


def test_the_same_text_is_kept_once() -> None:
    texts: payloads.Payloads = {}
    payloads.take_out({"input": "x" * 10_000, "output": "x" * 10_000}, texts)

    assert list(texts.values()) == ["x" * 10_000]
