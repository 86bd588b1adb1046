"""The images a cluster gets: sandbox and busybox for tasks, a Python base, and the operator's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.testcluster import archives, build_context, builder, kind, packages
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.locations import cache_folder, locked
from tests.testcluster.progress import say

PAUSE = "localhost/pause:1"
BUSYBOX_TAGS = ["localhost/busybox:1.37", "docker.io/library/busybox:1.37"]
PYTHON_BASE = "localhost/python-base:3.11"
OPERATOR = "localhost/stepwright:dev"

_SUITE = "bookworm"
_PYTHON_PACKAGES = "python3-minimal,python3-venv,python3-pip,ca-certificates"
#: Files that no program here reads, left out because each run unpacks the image again.
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/i18n/*")
#: Without it Debian's usrmerge comes in, and with it 50 MB of perl.
_MERGED_USR = ["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--include=usr-is-merged"]


def task_images() -> list[Path]:
    """Archives that every node has from the start: pods' sandbox, and busybox under the names examples use."""
    # A sandbox has only to stay; containerd ends it with SIGKILL. The number is the longest sleep there is.
    return [archives.busybox([PAUSE], ["sleep", "2147483647"]), archives.busybox(BUSYBOX_TAGS, ["sh"])]


def python_base() -> str:
    """Name of a small Debian with Python 3.11, known to buildah; built once, without any registry."""
    packages.ensure(packages.IMAGE_PACKAGES)
    key = hashlib.sha256(repr((_SUITE, _PYTHON_PACKAGES, _LEFT_OUT, _MERGED_USR)).encode()).hexdigest()[:12]
    archive = cache_folder() / "images" / f"python-base-3.11-{key}.tar"
    with locked(cache_folder() / "images.lock"):
        if not archive.exists():
            _build_python_base(archive)
        elif not builder.has(PYTHON_BASE):
            builder.run("pull", "--quiet", f"docker-archive:{archive}")
    return PYTHON_BASE


def build_operator_image(context: Path) -> Path:
    """A docker-archive of localhost/stepwright:dev, built anew only where a file of the context changed."""
    target_folder = cache_folder() / "images"
    target_folder.mkdir(exist_ok=True)
    key = build_context.digest(context)
    target = target_folder / f"stepwright-dev-{key}.tar"
    if target.exists():
        return target
    with_docker = kind.available() and shutil.which("buildah") is None
    base = "" if with_docker else python_base()
    with locked(cache_folder() / "images.lock"):
        if target.exists():
            return target
        say("building the operator's image")
        partial = target.with_suffix(f".{os.getpid()}")
        if with_docker:
            _docker_build(context, partial)
        else:
            builder.build(context, OPERATOR, {"BASE": base})
            builder.save(OPERATOR, partial)
        for stale in target_folder.glob("stepwright-dev-*.tar"):
            stale.unlink()
        partial.rename(target)
    say(f"the operator's image is {target}")
    return target


def _build_python_base(archive: Path) -> None:
    say("building the Python base image (once)")
    archive.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root.tar"
        options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT] + _MERGED_USR
        command = [
            "mmdebstrap",
            "--variant=minbase",
            *options,
            f"--include={_PYTHON_PACKAGES}",
            _SUITE,
            str(root),
        ]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise ClusterUnavailable(f"`{' '.join(command)}` failed: {done.stderr[-1500:]}")
        container = builder.run("from", "scratch").strip()
        try:
            builder.run("add", "--quiet", container, str(root), "/")
            builder.run("config", "--cmd", "python3", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
            builder.run("commit", "--quiet", container, PYTHON_BASE)
        finally:
            builder.run("rm", container)
        partial = archive.with_suffix(f".{os.getpid()}")
        builder.save(PYTHON_BASE, partial)
        partial.rename(archive)


def _docker_build(context: Path, target: Path) -> None:
    """Where kind runs there is a Docker engine, whose own base image comes from a registry. Not run here."""
    for command in (["docker", "build", "--tag", OPERATOR, str(context)],
                    ["docker", "save", "--output", str(target), OPERATOR]):  # fmt: skip
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise ClusterUnavailable(f"`{' '.join(command)}` failed: {done.stderr[-1500:]}")
