"""The parameters of each verb, with the names that the Kubernetes API has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stepwright.tasks.calls.fields import Field, Fields, text, truth, whole
from stepwright.tasks.kubernetes import manifests, names, selecting

MOST_LISTED: Final = 500

API_VERSION: Final = Field("an API version such as v1 or apps/v1", names.is_api_version, required=True)
KIND: Final = Field("a kind such as Deployment", names.is_kind, required=True)
NAME: Final = Field("the name of an object", names.is_name)
NAMESPACE: Final = Field("the name of a namespace", names.is_namespace)
SUBRESOURCE: Final = Field("the name of a subresource such as status", names.is_subresource)
SELECT: Final = Field(
    "a list of paths such as status.phase",
    lambda value: isinstance(value, list) and bool(value) and all(isinstance(path, str) for path in value),
    problem=selecting.problem,
)
MANIFEST: Final = Field(
    "an object of the Kubernetes API, or its YAML",
    lambda value: isinstance(value, dict | str),
    required=True,
    problem=manifests.problem,
)

_KIND_OF: Final[Mapping[str, Field]] = {"apiVersion": API_VERSION, "kind": KIND}
_ONE: Final[Mapping[str, Field]] = {
    **_KIND_OF,
    "name": Field(NAME.words, NAME.fits, required=True),
    "namespace": NAMESPACE,
}
_MEANT: Final = {
    "fields": "select",
    "labels": "labelSelector",
    "selector": "labelSelector",
    "object": "manifest",
    "body": "manifest",
    "resource": "kind",
}

OF_VERBS: Final[Mapping[str, Fields]] = {
    "get": Fields({**_ONE, "subresource": SUBRESOURCE, "select": SELECT}, meant=_MEANT),
    "list": Fields(
        {
            **_KIND_OF,
            "namespace": NAMESPACE,
            "allNamespaces": truth(),
            "labelSelector": text("a label selector such as app=shop"),
            "fieldSelector": text("a field selector such as status.phase=Running"),
            "limit": whole(f"a whole number from 1 to {MOST_LISTED}", 1, MOST_LISTED),
            "continue": text("what the page before this one says in metadata.continue"),
            "select": SELECT,
        },
        at_most_one=("namespace", "allNamespaces"),
        meant=_MEANT,
    ),
    "create": Fields(
        {"manifest": MANIFEST, "namespace": NAMESPACE, "owned": truth(), "select": SELECT}, meant=_MEANT
    ),
}
"""Of each verb, by the name that its Resource has for it."""
