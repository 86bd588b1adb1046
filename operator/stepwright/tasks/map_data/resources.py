"""Which Resources read items and write results."""

from __future__ import annotations

from typing import Final

from stepwright.asl.resource import ITEM_READER, RESULT_WRITER

RESOURCES: Final = (ITEM_READER, RESULT_WRITER)
