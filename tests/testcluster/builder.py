"""buildah with a store of its own in the cache folder, and with this machine's way to the package index."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.locations import cache_folder

#: A changed source file adds about seven, most of them small.
_MOST_LAYERS = 150


def run(*args: str) -> str:
    store = cache_folder() / "buildah"
    command = ["buildah", "--root", str(store / "root"), "--runroot", str(store / "run"), *args]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise ClusterUnavailable(f"`buildah {' '.join(args)}` failed: {(done.stdout + done.stderr)[-3000:]}")
    _unmount(store)
    return done.stdout


def has(image: str) -> bool:
    return image in run("images", "--format", "{{.Name}}:{{.Tag}}").split()


def build(context: Path, tag: str, arguments: dict[str, str]) -> None:
    """Run the context's Dockerfile; chroot isolation, since the machine may be a container itself."""
    options = ["--isolation", "chroot", "--pull-never", "--layers", "--tag", tag]
    for name, value in arguments.items():
        options += ["--build-arg", f"{name}={value}"]
    with tempfile.TemporaryDirectory() as scratch:
        for source, target in _pip_volumes(Path(scratch)).items():
            options += ["--volume", f"{source}:{target}:ro"]
        run("bud", *options, str(context))
    # Pruning costs the next build its cache of the first stage (30 s instead of 4), so only now and then.
    if len(run("images", "--all", "--quiet").split()) > _MOST_LAYERS:
        run("rmi", "--prune")


def save(image: str, archive: Path) -> None:
    archive.unlink(missing_ok=True)
    run("push", "--quiet", image, f"docker-archive:{archive}:{image}")


def _pip_volumes(scratch: Path) -> dict[str, str]:
    """What pip inside the build needs to reach the index as pip outside does: settings and certificates.

    As a mounted pip.conf they need no ARG in the Dockerfile and leave nothing in the image.
    """
    settings = {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE" and value
    }
    volumes: dict[str, str] = {}
    certificates = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if certificates and Path(certificates).is_file():
        settings["cert"] = certificates
        folder = str(Path(certificates).parent)
        volumes[folder] = folder
    wheels = settings.get("find-links", "")
    if wheels.startswith("/"):
        if Path(wheels).is_dir():
            volumes[wheels] = wheels
        else:
            del settings["find-links"]
    if settings:
        configuration = scratch / "pip.conf"
        lines = [f"{name} = {value}\n" for name, value in sorted(settings.items())]
        configuration.write_text("[global]\n" + "".join(lines))
        volumes[str(configuration)] = "/etc/pip.conf"
    return volumes


def _unmount(store: Path) -> None:
    """buildah leaves its store mounted on itself; nothing of ours stays mounted."""
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        target = line.split()[1]
        if target.startswith(f"{store}/"):
            subprocess.run(["umount", target], capture_output=True, check=False)
