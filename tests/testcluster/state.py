"""What is running, on disk: so that another process can attach to the cluster, and end exactly it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.testcluster.addresses import Addresses
from tests.testcluster.locations import run_folder
from tests.testcluster.processes import Process, start_time


@dataclass
class State:
    """Written before and after every start, so that no process is ever unknown to `down`."""

    kind: str
    durable: bool = False
    #: Not started by a test run: stays up when the last run that uses it ends.
    kept: bool = False
    ready: bool = False
    #: None where the cluster chooses its own, as kind does.
    addresses: Addresses | None = None
    processes: dict[str, Process] = field(default_factory=dict)

    def save(self) -> None:
        path = run_folder() / "state.json"
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(asdict(self), indent=1))
        partial.rename(path)


def load() -> State | None:
    path = run_folder() / "state.json"
    if not path.exists():
        return None
    data = json.loads(path.read_text())
    data["processes"] = {name: Process(**process) for name, process in data["processes"].items()}
    if data.get("addresses") is not None:
        data["addresses"] = Addresses(**data["addresses"])
    return State(**data)


def join() -> None:
    """Note that this process uses the cluster: parallel test workers share one, the last turns off the light."""
    users = run_folder() / "users"
    users.mkdir(exist_ok=True)
    (users / f"{os.getpid()}-{start_time(os.getpid())}").touch()


def leave() -> bool:
    """Take this process off the users; True where nobody is left. Users that died without a word do not count."""
    left = False
    for note in (run_folder() / "users").glob("*-*"):
        pid, _, began = note.name.partition("-")
        if int(pid) == os.getpid() or start_time(int(pid)) != began:
            note.unlink(missing_ok=True)
        else:
            left = True
    return not left


def create_run_folder() -> Path:
    folder = run_folder()
    folder.mkdir(mode=0o700)
    for name in ("pki", "log", "etcd"):
        (folder / name).mkdir()
    return folder


def log_file(name: str) -> Path:
    return run_folder() / "log" / f"{name}.log"
