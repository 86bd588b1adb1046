"""helm for tests that render the chart: given, on the PATH, or built earlier for the cluster under test."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.testcluster.locations import cache_folder

CHECKOUT = Path(__file__).parents[3]
CHART = CHECKOUT / "charts" / "stepwright"
OLDEST = "1.31.0"

Object = dict[str, Any]


def helm_path() -> str:
    built = sorted(str(path) for path in cache_folder().glob("bin/helm-*/helm"))
    found = os.environ.get("STEPWRIGHT_HELM") or shutil.which("helm") or (built[-1] if built else None)
    if found is None:
        pytest.skip("helm is neither on the PATH nor built: `python -m tests.testcluster build`")
    return found


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As for the oldest Kubernetes that the chart allows: helm alone knows no cluster's version."""
    command = [helm_path(), *arguments, "--kube-version", OLDEST]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def template(
    *settings: str, release: str = "stepwright", namespace: str = "stepwright-system"
) -> list[Object]:
    """The chart's objects; each setting is one of ``--set``."""
    text = _rendered(settings, release, namespace)
    return [item for item in yaml.load_all(text, Loader=yaml.CSafeLoader) if item]


@functools.cache
def _rendered(settings: tuple[str, ...], release: str, namespace: str) -> str:
    flags = [flag for setting in settings for flag in ("--set", setting)]
    done = run("template", release, str(CHART), "--namespace", namespace, *flags)
    assert done.returncode == 0, done.stderr
    return done.stdout


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [item for item in objects if item["kind"] == kind]
