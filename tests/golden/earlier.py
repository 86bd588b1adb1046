"""The operator of an earlier version beside this one's, in one process: the same names, other modules.

Its own language core, engine, journal, Job driver and membership, put together as it did for its own simulation. What
it shares with this version is the cluster: the simulated API server, network and time.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tarfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

Body = dict[str, Any]

COMMITS = {"0.1.0": "9295ee4"}
"""Where a version's code is in the repository's history."""

_SHARED = (
    "tests.engine.virtual_loop",
    "tests.simulation.api_server",
    "tests.simulation.json_patch",
    "tests.simulation.logs",
    "tests.simulation.loop",
)
_CHECKOUT = Path(__file__).parents[2]


class NotThere(Exception):  # noqa: N818 - it names a condition
    """The repository's history does not go back so far."""


def unpack(version: str, folder: Path) -> None:
    """Put a version's code there. Raises NotThere."""
    parts = ("operator", "tests/simulation", "tests/engine")
    command = ["git", "-C", str(_CHECKOUT), "archive", COMMITS[version], *parts]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        raise NotThere(archive.stderr.decode().strip())
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")


class Earlier:
    """Some modules of a version."""

    def __init__(self, folder: Path) -> None:
        with _modules_of(folder):
            self.operator = _load("tests.simulation.operator")
            self.api_errors = _load("stepwright.cluster.api_errors")
            self.definition = _load("stepwright.asl.definition")
            self.limits = _load("stepwright.asl.limits")
            self.revisions = _load("stepwright.cluster.revisions")
            self.state_machines = _load("stepwright.controllers.state_machines")

    def setting(self, revisions: Iterable[Body], machines: Iterable[Body], seed: int) -> Any:
        """What its operator hears of the state machines that there are, each with its one revision."""
        by_owner = {body["metadata"]["ownerReferences"][0]["uid"]: body for body in revisions}
        known, compiled = {}, {}
        for machine in machines:
            metadata = machine["metadata"]
            revision = by_owner[metadata["uid"]]
            name, data = revision["metadata"]["name"], revision["data"]
            made, _ = self.definition.compile_definition(data["definition"])
            known[metadata["namespace"], metadata["name"]] = self.state_machines.Known(
                metadata["uid"], 1, name, "", deleting=False
            )
            compiled[name] = self.revisions.Revision(name, made, data["settings"])
        return self.operator.Setting(known, compiled, self.limits.Limits(), seed)


@cache
def loaded(version: str) -> Earlier | None:
    """A version's code, once in a process; None where the repository's history does not go back so far."""
    with TemporaryDirectory(prefix="stepwright-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the compiler, about code that nobody changes any more
        try:
            unpack(version, Path(folder))
        except NotThere:
            return None
        return Earlier(Path(folder))


def _load(name: str) -> ModuleType:
    return importlib.import_module(name)


@contextmanager
def _modules_of(folder: Path) -> Iterator[None]:
    """What is imported within comes from there."""

    def is_ours(name: str) -> bool:
        return name.partition(".")[0] in ("stepwright", "tests")

    own = {name: module for name, module in sys.modules.items() if is_ours(name)}
    for name in own:
        del sys.modules[name]
    sys.modules.update({name: own[name] for name in _SHARED})
    path = sys.path[:]
    sys.path[:0] = [str(folder), str(folder / "operator")]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        for name in [name for name in sys.modules if is_ours(name)]:
            module = sys.modules.pop(name)
            if name not in _SHARED:
                _keep(module)
        sys.modules.update(own)


def _keep(module: ModuleType) -> None:
    """Under another name, the same in every process: decoders are made when they are first needed, and find the types of fields by the module of a
    class, which must not be this version's of the same name."""
    name = f"earlier.{module.__name__}"
    for value in [*vars(module).values()]:
        if isinstance(value, type) and value.__module__ == module.__name__:
            value.__module__ = name
    sys.modules[name] = module
