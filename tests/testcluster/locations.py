"""Where the cluster under test keeps its things: nothing of it lies in the checkout."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.testcluster.slots import slot


def cache_folder() -> Path:
    """Binaries and images that are built once and kept between runs."""
    given = os.environ.get("STEPWRIGHT_CACHE")
    if given:
        folder = Path(given)
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepwright"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_folder() -> Path:
    """Everything of the running cluster of this process's slot; it exists exactly while one is up, and `down` removes
    it."""
    return Path(tempfile.gettempdir()) / slot().folder_name


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock, so that two processes never build or start the same thing at once.

    The lock belongs to the open file: the kernel gives it back however the holder ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def network_lock() -> Iterator[None]:
    """One process at a time looks for addresses that are free, and takes them: whatever its slot."""
    with locked(Path(tempfile.gettempdir()) / f"stepwright-network-{os.getuid()}.lock"):
        yield


@contextmanager
def run_lock() -> Iterator[None]:
    """One process at a time brings the cluster up or down; the others wait, then find what it left."""
    folder = run_folder()
    with locked(folder.with_name(folder.name + ".lock")):
        yield
