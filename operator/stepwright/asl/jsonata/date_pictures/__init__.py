"""Writes moments as text by a picture such as ``[Y0001]-[M01]-[D01]``, and reads them back. Moments are milliseconds since
1970, in UTC.

Source: https://www.w3.org/TR/xpath-functions-31/#rules-for-datetime-formatting, as far as JSONata implements it.
"""

from stepwright.asl.jsonata.date_pictures.components import LIMIT
from stepwright.asl.jsonata.date_pictures.reading import parse, parse_iso
from stepwright.asl.jsonata.date_pictures.writing import format

__all__ = ["LIMIT", "format", "parse", "parse_iso"]
