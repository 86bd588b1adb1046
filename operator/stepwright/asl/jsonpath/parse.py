"""The text of a path to its steps, as json-path 2.0.0 reads it, its oddities included.

A path is cut into fragments first: ``$``, ``..``, a name, or brackets up to the one that closes them,
whatever stands in between; quotes and backslashes protect nothing. A fragment in brackets is then recognised
by its first significant character: ``?`` a filter, ``'`` names, a digit, ``:``, ``-`` or ``@`` indexes;
everything around it is ignored. So ``['a]b']`` and ``["a"]`` are not names, ``["1"]`` is ``[1]``, and
``.length()`` is a member with that name.
"""

from __future__ import annotations

import re

from stepwright.asl.jsonpath import filters
from stepwright.asl.jsonpath.errors import InvalidPath
from stepwright.asl.jsonpath.selectors import (
    Filter,
    FromEnd,
    Index,
    Property,
    Scan,
    Slice,
    Step,
    Wildcard,
    is_definite,
)

_MAX_LENGTH = 10_000
_MAX_STEPS = 200
_MAX_INDEX = 2**31 - 1

_FUNCTION = re.compile(r"[a-z]+\(.*\)", re.DOTALL)
_BLANKS = "".join(map(chr, range(33)))
"""The characters that Java's ``trim`` removes."""


def parse(text: str, *, in_filter: bool = False) -> tuple[Step, ...]:
    """The steps after the root. The root itself (``$`` or ``@``) is for the caller to look at."""
    if len(text) > _MAX_LENGTH:
        raise InvalidPath(f"a path of {len(text)} characters; {_MAX_LENGTH} are allowed")
    blanks = len(text) - len(text.lstrip(_BLANKS))
    text = text.strip(_BLANKS)
    if not text:
        raise InvalidPath("the path is empty")
    try:
        return _steps(text if text.startswith(("$", "@")) else "$." + text, in_filter=in_filter)
    except InvalidPath as error:
        raise InvalidPath(error.message, error.position + blanks) from None


def is_path_definite(steps: tuple[Step, ...]) -> bool:
    return all(map(is_definite, steps))


def called_function(steps: tuple[Step, ...]) -> str | None:
    """The name of a member that looks like a call (``length()``): other dialects have functions, this one has none."""
    names = (name for step in steps if isinstance(step, Property) for name in step.names)
    return next((name for name in names if _FUNCTION.fullmatch(name)), None)


def _steps(text: str, *, in_filter: bool) -> tuple[Step, ...]:
    if text.endswith("."):
        raise InvalidPath("a path must not end with '.'", len(text) - 1)
    if len(text) > 1 and text[1] not in ".[":
        raise InvalidPath(f"expected '.' or '[' after {text[0]}, not {text[1]!r}", 1)
    steps: list[Step] = []
    position = 1
    while position < len(text):
        character = text[position]
        if character == " ":
            raise InvalidPath("a name with blanks needs brackets: ['my name']", position)
        if character == "[":
            end = _end_of_brackets(text, position)
            steps.append(_in_brackets(text[position:end], position, in_filter=in_filter))
        elif character == "*":
            end = position + 1
            steps.append(Wildcard())
        elif text.startswith("..", position):
            end = position + 2
            steps.append(Scan())
        elif character == "$":
            raise InvalidPath("'$' stands at the beginning of a path", position)
        else:
            start = position + (character == ".")
            end = _end_of_name(text, start)
            if end > start:
                steps.append(_named(text[start:end], start))
        position = end
        if len(steps) > _MAX_STEPS:
            raise InvalidPath(f"a path of more than {_MAX_STEPS} steps", position)
    return tuple(steps)


def _end_of_name(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] not in ".[ ":
        end += 1
    return end


def _end_of_brackets(text: str, opening: int) -> int:
    open_brackets = 0
    for index in range(opening, len(text)):
        if text[index] == "[":
            open_brackets += 1
        elif text[index] == "]":
            open_brackets -= 1
            if not open_brackets:
                return index + 1
    raise InvalidPath("the '[' is never closed", opening)


def _named(name: str, position: int) -> Step:
    return Wildcard() if name == "*" else _names(f"['{name}']", 1, position - 2)


