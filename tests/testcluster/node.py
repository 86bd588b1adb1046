"""node-1: kubelet, containerd and kube-proxy in namespaces of their own, so that it falls as one, like a machine.

The node has its own process, mount and network namespaces. Killing its first process kills every container and
server in it, and takes its mounts, interfaces and firewall rules along: `stop_node` is a power cut, and `down` has
nothing to hunt for. A bridge on this machine carries the API server's address and the routes to pods and services,
so tests reach both.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.testcluster import processes
from tests.testcluster.addresses import Addresses
from tests.testcluster.control_plane import NODE_LEASE_SECONDS
from tests.testcluster.images import PAUSE
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.processes import Process
from tests.testcluster.slots import of_folder, slot
from tests.testcluster.state import log_file

NAME = "node-1"

_CGROUPS = Path("/sys/fs/cgroup")
_INIT = Path(__file__).with_name("node_init.py")


def proxy_health(addresses: Addresses) -> str:
    """URL that answers once kube-proxy is at work."""
    return f"http://{addresses.node}:10256/healthz"


def create_bridge(addresses: Addresses) -> None:
    bridge = slot().bridge
    _ip("link", "add", bridge, "type", "bridge")
    _ip("address", "add", f"{addresses.host}/{addresses.prefix}", "dev", bridge)
    _ip("link", "set", bridge, "up")
    for network in (addresses.services, addresses.pods):
        _ip("route", "add", network, "via", addresses.node, "dev", bridge)


def delete_bridge() -> None:
    for link in (slot().host_end, slot().bridge):
        if Path("/sys/class/net", link).exists():
            # The kernel may be taking the node's end down at this moment, and this one with it.
            subprocess.run(["ip", "link", "delete", link], capture_output=True, check=False)


def socket_path(folder: Path) -> Path:
    return folder / "containerd.sock"


def release_kubelet(folder: Path) -> None:
    """Let the node's kubelet start; before the API server answers it would only back off."""
    (folder / "node" / "release").touch()


def write_plan(folder: Path, binaries: dict[str, Path], addresses: Addresses) -> None:
    """Configuration files of the three servers, and the plan that the node's first process carries out."""
    node, pki = folder / "node", folder / "pki"
    for name in ("cni", "kubelet", "containerd", "var-lib-cni"):
        (node / name).mkdir(parents=True)
    (node / "cni" / "10-bridge.conflist").write_text(json.dumps(_network(addresses.pods)))
    (node / "containerd.toml").write_text(_containerd(folder))
    (node / "resolv.conf").write_text(f"nameserver {addresses.dns}\n")
    (node / "kubelet.json").write_text(json.dumps(_kubelet(folder, addresses), indent=1))
    (node / "kube-proxy.json").write_text(
        json.dumps(_kube_proxy(pki / "proxy.kubeconfig", addresses), indent=1)
    )
    kubelet = [
        str(binaries["kubelet"]),
        f"--config={node / 'kubelet.json'}",
        f"--kubeconfig={pki / 'kubelet.kubeconfig'}",
        f"--root-dir={node / 'kubelet'}",
        f"--cert-dir={node / 'kubelet' / 'pki'}",
        f"--hostname-override={NAME}",
        f"--node-ip={addresses.node}",
    ]
    proxy = [str(binaries["kube-proxy"]), f"--config={node / 'kube-proxy.json'}"]
    plan = {
        "interface": "eth0",
        "address": f"{addresses.node}/{addresses.prefix}",
        "gateway": addresses.host,
        "dns_address": addresses.dns,
        "binds": {str(node / "var-lib-cni"): "/var/lib/cni"},
        "socket": str(socket_path(folder)),
        "release": str(node / "release"),
        "containerd": {"command": ["containerd", "--config", str(node / "containerd.toml")],
                       "log": str(log_file("containerd"))},
        "servers": [
            {"command": kubelet, "log": str(log_file("kubelet"))},
            {"command": proxy, "log": str(log_file("kube-proxy"))},
        ],
    }  # fmt: skip
    (node / "plan.json").write_text(json.dumps(plan, indent=1))


def start(folder: Path) -> dict[str, Process]:
    """The namespaces' keeper and the node's first process, by name."""
    _make_cgroups()
    command = ["unshare", "--fork", "--pid", "--mount-proc", "--mount", "--net", "--kill-child",
               sys.executable, str(_INIT),
               str(folder / "node" / "plan.json")]  # fmt: skip
    socket_path(folder).unlink(missing_ok=True)
    keeper = processes.start("node", command, log_file("node"))
    init = _first_child(keeper)
    own = slot()
    _ip("link", "add", own.host_end, "type", "veth", "peer", "name", "eth0", "netns", str(init.pid))
    _ip("link", "set", own.host_end, "master", own.bridge, "up")
    return {"node": keeper, "node-init": init}


