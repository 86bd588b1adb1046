"""First process of the node's namespaces: mounts, network, servers; collects orphans until a server ends.

It runs as a script with the standard library alone. When it ends, for whatever reason, the kernel kills all else
in the process namespace: a kubelet that dies takes the node down, which is noticed, rather than half of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def main(plan: dict[str, Any]) -> int:
    _mount(plan["binds"])
    _connect(plan)
    servers = {_serve(plan["containerd"]): "containerd"}
    _wait_for(Path(plan["socket"]))
    _wait_for(Path(plan["release"]))
    for server in plan["servers"]:
        servers[_serve(server)] = server["command"][0]
    while True:
        pid, status = os.wait()
        if pid in servers:
            print(f"{servers[pid]} ended with {os.waitstatus_to_exitcode(status)}", flush=True)
            return 1


def _mount(binds: dict[str, str]) -> None:
    # Containers that share mounts with the node need it shared; it stays inside this namespace all the same.
    _run("mount", "--make-rshared", "/")
    for folder in ("/run", "/var/log"):
        _run("mount", "-t", "tmpfs", "-o", "mode=755", "node", folder)
    Path("/run/lock").mkdir()
    for source, target in binds.items():
        Path(target).mkdir(parents=True, exist_ok=True)
        _run("mount", "--bind", source, target)


def _connect(plan: dict[str, Any]) -> None:
    interface = plan["interface"]
    while f"{interface}:" not in Path("/proc/net/dev").read_text():
        time.sleep(0.01)
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", f"{plan['dns_address']}/32", "dev", "lo")
    _run("ip", "address", "add", plan["address"], "dev", interface)
    _run("ip", "link", "set", interface, "up")
    _run("ip", "route", "add", "default", "via", plan["gateway"])
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _serve(server: dict[str, Any]) -> int:
    with Path(server["log"]).open("ab") as log:
        return subprocess.Popen(server["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log).pid


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.02)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text())))
