"""Images for tasks and pods' sandboxes, made by hand: one layer with a static busybox, no registry, no builder."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.locations import cache_folder

#: Raised when the recipe below changes, so that no cache serves the old one.
_RECIPE = 1
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def busybox(tags: list[str], command: list[str]) -> Path:
    """A docker-archive of a busybox image under the given tags, from the cache where it is there."""
    found = shutil.which("busybox")
    if found is None:
        raise ClusterUnavailable("no busybox here; Debian's package is busybox-static")
    binary = Path(found).read_bytes()
    recipe = json.dumps([_RECIPE, tags, command]).encode()
    key = hashlib.sha256(recipe + binary).hexdigest()[:12]
    name = tags[0].rpartition("/")[2].replace(":", "-")
    target = cache_folder() / "images" / f"{name}-{key}.tar"
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        partial.write_bytes(_archive(_layer(binary, _applets(found)), tags, command))
        partial.rename(target)
    return target


def _applets(busybox_path: str) -> list[str]:
    listed = subprocess.run(
        [busybox_path, "--list"], text=True, capture_output=True, check=True
    ).stdout.split()
    # Linked to itself, busybox would never end.
    return [applet for applet in listed if applet != "busybox"]


def _layer(binary: bytes, applets: list[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("home", 0o755), ("root", 0o700), ("usr", 0o755),
                             ("var", 0o755), ("tmp", 0o1777)):  # fmt: skip
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        _add(tar, "bin/busybox", binary, 0o755)
        _add(
            tar,
            "etc/passwd",
            b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/home:/bin/false\n",
            0o644,
        )
        _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644)
        for applet in applets:
            _link(tar, f"bin/{applet}", "busybox")
        # So that a script's first line may name any of the usual folders.
        for folder in ("sbin", "usr/bin", "usr/sbin"):
            _link(tar, folder, "/bin")
    return buffer.getvalue()


def _archive(layer: bytes, tags: list[str], command: list[str]) -> bytes:
    layer_id = hashlib.sha256(layer).hexdigest()
    machine = platform.machine()
    config = json.dumps(
        {
            "architecture": _ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "config": {"Cmd": command, "Env": ["PATH=/bin"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_id}"]},
        }
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": tags, "Layers": [f"{layer_id}.tar"]}]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        _add(tar, f"{layer_id}.tar", layer, 0o644)
        _add(tar, config_name, config, 0o644)
        _add(tar, "manifest.json", json.dumps(manifest).encode(), 0o644)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    tar.addfile(entry)
