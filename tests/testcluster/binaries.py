"""Kubernetes, etcd, helm and KWOK, built once from their Go modules.

Each folder of `build/` is a Go module that pins one project by go.mod and go.sum; a changed pin gives another key
and so another folder in the cache. A build goes to a temporary name and is renamed when it is whole.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.locations import cache_folder, locked
from tests.testcluster.progress import say

BUILD = Path(__file__).parent / "build"

#: The API server of the oldest Kubernetes that Stepwright supports: no cluster is made of it, see `alone.py`.
OLDEST_APISERVER = "kube-apiserver-oldest"

#: Binary to the Go module folder below build/ and the package it is built from.
SOURCES = {
    "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
    "etcdctl": ("etcd-snapshots", "go.etcd.io/etcd/etcdctl/v3"),
    "etcdutl": ("etcd-snapshots", "go.etcd.io/etcd/etcdutl/v3"),
    "kube-apiserver": ("kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kube-controller-manager": ("kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kube-scheduler": ("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler"),
    "kubelet": ("kubernetes", "k8s.io/kubernetes/cmd/kubelet"),
    "kube-proxy": ("kubernetes", "k8s.io/kubernetes/cmd/kube-proxy"),
    "kubectl": ("kubernetes", "k8s.io/kubernetes/cmd/kubectl"),
    OLDEST_APISERVER: ("kubernetes-oldest", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "helm": ("helm", "helm.sh/helm/v3/cmd/helm"),
    "kwok": ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
}
KWOK_STAGES = "kwok-stages.yaml"
_STAGE_FOLDERS = ("node/fast", "node/heartbeat", "pod/fast")


def ensure(names: tuple[str, ...] = tuple(SOURCES)) -> dict[str, Path]:
    """Paths of the named binaries, building what is not in the cache yet."""
    return {name: binary(name) for name in names}


def binary(name: str) -> Path:
    module, package = SOURCES[name]
    target = _folder(module) / name
    if not target.exists():
        with locked(cache_folder() / "build.lock"):
            if not target.exists():
                _build(module, package, target)
    return target


def client(name: str) -> Path:
    """kubectl or helm: the one on the PATH where there is one, else ours.

    Only for clusters that are not ours; the native one always uses the version it was tried with.
    """
    found = shutil.which(name)
    return Path(found) if found else binary(name)


def kwok_stages() -> Path:
    """KWOK's own stages joined in one file; without them it ends as soon as it starts."""
    target = _folder("kwok") / KWOK_STAGES
    if not target.exists():
        _go("kwok", "mod", "download", "sigs.k8s.io/kwok")  # what is not here yet has no folder
        source = Path(_go("kwok", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok").strip())
        stages = [
            file.read_text()
            for folder in _STAGE_FOLDERS
            for file in sorted((source / "kustomize" / "stage" / folder).glob("*.yaml"))
            if file.name != "kustomization.yaml"
        ]
        if not stages:
            raise ClusterUnavailable(f"{source} has no stages in {', '.join(_STAGE_FOLDERS)}")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        partial.write_text("\n---\n".join(stages))
        partial.rename(target)
    return target


def _build(module: str, package: str, target: Path) -> None:
    say(f"building {target.name} (once; kept in {target.parent})")
    began = time.monotonic()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    _go(module, "build", "-trimpath", "-ldflags", _link_flags(module), "-o", str(partial), package)
    partial.rename(target)
    say(f"built {target.name} in {time.monotonic() - began:.0f} s")


def _go(module: str, *args: str) -> str:
    go = shutil.which("go")
    if go is None:
        raise ClusterUnavailable(
            "the cluster's binaries are built with Go 1.26 or newer, and `go` is not on the PATH. Install Go, "
            "start a Docker engine and kind, or point STEPWRIGHT_KUBECONFIG at a cluster of yours."
        )
    done = subprocess.run(
        [go, *args],
        cwd=BUILD / module,
        env={**os.environ, "CGO_ENABLED": "0"},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise ClusterUnavailable(f"`go {' '.join(args)}` failed in {BUILD / module}: {done.stderr[-1500:]}")
    return done.stdout


def _link_flags(module: str) -> str:
    flags = ["-s", "-w"]
    if module.startswith("kubernetes"):
        # Without these a server says v0.0.0, and clients that compare versions go wrong.
        match = re.search(
            r"^\s*(?:require )?k8s.io/kubernetes (v(\d+)\.(\d+)\.\d+)\b", _pins(module), re.MULTILINE
        )
        if match is None:
            raise ClusterUnavailable(f"{BUILD / module / 'go.mod'} does not pin k8s.io/kubernetes")
        prefix = "-X k8s.io/component-base/version."
        flags += [
            f"{prefix}gitVersion={match[1]}",
            f"{prefix}gitMajor={match[2]}",
            f"{prefix}gitMinor={match[3]}",
        ]
    return " ".join(flags)


@functools.cache
def _pins(module: str) -> str:
    return (BUILD / module / "go.mod").read_text() + (BUILD / module / "go.sum").read_text()


@functools.cache
def _folder(module: str) -> Path:
    key = hashlib.sha256((_pins(module) + os.uname().machine).encode()).hexdigest()[:12]
    return cache_folder() / "bin" / f"{module}-{key}"
