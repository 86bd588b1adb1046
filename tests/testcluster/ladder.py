"""Which cluster it is: the one given, else kind where a Docker engine answers, else one of our own."""

from __future__ import annotations

import os
from pathlib import Path

from tests.testcluster import given, kind, native, state
from tests.testcluster.interface import Cluster
from tests.testcluster.locations import run_lock

#: Environment variable that names the kubeconfig of a cluster to use as it is.
GIVEN = "STEPWRIGHT_KUBECONFIG"


def is_given() -> bool:
    return bool(os.environ.get(GIVEN))


def prepare() -> None:
    """Build what `up` would have to build first, which takes minutes once."""
    if not is_given() and not kind.available():
        native.prepare_all()


def up(*, durable: bool = False) -> Cluster:
    """Start the cluster, or attach to the one that is up. Raises ClusterUnavailable with what is missing.

    One that was started here stays up until `down`.
    """
    with run_lock():
        return _up(durable=durable, kept=True)


def keep() -> Cluster:
    """As `up`, for `make cluster`: one that a test run started stays, too."""
    with run_lock():
        cluster = _up(durable=False, kept=True)
        current = state.load()
        if current is not None and not current.kept:
            current.kept = True
            current.save()
        return cluster


def down() -> None:
    """End the cluster that was started here; a given one is left alone."""
    if not is_given():
        with run_lock():
            _down()


def join(*, durable: bool = False) -> Cluster:
    """As `up`, for a test run: count this process among the users, of whom the last takes it down."""
    with run_lock():
        cluster = _up(durable=durable, kept=False)
        if not is_given():
            state.join()
        return cluster


def leave() -> bool:
    """Stop using the cluster; the last user takes it down, unless it is to be kept. True where it stays."""
    if is_given():
        return True
    with run_lock():
        current = state.load()
        if current is None:
            return False
        if not state.leave() or current.kept:
            return True
        _down()
        return False


def _up(*, durable: bool, kept: bool) -> Cluster:
    if is_given():
        return given.attach(Path(os.environ[GIVEN]))
    current = state.load()
    if current is not None and current.kind != kind.KIND:
        return native.up(durable=durable, kept=kept)
    if current is not None or kind.available():
        return kind.up(kept=kept)
    return native.up(durable=durable, kept=kept)


def _down() -> None:
    current = state.load()
    if current is not None and current.kind == kind.KIND:
        kind.down()
    else:
        native.down()