def _in_brackets(fragment: str, position: int, *, in_filter: bool) -> Step:
    if fragment == "[*]":
        return Wildcard()
    for index, character in enumerate(fragment):
        if character == "?":
            if in_filter:
                raise InvalidPath("a path within a filter leads to one place: no filter in it", position)
            return _filter(fragment, index, position)
        if character == "'":
            return _names(fragment, index, position)
        if character == "@":
            return _from_end(fragment, index, position)
        if character.isdecimal() or character in ":-":
            return _indexes(fragment, index, position)
    hint = "; names in brackets take single quotes: ['name']" if any(map(str.isalpha, fragment)) else ""
    raise InvalidPath(f"cannot read {fragment!r}: expected ?, ', @, -, : or a digit in it{hint}", position)


def _names(fragment: str, start: int, position: int) -> Property:
    """``['a']``, ``['a', 'b']``. Ends at the first ``]``, within quotes, too."""
    end = fragment.find("]", start)
    if end == -1:
        raise InvalidPath(f"the names in {fragment!r} are never closed", position)
    return Property(tuple(fragment[start:end].split("'")[1:-1:2]))


def _from_end(fragment: str, start: int, position: int) -> FromEnd:
    """``[(@.length-1)]``, ``[(@.size() - 2)]``: counted from the end of the list."""
    minus = fragment.find("-", start + 2)
    end = fragment.find(")", minus)
    if minus == -1 or end == -1:
        raise InvalidPath(f"cannot read the script {fragment!r}; [(@.length-1)] is one", position)
    function = "".join(character for character in fragment[start + 2 : minus] if character not in " ()")
    if function not in ("length", "size"):
        raise InvalidPath(f"a script has @.length or @.size(), not @.{function}", position)
    return FromEnd(_whole_number(fragment[minus:end].replace(" ", ""), position))


def _indexes(fragment: str, start: int, position: int) -> Index | Slice:
    """``[1]``, ``[1,2]``, ``[1:]``, ``[:1]``, ``[1:2]``, up to the first character that belongs to none of them."""
    end = start
    while fragment[end].isdecimal() or fragment[end] in ", :-":
        end += 1
    text = fragment[start:end].replace(" ", "")
    if ":" not in text:
        parts = text.split(",")
        # A comma before the closing bracket is ignored.
        wanted = parts[:-1] if len(parts) > 1 and not parts[-1] else parts
        return Index(tuple(_whole_number(part, position) for part in wanted))
    first, last, *ignored = text.split(":")
    if "," in text or not (first or last):
        raise InvalidPath(f"cannot read the slice {fragment!r}", position)
    for number in filter(None, ignored):
        _whole_number(number, position)
    return Slice(
        _whole_number(first, position) if first else None, _whole_number(last, position) if last else None
    )


def _filter(fragment: str, question: int, position: int) -> Filter:
    if re.fullmatch(r"\[\s*\?\s*[,\s*?]*\s*\]", fragment):
        raise InvalidPath("a filter needs a condition: [?(@.name == 'x')]", position)
    start = fragment.rindex("[", 0, question)
    end = _end_of_filter(fragment, start, position)
    return Filter(filters.compile(fragment[start:end], position + start))


def _end_of_filter(fragment: str, start: int, position: int) -> int:
    """The position after the first ``]`` outside parentheses and single quotes."""
    brackets = parentheses = 0
    quoted = False
    for index in range(start, len(fragment)):
        character = fragment[index]
        if character == "'" and fragment[index - 1] != "\\":
            quoted = not quoted
        elif quoted or character not in "()[]":
            continue
        elif character in "()":
            parentheses += 1 if character == "(" else -1
        else:
            brackets += 1 if character == "[" else -1
            if character == "]" and not parentheses:
                if brackets:
                    break
                return index + 1
    raise InvalidPath("the brackets of the filter are not balanced", position)


def _whole_number(text: str, position: int) -> int:
    if not re.fullmatch(r"-?\d{1,20}", text):
        raise InvalidPath(f"{text!r} is not an index", position)
    number = int(text)
    if not -_MAX_INDEX - 1 <= number <= _MAX_INDEX:
        raise InvalidPath(f"the index {number} is out of range", position)
    return number
