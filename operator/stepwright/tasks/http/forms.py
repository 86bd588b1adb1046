"""Bodies and queries of the type ``application/x-www-form-urlencoded``, lists as ``RequestEncodingOptions.ArrayFormat`` says.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html, and how the CDK describes it:
https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_stepfunctions_tasks.URLEncodingFormat.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal
from urllib.parse import quote_plus

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext

ArrayFormat = Literal["INDICES", "REPEAT", "COMMAS", "BRACKETS"]

ARRAY_FORMATS: Final[tuple[ArrayFormat, ...]] = ("INDICES", "REPEAT", "COMMAS", "BRACKETS")


def encoded(given: Mapping[str, Json], lists: ArrayFormat = "INDICES") -> str:
    """Members of objects within it are ``outer[inner]``."""
    return "&".join(
        f"{quote_plus(name)}={','.join(map(quote_plus, values))}" for name, values in _pairs(given, lists)
    )


def text(value: Json) -> str:
    """A value as it is written in a header, a query or a form."""
    if value is None:
        return ""
    return value if isinstance(value, str) else jsontext.dump(value)


def _pairs(
    given: Mapping[str, Json], lists: ArrayFormat, within: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in given.items():
        yield from _of(f"{within}[{name}]" if within else name, value, lists)


def _of(name: str, value: Json, lists: ArrayFormat) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(value, Mapping):
        yield from _pairs(value, lists, name)
    elif not isinstance(value, list):
        yield name, (text(value),)
    elif lists == "COMMAS":
        yield name, tuple(map(text, value))
    else:
        for index, item in enumerate(value):
            inner = {"INDICES": f"{name}[{index}]", "BRACKETS": f"{name}[]", "REPEAT": name}[lists]
            yield from _of(inner, item, lists)
