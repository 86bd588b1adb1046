"""The parameters of each Resource, with the names that the Kubernetes API has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from stepwright.asl.resource import Resource, parse
from stepwright.tasks.calls.fields import OBJECT, TEXT, Field, Fields, choice, mapping, text, truth, whole
from stepwright.tasks.kubernetes import conditions, ending, manifests, names, selecting

MOST_LISTED: Final = 500

API_VERSION: Final = Field(
    "an API version such as v1 or apps/v1", names.is_api_version, required=True, schema=TEXT
)
KIND: Final = Field("a kind such as Deployment", names.is_kind, required=True, schema=TEXT)
NAME: Final = Field("the name of an object", names.is_name, schema=TEXT)
NAMESPACE: Final = Field("the name of a namespace", names.is_namespace, schema=TEXT)
SUBRESOURCE: Final = Field("the name of a subresource such as status", names.is_subresource, schema=TEXT)
SELECT: Final = Field(
    "a list of paths such as status.phase",
    lambda value: isinstance(value, list) and bool(value) and all(isinstance(path, str) for path in value),
    problem=selecting.problem,
    schema={"type": "array", "items": TEXT},
)
MANIFEST: Final = Field(
    "an object of the Kubernetes API, or its YAML",
    lambda value: isinstance(value, dict | str),
    required=True,
    problem=manifests.problem,
)
SELECTOR: Final = text("a label selector such as app=shop")
FORM: Final = Field(
    "a form such as {condition: Ready}",
    lambda value: isinstance(value, dict),
    problem=conditions.problem,
    schema=OBJECT,
)
FORM_WANTED: Final = replace(FORM, required=True)

_KIND_OF: Final[Mapping[str, Field]] = {"apiVersion": API_VERSION, "kind": KIND}
_ONE: Final[Mapping[str, Field]] = {
    **_KIND_OF,
    "name": replace(NAME, required=True),
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

_DEFINED: Final[Mapping[str, Field]] = {
    "manifest": MANIFEST,
    "namespace": NAMESPACE,
    "owned": truth(),
    "select": SELECT,
}
_APPLIED: Final[Mapping[str, Field]] = {
    **_DEFINED,
    "fieldManager": text("the name of a field manager"),
    "force": truth(),
}
_ENDS: Final[Mapping[str, Field]] = {"successOn": FORM, "failOn": FORM}


def _patch(given: Mapping[str, Any]) -> str | None:
    type = given.get("type", "merge")
    if "subresource" in given and type != "merge":
        return "a subresource takes merge patches only"
    if "patch" in given and isinstance(given["patch"], list) != (type == "json"):
        return f"a patch of type {type} is {'a list' if type == 'json' else 'an object'}"
    return None


def _end(given: Mapping[str, Any]) -> str | None:
    manifest = given.get("manifest")
    if "successOn" in given or not isinstance(manifest, dict) or not isinstance(manifest.get("kind"), str):
        return None
    if ending.of_kind(manifest.get("apiVersion"), manifest["kind"]) is not None:
        return None
    return f"the parameter successOn is missing: nobody knows when a {manifest['kind']} has ended"


EKS_CALL: Final = parse("arn:aws:states:::eks:call")
EKS_RUN_JOB: Final = parse("arn:aws:states:::eks:runJob")
_ENDLESS: Final = frozenset({"watch", "follow"})


def _is_query(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(values, list) and all(isinstance(each, str) for each in values)
        for values in value.values()
    )


def _is_endless(query: Mapping[str, Any]) -> str | None:
    named = next((name for name in query if name in _ENDLESS), None)
    return None if named is None else f"has {named}: such an answer has no end; k8s:wait waits for changes"


_CLUSTER: Final[Mapping[str, Field]] = {
    "ClusterName": text(),
    "CertificateAuthority": text(),
    "Endpoint": text(),
}
_CALLED: Final = Fields(
    {
        **_CLUSTER,
        "Method": choice("GET", "POST", "PUT", "PATCH", "DELETE", required=True),
        "Path": Field(
            "a path of the API such as /api/v1/namespaces", names.is_path, required=True, schema=TEXT
        ),
        "QueryParameters": Field("an object whose values are lists of texts", _is_query, problem=_is_endless),
        "RequestBody": Field("any value", lambda _: True),
    }
)

_JOB: Final = Fields(
    {
        **_CLUSTER,
        "Namespace": NAMESPACE,
        "LogOptions": mapping(),
        "Job": Field(
            "the Job to run",
            lambda value: isinstance(value, dict),
            required=True,
            problem=manifests.problem_of_job,
            schema=OBJECT,
        ),
    }
)

OF: Final[Mapping[Resource, Fields]] = {
    EKS_CALL: _CALLED,
    EKS_RUN_JOB: _JOB,
} | {
    parse(f"k8s:{verb}"): fields
    for verb, fields in {
        "get": Fields({**_ONE, "subresource": SUBRESOURCE, "select": SELECT}, meant=_MEANT),
        "list": Fields(
            {
                **_KIND_OF,
                "namespace": NAMESPACE,
                "allNamespaces": truth(),
                "labelSelector": SELECTOR,
                "fieldSelector": text("a field selector such as status.phase=Running"),
                "limit": whole(f"a whole number from 1 to {MOST_LISTED}", 1, MOST_LISTED),
                "continue": text("what the page before this one says in metadata.continue"),
                "select": SELECT,
            },
            at_most_one=("namespace", "allNamespaces"),
            meant=_MEANT,
        ),
        "create": Fields(_DEFINED, meant=_MEANT),
        "create.sync": Fields({**_DEFINED, **_ENDS}, meant=_MEANT, also=_end),
        "apply": Fields(_APPLIED, meant=_MEANT),
        "apply.sync": Fields({**_APPLIED, **_ENDS}, meant=_MEANT, also=_end),
        "patch": Fields(
            {
                **_ONE,
                "subresource": SUBRESOURCE,
                "type": choice("merge", "strategic", "json"),
                "patch": Field(
                    "an object, or a list of operations",
                    lambda value: isinstance(value, dict | list),
                    required=True,
                ),
                "select": SELECT,
            },
            meant=_MEANT,
            also=_patch,
        ),
        "scale": Fields({**_ONE, "replicas": whole("a whole number", 0, required=True)}, meant=_MEANT),
        "delete": Fields(
            {
                **_KIND_OF,
                "name": NAME,
                "labelSelector": SELECTOR,
                "namespace": NAMESPACE,
                "propagationPolicy": choice("Background", "Foreground", "Orphan"),
                "gracePeriodSeconds": whole("a whole number of seconds", 0),
                "missingIsFine": truth(),
            },
            one_of=("name", "labelSelector"),
            meant=_MEANT,
        ),
        "wait": Fields({**_ONE, "for": FORM_WANTED, "failOn": FORM, "select": SELECT}, meant=_MEANT),
        "logs": Fields(
            {
                "pod": NAME,
                "job": NAME,
                "labelSelector": SELECTOR,
                "namespace": NAMESPACE,
                "container": NAME,
                "previous": truth(),
                "tailLines": whole("a whole number", 1),
                "sinceSeconds": whole("a whole number of seconds", 1),
                "parse": truth(),
            },
            one_of=("pod", "job", "labelSelector"),
            meant={"name": "pod", "selector": "labelSelector"},
        ),
    }.items()
}
