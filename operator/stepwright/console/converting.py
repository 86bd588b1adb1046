"""The other query language: what stands in JSONPath, in JSONata."""

from __future__ import annotations

from stepwright.asl.definition import limits
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.console.models import Conversion, ConversionRemark, ToConvert


class Unconvertible(ValueError):  # noqa: N818 - it names a condition
    """Why it is neither a state nor a definition."""


def converted(given: ToConvert) -> Conversion:
    """A definition has ``States``, a state has not. Raises Unconvertible."""
    # Few ask for it, and none before a server serves.
    from stepwright.asl import to_jsonata  # noqa: PLC0415

    try:
        value = jsontext.parse(given.value, max_bytes=limits.DEFINITION_BYTES, max_depth=limits.NESTING)
    except InvalidJson as error:
        raise Unconvertible(f"value is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Unconvertible("value is neither a state nor a definition: both are objects")
    found = to_jsonata.machine(value) if "States" in value else to_jsonata.state(value)
    remarks = [
        ConversionRemark(pointer=remark.pointer, message=remark.message, is_done=remark.is_done)
        for remark in found.remarks
    ]
    return Conversion(value=jsontext.dump(found.value), remarks=remarks)
