"""Which cluster it is: the one given, else kind where a Docker engine answers, else one of our own."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cluster import given, kind, native, state
from tests.cluster.interface import Cluster
from tests.cluster.locations import run_lock

#: Environment variable that names the kubeconfig of a cluster to use as it is.
GIVEN = "STEPWRIGHT_KUBECONFIG"


def is_given() -> bool:
    return bool(os.environ.get(GIVEN))


def prepare() -> None:
    """Build what `up` would have to build first, which takes minutes once."""
    if not is_given() and not kind.available():
        native.prepare()


def up(*, durable: bool = False) -> Cluster:
    """Start the cluster, or attach to the one that is up. Raises ClusterUnavailable with what is missing."""
    with run_lock():
        return _up(durable)


def keep() -> Cluster:
    """As `up`, for `make cluster`: it stays until `down`, whoever uses it meanwhile."""
    with run_lock():
        cluster = _up(durable=False)
        _mark_kept()
        return cluster


def down() -> None:
    """End the cluster that was started here; a given one is left alone."""
    with run_lock():
        _down()


def join(*, durable: bool = False) -> Cluster:
    """As `up`, and count this process among its users."""
    with run_lock():
        cluster = _up(durable)
        if cluster.kind != given.KIND:
            state.join()
        return cluster


def leave() -> None:
    """Stop using the cluster; the last user takes it down, unless `make cluster` started it."""
    with run_lock():
        current = state.load()
        if current is not None and state.leave() and not current.kept:
            _down()


def _up(durable: bool) -> Cluster:
    if is_given():
        return given.attach(Path(os.environ[GIVEN]))
    current = state.load()
    if current is not None and current.kind != kind.KIND:
        return native.up(durable)
    if current is not None or kind.available():
        return kind.up()
    return native.up(durable)


def _down() -> None:
    current = state.load()
    if current is not None and current.kind == kind.KIND:
        kind.down()
    else:
        native.down()


def _mark_kept() -> None:
    current = state.load()
    if current is not None:
        current.kept = True
        current.save()
