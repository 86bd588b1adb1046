"""A distributed Map in a cluster over a large object: how long, how many writes of Stepwright's objects, and how much memory.

The items are those of ``bench.maps``, each given to a child execution of one Pass state; the results are written. The stand-in
for S3 costs next to nothing. The API server counts the writes.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, Final

from bench import table
from bench.maps import FIRST, forget_peak, objects, over_rows
from bench.process import usage
from bench.watching import EXECUTIONS, Object, Watch, check, create, execution, has_ended, machine
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

COUNT: Final = 100_000
ACCOUNT: Final = "bench"
_RBAC: Final = "rbac.authorization.k8s.io/v1"
_WRITES: Final = re.compile(
    r'^apiserver_request_total\{.*group="stepwright\.dev".*verb="(?:POST|PUT|PATCH|DELETE)".*\} (\S+)$',
    re.MULTILINE,
)


async def run(cluster: Cluster, namespace: str, operator: OperatorProcess) -> None:
    assert cluster.host_address is not None
    async with await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        with objects(COUNT, cluster.host_address) as url:
            await _connection(api, namespace, url)
            # What is imported at the first call of AWS is there then.
            await _map(api, namespace, "first", MaxItems=FIRST)
            forget_peak(operator.pid)
            idle, before, began = usage(operator.pid), _writes(cluster), time.perf_counter()
            await _map(api, namespace, "all")
            seconds, now = time.perf_counter() - began, usage(operator.pid)
    table.show(
        "A distributed Map of Pass states in a cluster over rows of CSV, results written",
        ["items", "s", "processor s of the operator", "writes", "MiB above idle"],
        [
            [
                COUNT,
                seconds,
                now.cpu_seconds - idle.cpu_seconds,
                _writes(cluster) - before,
                now.peak_mib - idle.resident_mib,
            ]
        ],
    )


async def _map(api: Api, namespace: str, name: str, **config: Any) -> None:
    definition = {"StartAt": "Each", "States": {"Each": over_rows(**config)}}
    await machine(api, namespace, name, definition, connections=["bench"])
    async with Watch(api, EXECUTIONS, namespace, has_ended) as watch:
        await create(api, EXECUTIONS, namespace, execution(name, name))
        await watch.until([name], 1800)
        check(watch)
    await asyncio.sleep(3)  # what is deleted then is its own


def _writes(cluster: Cluster) -> int:
    """Of Stepwright's objects, by whoever."""
    return sum(int(float(count)) for count in _WRITES.findall(cluster.kubectl("get", "--raw", "/metrics")))


async def _connection(api: Api, namespace: str, url: str) -> None:
    """An account that may read the key of a Connection for AWS."""
    rules = [
        _rule("secrets", "get"),
        _rule("serviceaccounts", "get"),
        _rule("serviceaccounts/token", "create"),
    ]
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT}
    key = {
        "accessKeyIdFrom": {"secretKeyRef": {"name": ACCOUNT, "key": "id"}},
        "secretAccessKeyFrom": {"secretKeyRef": {"name": ACCOUNT, "key": "secret"}},
    }
    aws = {"region": "us-east-1", "endpointUrl": url, "credentials": {"accessKey": key}}
    for version, plural, kind, more in (
        ("v1", "serviceaccounts", "ServiceAccount", {}),
        ("v1", "secrets", "Secret", {"stringData": {"id": "A", "secret": "b"}}),
        (_RBAC, "roles", "Role", {"rules": rules}),
        (_RBAC, "rolebindings", "RoleBinding", {"subjects": [subject], "roleRef": role}),
        (
            "stepwright.dev/v1",
            "connections",
            "Connection",
            {"spec": {"aws": aws, "serviceAccountName": ACCOUNT}},
        ),
    ):
        body: Object = {"apiVersion": version, "kind": kind, "metadata": {"name": ACCOUNT}, **more}
        await create(api, (version, plural), namespace, body)


def _rule(resource: str, verb: str) -> Object:
    return {"apiGroups": [""], "resources": [resource], "resourceNames": [ACCOUNT], "verbs": [verb]}
