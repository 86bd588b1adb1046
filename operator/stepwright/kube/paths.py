"""Where an object, or a kind of objects, is found at the API server."""

from __future__ import annotations


def path_of(
    api_version: str,
    plural: str,
    namespace: str | None = None,
    name: str | None = None,
    subresource: str | None = None,
) -> str:
    """``path_of("batch/v1", "jobs", "shop", "ship-1")`` = ``/apis/batch/v1/namespaces/shop/jobs/ship-1``."""
    parts = ["/apis" if "/" in api_version else "/api", api_version]
    if namespace is not None:
        parts += ["namespaces", namespace]
    parts.append(plural)
    if name is not None:
        parts.append(name)
    if subresource is not None:
        parts.append(subresource)
    return "/".join(parts)


def namespace_in(path: str) -> str:
    """The namespace that a request concerns; empty if it concerns the whole cluster."""
    _, found, rest = path.partition("/namespaces/")
    return rest.partition("/")[0] if found else ""
