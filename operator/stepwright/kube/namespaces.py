"""Namespaces that are being deleted: the rights in them may disappear before everything else."""

from __future__ import annotations

import msgspec

from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.paths import path_of


class _Metadata(msgspec.Struct):
    deletionTimestamp: str | None = None  # noqa: N815 - the field's name on the wire


class _Namespace(msgspec.Struct):
    metadata: _Metadata


async def is_going(api: Api, namespace: str) -> bool:
    """Whether a namespace in which something was forbidden is deleted or being deleted, with everything in
    it. False if that cannot be determined."""
    try:
        found: _Namespace = await api.get(path_of("v1", "namespaces", name=namespace), into=_Namespace)
    except NotFound:
        return True
    except ApiError:
        return False
    return found.metadata.deletionTimestamp is not None
