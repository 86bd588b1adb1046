"""python -m tests.testcluster up | down | status | build | kubeconfig | load-image FILE | helm [--slot N]"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from tests.testcluster import binaries, ladder, native, state
from tests.testcluster.interface import ClusterUnavailable, CommandFailed, Unsupported
from tests.testcluster.progress import say
from tests.testcluster.slots import SLOT


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.testcluster", description="A real Kubernetes to test on."
    )
    slotted = argparse.ArgumentParser(add_help=False)
    slotted.add_argument(
        "--slot",
        metavar="N",
        help=f"which of several clusters side by side, from 0; default: {SLOT} of the environment, else 0",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    add = partial(commands.add_parser, parents=[slotted])
    add("up", help="start it, or attach to the one that is up; prints the kubeconfig's path")
    add("down", help="end it and remove all it kept")
    add("status", help="what is running; exit code 1 when nothing is")
    add("build", help="build binaries and images into the cache, start nothing")
    add("kubeconfig", help="print the path of the running cluster's kubeconfig")
    add("load-image", help="put a docker-archive into every node").add_argument("file", type=Path)
    add("helm", help="print the path of helm: the one on the PATH, else built into the cache")
    arguments = parser.parse_args()
    if arguments.slot is not None:
        os.environ[SLOT] = arguments.slot
    try:
        return _run(arguments)
    except (ClusterUnavailable, Unsupported, CommandFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(arguments: argparse.Namespace) -> int:
    command = arguments.command
    if command == "up":
        cluster = ladder.keep()
        print(f"export KUBECONFIG={cluster.kubeconfig}", file=sys.stderr)
        print(cluster.kubeconfig)
    elif command == "down":
        ladder.down()
        say("down")
    elif command == "build":
        paths, archives = native.prepare_all()
        print(*paths.values(), *archives, sep="\n")
    elif command == "status":
        return _status()
    elif command == "kubeconfig":
        _require_up()
        print(ladder.up().kubeconfig)
    elif command == "helm":
        print(binaries.client("helm"))
    elif command == "load-image":
        _require_up()
        ladder.up().load_image(arguments.file)
    return 0


def _require_up() -> None:
    if state.load() is None and not ladder.is_given():
        raise ClusterUnavailable("no cluster is up: `python -m tests.testcluster up`")


def _status() -> int:
    current = state.load()
    if current is None:
        print("down")
        return 1
    print(f"{current.kind}, {'ready' if current.ready else 'not ready'}")
    for process in current.processes.values():
        print(f"{process.name}\t{process.pid}\t{'running' if process.alive else 'ended'}\t{process.log}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