def running_elsewhere() -> int | None:
    """Process id of a node that is up in this slot though no state of ours knows it."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            *_, script, plan = ["", "", *command.read_text().rstrip("\0").split("\0")]
            if (
                script.endswith(f"/{_INIT.name}")
                and plan.endswith("/node/plan.json")
                and of_folder(Path(plan).parents[1]) == slot().number
            ):
                return int(command.parent.name)
    return None


def stop(running: dict[str, Process]) -> None:
    """Kill the first process: the kernel kills all others in its namespace before that one is gone."""
    for name in ("node-init", "node"):
        if name in running:
            processes.end(running[name], grace_seconds=0)
    host_end = slot().host_end
    if Path("/sys/class/net", host_end).exists():
        subprocess.run(["ip", "link", "delete", host_end], capture_output=True, check=False)
    _remove_cgroups()


def import_image(folder: Path, archive: Path) -> None:
    command = ["ctr", "--address", str(socket_path(folder)), "--namespace", "k8s.io", "images", "import"]
    done = subprocess.run([*command, str(archive)], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise ClusterUnavailable(f"containerd did not take {archive}: {done.stderr.strip()}")


def _first_child(keeper: Process) -> Process:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and keeper.alive:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = stat.read_text().rpartition(")")[2].split()[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            pid = int(stat.parent.name)
            began = processes.start_time(pid)
            if parent == str(keeper.pid) and began is not None:
                return Process("node-init", pid, began, keeper.command, keeper.log)
        time.sleep(0.01)
    raise ClusterUnavailable(f"the node's namespaces could not be made: {processes.tail(keeper.log)}")


def _make_cgroups() -> None:
    """The kubelet makes all groups but the one that it must use as their root."""
    root = slot().cgroup_root.strip("/")
    if not root:
        return
    unified = (_CGROUPS / "cgroup.controllers").exists()
    for hierarchy in [_CGROUPS] if unified else [path for path in _CGROUPS.iterdir() if path.is_dir()]:
        with contextlib.suppress(FileExistsError):
            (hierarchy / root).mkdir()
    if unified:
        there = (_CGROUPS / "cgroup.controllers").read_text().split()
        (_CGROUPS / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in there))


def _remove_cgroups() -> None:
    """The node's dead pods leave empty cgroups on this machine; one that is still in use refuses to go."""
    name = slot().cgroups
    for top in [*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")]:
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()


def _ip(*args: str) -> None:
    done = subprocess.run(["ip", *args], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise ClusterUnavailable(f"`ip {' '.join(args)}` failed: {done.stderr.strip()}")


def _network(pods: str) -> dict[str, object]:
    ipam = {"type": "host-local", "ranges": [[{"subnet": pods}]], "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipam": ipam}
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, portmap]}


def _containerd(folder: Path) -> str:
    node = folder / "node"
    # restrict_oom_score_adj: root in a container often may not lower the score, and runc dies trying.
    # State lies in the node's own /run, which is empty after a power cut, as on a machine.
    return f"""version = 2
root = "{node / "containerd"}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "{socket_path(folder)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{node / "cni"}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def _kubelet(folder: Path, addresses: Addresses) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": addresses.node,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(folder / "pki" / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": slot().cgroup_root,
        "clusterDNS": [addresses.dns],
        "clusterDomain": "cluster.local",
        "resolvConf": str(folder / "node" / "resolv.conf"),
        "containerRuntimeEndpoint": f"unix://{socket_path(folder)}",
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "failCgroupV1": False,
        "kubeAPIQPS": 1000,
        "kubeAPIBurst": 2000,
        "eventRecordQPS": 0,
        "maxPods": 500,
        "nodeLeaseDurationSeconds": NODE_LEASE_SECONDS,
        "serializeImagePulls": False,
        # Images are loaded once, by hand: no disk is full enough to throw one away or to evict a test's pod.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "20Mi", "nodefs.available": "1%", "imagefs.available": "1%",
                         "nodefs.inodesFree": "1%"},
    }  # fmt: skip


def _kube_proxy(kubeconfig: Path, addresses: Addresses) -> dict[str, object]:
    conntrack = {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "mode": "iptables",
        "clusterCIDR": addresses.pods,
        "hostnameOverride": NAME,
        "healthzBindAddress": f"{addresses.node}:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "conntrack": conntrack,
        # Answers between two pods of one bridge come back this way even where bridges bypass iptables.
        # What fails, because another cluster of this machine has iptables' lock, say, is tried again after syncPeriod: by default a Service
        # refused all connections for half a minute then.
        "iptables": {"masqueradeAll": True, "minSyncPeriod": "0s", "syncPeriod": "1s"},
    }
