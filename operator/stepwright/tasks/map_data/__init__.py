"""What distributed Maps read their items from, and leave their results in: objects of S3.

The integration is imported when it is made: a process that only checks definitions needs none.
"""

from __future__ import annotations

from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource


def serves(resource: Resource) -> bool:
    return resource in (ITEM_READER, RESULT_WRITER)
