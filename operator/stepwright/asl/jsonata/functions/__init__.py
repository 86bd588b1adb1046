"""The functions that every expression may call: JSONata's own, and AWS's.

There is a module for each kind, and ``BUILT_IN`` has all functions by name. A function is ``f(runtime, *arguments)``;
arguments that were not given are ``UNDEFINED``. As on AWS there is no ``$eval``: to call it is to call something that is not
a function.
Source: https://docs.jsonata.org, https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from stepwright.asl.jsonata.functions import (
    arrays,
    dates,
    encoding,
    higher_order,
    matching,
    numbers,
    objects,
    step_functions,
    strings,
)
from stepwright.asl.jsonata.functions.table import Table, natives
from stepwright.asl.jsonata.runtime import Native

_TABLES: Final[tuple[Table, ...]] = (
    strings.TABLE,
    matching.TABLE,
    encoding.TABLE,
    numbers.TABLE,
    arrays.TABLE,
    objects.TABLE,
    higher_order.TABLE,
    dates.TABLE,
    step_functions.TABLE,
)

BUILT_IN: Final[MappingProxyType[str, Native]] = MappingProxyType(
    {name: native for table in _TABLES for name, native in natives(table).items()}
)
