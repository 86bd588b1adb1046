"""Objects as the API server has them, without a process for each look: kubectl takes a tenth of a second of processor
time, two for `apply`, and tests look several times a second."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config

Object = dict[str, Any]
Objects = list[Object]

#: Where the kinds that tests ask for are served.
_GROUPS = (
    "api/v1",
    "apis/batch/v1",
    "apis/apps/v1",
    "apis/coordination.k8s.io/v1",
    "apis/rbac.authorization.k8s.io/v1",
    "apis/stepwright.dev/v1",
)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_GOOD = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED)
_SELECTORS = {"-l": "labelSelector", "--selector": "labelSelector", "--field-selector": "fieldSelector"}


class Unanswered(Exception):  # noqa: N818 - reads as a sentence where raised
    """Not answered with an object: kubectl is to be asked, which says why as users see it."""


class ApiRequests:
    """GET of single objects and of lists, POST and DELETE, by the names of kinds that kubectl takes."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = config.new_client_from_config(config_file=str(kubeconfig))
        self._paths: dict[str, tuple[str, bool]] = {}

    def get(self, kind: str, namespace: str, name: str) -> Object:
        return self._read(f"{self._path(kind, namespace)}/{name}")

    def items(self, kind: str, namespace: str, arguments: tuple[str, ...]) -> Objects:
        """As `kubectl get KIND ARGUMENTS`; of the arguments selectors alone are understood."""
        query = _query(arguments)
        items: Objects = self._read(self._path(kind, namespace), query)["items"]
        return items

    def apply_new(self, namespace: str, body: Object) -> None:
        """As `kubectl apply` creates what is not there yet. Unanswered where it is, or where kubectl would do more."""
        metadata = body.get("metadata") or {}
        if "status" in body or not {"name"} <= metadata.keys() <= {"name", "labels", "annotations"}:
            raise Unanswered("kubectl reads of it where and what it is")
        annotations = metadata.get("annotations") or {}
        applied = {**body, "metadata": {**metadata, "annotations": annotations, "namespace": namespace}}
        text = json.dumps(applied, separators=(",", ":"), sort_keys=True) + "\n"
        made = {**body, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: text}}}
        self.create(namespace, made, fieldManager="kubectl-client-side-apply", fieldValidation="Strict")

    def create(self, namespace: str, body: Object, **query: str) -> None:
        path = self._path(body["kind"].lower(), namespace)
        self._send("POST", path, [*query.items()], body)

    def token(self, namespace: str, account: str, audiences: Sequence[str]) -> str:
        """As `kubectl create token`."""
        path = f"{self._path('serviceaccount', namespace)}/{account}/token"
        given: Object = json.loads(self._send("POST", path, [], {"spec": {"audiences": [*audiences]}}))
        token: str = given["status"]["token"]
        return token

    def delete_all(self, kind: str, namespace: str) -> None:
        """With what they own. Returns before what holds them, a finalizer, has let go of them."""
        # The answer has all that was deleted, however deep it nests: nobody reads it.
        self._send("DELETE", self._path(kind, namespace), [("propagationPolicy", "Background")])

    def _path(self, kind: str, namespace: str) -> str:
        if kind not in self._paths:
            self._discover()
        if kind not in self._paths:
            raise Unanswered(kind)
        pattern, namespaced = self._paths[kind]
        group, plural = pattern.rsplit("/", 1)
        return f"/{group}/namespaces/{namespace}/{plural}" if namespaced else f"/{pattern}"

    def _discover(self) -> None:
        for group in _GROUPS:
            for resource in self._read(f"/{group}")["resources"]:
                plural, kind = resource["name"], resource["kind"].lower()
                if "/" not in plural:
                    for name in (plural, kind, *resource.get("shortNames", ())):
                        self._paths.setdefault(name, (f"{group}/{plural}", resource["namespaced"]))

    def _read(self, path: str, query: list[tuple[str, str]] | None = None) -> Object:
        found: Object = json.loads(self._send("GET", path, query or []))
        return found

    def _send(self, verb: str, path: str, query: list[tuple[str, str]], body: Object | None = None) -> bytes:
        asked = self._client.param_serialize(
            verb,
            path,
            query_params=query,
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = self._client.call_api(*asked, _request_timeout=30)
            text: bytes = answer.read()
        except (client.ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unanswered(path) from error
        if answer.status not in _GOOD:
            raise Unanswered(f"{path}: {answer.status}")
        return text


@functools.cache
def of(kubeconfig: Path) -> ApiRequests:
    return ApiRequests(kubeconfig)


def _query(arguments: tuple[str, ...]) -> list[tuple[str, str]]:
    words = [
        part for argument in arguments for part in argument.split("=", 1 if argument.startswith("--") else 0)
    ]
    if len(words) % 2:
        raise Unanswered(" ".join(arguments))
    pairs = list(zip(words[::2], words[1::2], strict=True))
    if any(option not in _SELECTORS for option, _ in pairs):
        raise Unanswered(" ".join(arguments))
    return [(_SELECTORS[option], value) for option, value in pairs]
