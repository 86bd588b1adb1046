"""What distributed Maps read their items from, and leave their results in: objects of S3, files by their URLs or on this machine,
objects of the cluster, rows of a database.

The integration is imported when it is made: a process that only checks definitions needs none.
"""

from __future__ import annotations

from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.remote_files import RemoteFiles, RemoteObjects
from stepwright.tasks.map_data.checking import check
from stepwright.tasks.map_data.resources import (
    FILE,
    GET,
    K8S_GET,
    K8S_LIST,
    LIST,
    PUT,
    READERS,
    RESOURCES,
    SQL,
    URL,
)

__all__ = [
    "FILE",
    "GET",
    "K8S_GET",
    "K8S_LIST",
    "LIST",
    "PUT",
    "READERS",
    "RESOURCES",
    "SQL",
    "URL",
    "check",
    "make",
]


def make(
    means: Means, urls: RemoteFiles, objects: RemoteObjects | None, rows: RemoteObjects | None
) -> Integration:
    """``urls``: files by their URLs, closed with the integration. ``objects``: those of the cluster, if there is one; ``rows``: those
    of databases."""
    from stepwright.tasks.map_data.integration import MapData  # noqa: PLC0415 - as above

    return MapData(means.services, urls, means.files, objects, rows)
