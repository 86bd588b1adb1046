"""The beginning of a function: its handler, a test of it, its image, and what runs it in a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Final

from stepwright import __version__

_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,51}[a-z0-9])?")
"""Of a Service: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#rfc-1035-label-names"""


class Refused(Exception):  # noqa: N818 - it names a condition
    """Nothing was made. The sentence says why."""


_PYTHON: Final[Mapping[str, str]] = {
    "app.py": '''\
"""The function $name: called with an event, it answers with JSON."""


class NoName(Exception):
    """A Task state can retry or catch this error by its name: NoName."""


def handler(event, context):
    if not event.get("name"):
        raise NoName("the event has no name")
    return {"greeting": f"Hello, {event['name']}!"}
''',
    "test_app.py": """\
import pytest

import app


def test_it_greets():
    assert app.handler({"name": "Ada"}, None) == {"greeting": "Hello, Ada!"}


def test_it_fails_by_name():
    with pytest.raises(app.NoName):
        app.handler({}, None)
""",
    "requirements.txt": "# What the function needs beside Stepwright, one package a line.\n",
    "Dockerfile": """\
# docker build -t $name .
# BASE needs python3 with pip. An image built on one of AWS's bases for Lambda needs none of this: the TaskTemplate calls it as
# it is.
ARG BASE=python:3.13-slim
FROM $${BASE}
WORKDIR /function
COPY requirements.txt ./
RUN pip install --no-cache-dir stepwright-asl==$version -r requirements.txt
COPY *.py ./
ENV PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["stepwright", "function"]
# As a Job for each call, or in a Task of the Resource k8s:job: args: [once, app.handler]
# As a worker that asks for its calls: args: [work, app.handler, --function, $name] (worker.yaml)
CMD ["serve", "app.handler"]
""",
    "function.yaml": """\
# kubectl apply -f function.yaml. Then tasks call it as k8s:task/$name, or as the Lambda function $name.
apiVersion: stepwright.dev/v1
kind: TaskTemplate
metadata:
  name: $name
spec:
  http:
    service: {name: $name}
    timeoutSeconds: 60
  # Instead of http, maxConcurrency, the Service and the Deployment, a Job for each call:
  # job: {image: $name, args: [once, app.handler]}
  # Or workers that ask for their calls: worker.yaml instead of this file.
  # Each pod runs one call at a time: as many as there are pods. More with `serve app.handler --concurrency N`.
  maxConcurrency: 1
---
apiVersion: v1
kind: Service
metadata:
  name: $name
spec:
  selector: {app: $name}
  ports:
    - {port: 8080}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $name
spec:
  replicas: 1
  selector:
    matchLabels: {app: $name}
  template:
    metadata:
      labels: {app: $name}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: function
          image: $name
          imagePullPolicy: IfNotPresent
          args: [serve, app.handler]
          ports:
            - {containerPort: 8080}
          readinessProbe:
            httpGet: {path: /healthz, port: 8080}
          resources:
            requests: {cpu: 50m, memory: 64Mi}
            limits: {memory: 256Mi}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
""",
    "worker.yaml": """\
# kubectl apply -f worker.yaml, instead of function.yaml: pods that ask for their calls, and need no Service.
apiVersion: stepwright.dev/v1
kind: TaskTemplate
metadata:
  name: $name
spec:
  worker:
    timeoutSeconds: 900
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: $name-worker
---
# All that a worker needs. It holds for all tasks of workers in the namespace: these trust one another.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: $name-worker
rules:
  - apiGroups: [stepwright.dev]
    resources: [externaltasks]
    verbs: [get, list, watch]
  - apiGroups: [stepwright.dev]
    resources: [externaltasks/status]
    verbs: [patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: $name-worker
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: $name-worker}
subjects:
  - {kind: ServiceAccount, name: $name-worker}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $name-worker
spec:
  replicas: 1
  selector:
    matchLabels: {app: $name-worker}
  template:
    metadata:
      labels: {app: $name-worker}
    spec:
      serviceAccountName: $name-worker
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: worker
          image: $name
          imagePullPolicy: IfNotPresent
          # Each pod has one task at a time. More with --concurrency N.
          args: [work, app.handler, --function, $name]
          resources:
            requests: {cpu: 50m, memory: 64Mi}
            limits: {memory: 256Mi}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
""",
}


def python(name: str, folder: Path) -> list[Path]:
    """Writes the files of a function in Python into a new folder; returns them. Raises Refused, OSError."""
    if not _NAME.fullmatch(name):
        raise Refused(
            f"{name!r} cannot be a Service's name: up to 53 small letters, digits and hyphens, a letter first and no hyphen last"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is there already and not empty")
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for file, text in _PYTHON.items():
        path = folder / file
        path.write_text(Template(text).substitute(name=name, version=__version__), encoding="utf-8")
        made.append(path)
    return made
