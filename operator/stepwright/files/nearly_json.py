"""Text that is to be JSON and is not: AWS's tools read it as YAML, with a bare ``${Name}`` in the place of a value."""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Pointer
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.files import documents

_BARE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(\$\{[^{}"\s]+\})', re.DOTALL)


def read(text: str) -> tuple[str, InvalidJson | None]:
    """The text, and why it is not JSON; if it is not, each bare ``${Name}`` in it gets quotes."""
    try:
        jsontext.parse(text)
    except jsontext.TooDeep:
        return text, None
    except InvalidJson as error:
        return _BARE.sub(lambda found: found[0] if found[1] is None else f'"{found[1]}"', text), error
    except RecursionError:
        return text, None
    return text, None


def is_json(text: str) -> bool:
    try:
        jsontext.parse(text)
    except (InvalidJson, RecursionError):
        return False
    return True


def warned(text: str, error: InvalidJson) -> Diagnostic:
    reason = documents.why(text, error.message, error.line, error.column)
    message = (
        f"This is not JSON ({reason}): SAM, CDK and CloudFormation read it all the same, as YAML with values put in;"
        " the API of Step Functions refuses it"
    )
    return Diagnostic("WARNING", "NOT_JSON", message, Pointer(""), error.line, error.column)
