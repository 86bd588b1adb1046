"""Functions that a server of the test's serves: a Service that leads to it, and TaskTemplates."""

from __future__ import annotations

from http.server import ThreadingHTTPServer
from typing import Any

from tests.on_cluster.kubectl import Kube, Object


def behind(kube: Kube, name: str, server: ThreadingHTTPServer) -> None:
    """A Service that leads to it."""
    address, port = server.server_address[:2]
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"ports": [{"port": 8080, "targetPort": port}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "ports": [{"port": port}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        },
    )


def template(name: str, service: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "TaskTemplate",
        "metadata": {"name": name},
        "spec": {"http": {"service": service, **spec.pop("http", {})}, **spec},
    }
