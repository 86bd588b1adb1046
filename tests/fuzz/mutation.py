"""New inputs from known ones: changes that keep the grammar mostly right, and those that make things deep, long, large."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

SEPARATOR = "\x1e"
"""Between the parts of an input: an expression and the document it looks at, an operation and its body."""

_TOKENS = re.compile(r"\s+|\w+|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|.", re.DOTALL)

_ODD_VALUES: Sequence[Any] = (
    *(None, True, False, 0, 1, -1, 0.5, 1e308, 10**25, -(2**63), "", "$", "$$", "a", {}, [], [[]], {"": 0}),
    *(
        "x" * 5_000,
        "\ud83d\ude00",
        "\x00",
        "States.ALL",
        "{% $states.input %}",
        "{%%}",
        "$.a[?(@.b)]",
        "2024-01-01T00:00:00Z",
    ),
    *([0] * 500, [[[[[[[[]]]]]]]], "States.Format('{}', $)", "${X}", "arn:aws:states:::lambda:invoke"),
)

_ODD_TEXTS: Sequence[str] = (
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "\\",
        "`",
        "%",
        "$",
        "$$",
        ".",
        "..",
        "*",
        "**",
        "?",
        ":",
        ";",
        ",",
        "@",
        "#",
    ),
    *(
        "0",
        "-1",
        "1e400",
        "99999999999999999999",
        "0x1F",
        "NaN",
        "\x00",
        "\ud83d",
        "\U0001f600",
        "ä",
        "\u2028",
        " ",
        "\n",
    ),
    *(
        "/(a+)+$/",
        "/((a|a)*)*b/",
        "/(?=a)*/",
        "[0..10000000]",
        "~>",
        ":=",
        "^(",
        "function($x){$x}",
        "|a|{}|",
        "\\u0000",
    ),
)


def mutated(text: str, others: Sequence[str], words: Sequence[str], random: Random) -> str:
    """``others``: the corpus, to borrow from; ``words``: what the grammar knows."""
    head, separator, tail = text.partition(SEPARATOR)
    if separator and random.randrange(3):
        if random.randrange(3):
            return f"{_changed(head, others, words, random)}{separator}{tail}"
        return f"{head}{separator}{_changed(tail, others, words, random)}"
    return _changed(text, others, words, random)


def _changed(text: str, others: Sequence[str], words: Sequence[str], random: Random) -> str:
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        value = _value(text) if random.randrange(5) else None
        if value is not None:
            text = json.dumps(_changed_value(value, others, words, random))
        else:
            text = _changed_text(text, others, words, random)
    return text


def _value(text: str) -> dict[str, Any] | list[Any] | None:
    if text[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


# --- Values -----------------------------------------------------------------------------------------------------------


def _changed_value(value: Any, others: Sequence[str], words: Sequence[str], random: Random) -> Any:
    places = _places(value)
    if not places:
        return random.choice(_ODD_VALUES)
    container, key = random.choice(places)
    match random.randrange(7):
        case 0:
            container[key] = random.choice(_ODD_VALUES)
        case 1:
            del container[key]
        case 2:
            other, elsewhere = random.choice(places)
            container[key] = json.loads(json.dumps(other[elsewhere]))
        case 3:
            borrowed = _places(_value(random.choice(others).rpartition(SEPARATOR)[2]))
            if borrowed:
                other, elsewhere = random.choice(borrowed)
                container[key] = other[elsewhere]
        case 4 if isinstance(container, dict):
            container[random.choice(words)] = container.pop(key)
        case 5:
            for _ in range(random.choice((1, 3, 30, 120))):
                container[key] = [container[key]] if random.randrange(2) else {"a": container[key]}
        case _:
            if isinstance(container[key], str):
                container[key] = _changed_text(container[key], others, words, random)
            elif isinstance(container, dict):
                container[random.choice(words)] = random.choice(_ODD_VALUES)
            else:
                container[key] = random.choice(_ODD_VALUES)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        container = waiting.pop()
        if isinstance(container, dict | list):
            for key in container if isinstance(container, dict) else range(len(container)):
                found.append((container, key))
                waiting.append(container[key])
    return found


# --- Texts ------------------------------------------------------------------------------------------------------------


def _changed_text(text: str, others: Sequence[str], words: Sequence[str], random: Random) -> str:
    tokens = _TOKENS.findall(text[:20_000]) or [""]
    at = random.randrange(len(tokens))
    upto = min(len(tokens), at + random.choice((1, 1, 2, 3, 8)))
    match random.randrange(9):
        case 0:
            del tokens[at:upto]
        case 1:
            tokens[at:at] = tokens[at:upto]
        case 2:
            tokens[at] = random.choice(_ODD_TEXTS)
        case 3:
            tokens[at:at] = [random.choice(words)]
        case 4:
            tokens[at] = random.choice(words)
        case 5:
            borrowed = _TOKENS.findall(random.choice(others)[:20_000]) or [""]
            start = random.randrange(len(borrowed))
            tokens[at:upto] = borrowed[start : start + random.choice((1, 2, 5, 20))]
        case 6:
            tokens[at:upto] = tokens[at:upto] * random.choice((2, 10, 60, 400))
        case 7:
            opening, closing = random.choice(
                (("(", ")"), ("[", "]"), ("{", "}"), ("-", ""), ("$f(", ")"), ("!(", ")"))
            )
            levels = random.choice((1, 3, 60, 400))
            tokens[at:upto] = [opening * levels, *tokens[at:upto], closing * levels]
        case _:
            other = random.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens)
