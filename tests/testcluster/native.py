"""A cluster of our own on this machine: real servers, real containers, about seven seconds to a Ready node."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from tests.testcluster import (
    binaries,
    certificates,
    control_plane,
    images,
    kwok,
    node,
    packages,
    processes,
    state,
)
from tests.testcluster.addresses import Addresses, free_addresses
from tests.testcluster.control_plane import START_SECONDS, answers, await_true
from tests.testcluster.interface import Cluster, ClusterUnavailable, Unsupported
from tests.testcluster.locations import network_lock, run_folder, run_lock
from tests.testcluster.ports import free_port
from tests.testcluster.processes import Process
from tests.testcluster.progress import say
from tests.testcluster.slots import SLOT, slot
from tests.testcluster.state import State, log_file

KIND = "native"
_NODE = ("node", "node-init")
_CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


#: Binaries that every cluster needs; tests and benchmarks ask for helm and kwok when they use them.
_SERVERS = (*_CONTROL_PLANE, "kubelet", "kube-proxy", "kubectl")


class NativeCluster(Cluster):
    """The cluster whose servers stand in the run folder's state; any process may hold one of these."""

    kind = KIND
    capabilities = frozenset({"audit", "load-image", "kwok", "node-faults", "control-plane-faults"})

    def __init__(self) -> None:
        self._folder = run_folder()
        super().__init__(
            kubeconfig=self._folder / "kubeconfig",
            kubectl_path=binaries.binary("kubectl"),
            find_helm=lambda: binaries.binary("helm"),
            audit_log=self._folder / "audit.log",
        )
        self._addresses = _addresses(_state())
        self.host_address = self._addresses.host

    def load_image(self, archive: Path) -> None:
        node.import_image(self._folder, archive)

    def start_kwok(self) -> None:
        current = _state()
        running = current.processes.get("kwok")
        if running is None or not running.alive:
            current.processes["kwok"] = kwok.start(
                self._folder / "pki" / "kwok.kubeconfig", self.kubectl, self._addresses.simulated
            )
            current.save()

    def stop_kwok(self) -> None:
        current = _state()
        running = current.processes.pop("kwok", None)
        if running is not None:
            kwok.stop(running, self.kubectl)
            current.save()

    def restart_apiserver(self, away_seconds: float = 0) -> None:
        self._restart("kube-apiserver", away_seconds)

    def restart_etcd(self, away_seconds: float = 0) -> None:
        self._restart("etcd", away_seconds)

    def stop_node(self) -> None:
        current = _state()
        node.stop(current.processes)
        current.processes.pop("node", None)
        current.processes.pop("node-init", None)
        current.save()

    def start_node(self) -> None:
        current = _state()
        if "node" in current.processes:
            raise Unsupported("the node is running; stop_node() comes before start_node()")
        try:
            self._start_node(current)
        except ClusterUnavailable as error:
            # A kubelet was seen to end at once beside an API server that had just begun.
            say(f"the node is started once more: {error}")
            self.stop_node()
            self._start_node(_state())

    def _start_node(self, current: State) -> None:
        current.processes.update(node.start(self._folder))
        current.save()
        needs = [current.processes["node"]]
        await_true("the node's proxy", lambda: answers(node.proxy_health(self._addresses)), needs)
        # Until its first report the API server still shows what the old node said last.
        await_true("the node", lambda: self._node_is_ready(since=current.processes["node"]), needs)

    def mend(self) -> None:
        with run_lock():
            current = _state()
            for name in _CONTROL_PLANE:
                old = current.processes.get(name)
                if old is not None and not old.alive:
                    say(f"{name} has ended, and is started again; its log says: {processes.tail(old.log)}")
                    _start_again(old, current)
            # Not for all processes: the node may have ended, too, and is started when there is an API server.
            _await_apiserver(self._folder, [current.processes[name] for name in _CONTROL_PLANE])
            if not _are_alive(_NODE, current):
                self.stop_node()
                self.start_node()

    def _restart(self, name: str, away_seconds: float) -> None:
        # Whoever joins the cluster meanwhile waits: he would take it for broken, and take it down.
        with run_lock():
            current = _state()
            old = current.processes[name]
            processes.end(old, grace_seconds=1)
            time.sleep(away_seconds)
            _start_again(old, current)
            _await_apiserver(self._folder, list(current.processes.values()))

    def _node_is_ready(self, since: Process | None = None) -> bool:
        path = (
            "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
            " {.status.conditions[?(@.type=='Ready')].lastHeartbeatTime}"
        )
        status, _, heartbeat = self.kubectl("get", "node", node.NAME, "-o", path, check=False).partition(" ")
        # In the same second, too: a node may be ready so soon, and reports again only after five minutes.
        return status == "True" and (since is None or heartbeat >= _began(since))


def up(*, durable: bool, kept: bool) -> NativeCluster:
    """Attach to the cluster that is up, else start one; what is left of a broken one is taken down first."""
    current = state.load()
    if current is not None:
        if _is_whole(current) and _answers(current):
            if durable and not current.durable:
                raise ClusterUnavailable(
                    "a cluster is up whose etcd does not sync to disk; `make cluster-down` comes first"
                )
            return NativeCluster()
        say("taking down what is left of a broken cluster")
        kept = kept or current.kept
    down()
    return _start(durable, kept)


def down() -> None:
    """End exactly the processes that were started, last ones first, and remove all that they kept."""
    folder = run_folder()
    current = state.load()
    running = current.processes if current else {}
    for name, process in reversed(list(running.items())):
        if name in _NODE:
            node.stop(running)
        else:
            # Nothing they hold is kept, so a polite end is worth little time: the API server would take ten seconds.
            processes.end(process, grace_seconds=1)
    if os.geteuid() == 0 and shutil.which("ip") and node.running_elsewhere() is None:
        node.delete_bridge()
    if folder.exists():
        shutil.rmtree(folder)


def prepare() -> tuple[dict[str, Path], list[Path]]:
    """What a cluster starts with, installed and built where it is missing: minutes once, then nothing."""
    _check_machine()
    packages.ensure(packages.NODE_PACKAGES)
    return binaries.ensure(_SERVERS), images.task_images()


def prepare_all() -> tuple[dict[str, Path], list[Path]]:
    """As `prepare`, with what some tests and benchmarks use besides: helm and the simulated node."""
    paths, archives = prepare()
    binaries.kwok_stages()
    return paths | binaries.ensure(), archives


def _start(durable: bool, kept: bool) -> NativeCluster:
    paths, archives = prepare()
    _check_alone()
    folder = state.create_run_folder()
    try:
        with network_lock():
            node.delete_bridge()  # its routes would be in the way
            addresses = free_addresses(slot().number)
            current = State(kind=KIND, durable=durable, kept=kept, addresses=addresses)
            current.save()
            node.create_bridge(addresses)
        return _start_servers(folder, current, paths, archives)
    except BaseException:
        logs = folder.with_name(folder.name + "-failed-logs")
        shutil.rmtree(logs, ignore_errors=True)
        shutil.copytree(folder / "log", logs)
        say(f"it did not start; its logs are in {logs}")
        down()
        raise


def _start_servers(
    folder: Path, current: State, paths: dict[str, Path], archives: list[Path]
) -> NativeCluster:
    def run(name: str, command: list[str]) -> Process:
        current.processes[name] = processes.start(name, command, log_file(name))
        current.save()
        return current.processes[name]

    addresses = _addresses(current)
    say("starting etcd and the API server")
    etcd_port, peer_port = free_port(), free_port()
    address, port = addresses.host, free_port(addresses.host)
    certificates.issue(folder / "pki", ["127.0.0.1", addresses.api_service, address])
    certificates.write_tokens(folder / "pki", f"https://{address}:{port}")
    shutil.copy(folder / "pki" / "admin.kubeconfig", folder / "kubeconfig")
    node.write_plan(folder, paths, addresses)

    etcd = run(
        "etcd", control_plane.etcd(paths["etcd"], folder, etcd_port, peer_port, durable=current.durable)
    )
    await_true("etcd", lambda: answers(f"http://127.0.0.1:{etcd_port}/health"), [etcd])
    apiserver = run(
        "kube-apiserver",
        control_plane.apiserver(
            paths["kube-apiserver"], folder, etcd_port, address, port, addresses.services
        ),
    )
    # The container runtime comes up and takes the images while the API server does.
    current.processes.update(node.start(folder))
    current.save()
    keeper = current.processes["node"]
    await_true("containerd", node.socket_path(folder).exists, [keeper])
    for archive in archives:
        node.import_image(folder, archive)
    _await_apiserver(folder, [etcd, apiserver])

    say("starting the controllers and the node")
    node.release_kubelet(folder)
    run("kube-controller-manager", control_plane.controller_manager(paths["kube-controller-manager"], folder))
    run("kube-scheduler", control_plane.scheduler(paths["kube-scheduler"], folder))
    cluster = NativeCluster()
    needs = list(current.processes.values())
    await_true("the node", cluster._node_is_ready, needs)
    await_true("the node's proxy", lambda: answers(node.proxy_health(addresses)), needs)
    await_true(
        "the default service account",
        lambda: cluster.kubectl("get", "serviceaccount", "default", "-o", "name", check=False).startswith(
            "service"
        ),
        needs,
    )
    current.ready = True
    current.save()
    say("the node is ready")
    return cluster


def _await_apiserver(folder: Path, needs: list[Process], timeout_seconds: float = START_SECONDS) -> None:
    command = next(process.command for process in needs if process.name == "kube-apiserver")
    port = next(option.partition("=")[2] for option in command if option.startswith("--secure-port="))
    address = next(option.partition("=")[2] for option in command if option.startswith("--bind-address="))
    url = f"https://{address}:{port}/readyz"
    await_true("the API server", lambda: answers(url, folder / "pki" / "ca.crt"), needs, timeout_seconds)


def _is_whole(current: State) -> bool:
    return current.ready and _are_alive((*_CONTROL_PLANE, *_NODE), current)


def _are_alive(names: tuple[str, ...], current: State) -> bool:
    return all(name in current.processes and current.processes[name].alive for name in names)


def _start_again(old: Process, current: State) -> None:
    current.processes[old.name] = processes.start(old.name, old.command, Path(old.log))
    current.save()


def _answers(current: State) -> bool:
    """Whether the API server can be reached; for a while it may not, since another test restarts it."""
    try:
        _await_apiserver(run_folder(), list(current.processes.values()), timeout_seconds=60)
    except ClusterUnavailable as error:
        say(str(error))
        return False
    return True


def _check_machine() -> None:
    if platform.system() != "Linux":
        raise ClusterUnavailable(
            "a cluster of our own needs Linux; here, start a Docker engine and kind, or point STEPWRIGHT_KUBECONFIG "
            "at a cluster of yours."
        )
    if os.geteuid() != 0:
        raise ClusterUnavailable(
            "a cluster of our own runs containers and namespaces, which needs root: run as root, start a Docker "
            "engine and kind, or point STEPWRIGHT_KUBECONFIG at a cluster of yours."
        )
    if (
        subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], check=False).returncode
        != 0
    ):
        raise ClusterUnavailable(
            "this machine lets root make no namespaces (unshare failed), so no node can run"
        )


def _check_alone() -> None:
    """Names of interfaces are those of the slot, so a cluster of another run folder would be torn apart."""
    pid = node.running_elsewhere()
    if pid is not None:
        raise ClusterUnavailable(
            f"another test cluster is up in slot {slot().number} of this machine (its node is process {pid}), started "
            f"with another TMPDIR or by another user. Take that one down, or choose another slot ({SLOT})"
        )


def _state() -> State:
    current = state.load()
    if current is None:
        raise ClusterUnavailable("the cluster is down")
    return current


def _addresses(current: State) -> Addresses:
    if current.addresses is None:
        raise ClusterUnavailable(
            "the cluster that is up was not started by this code: `make cluster-down` comes first"
        )
    return current.addresses


def _began(process: Process) -> str:
    """When the process started, as Kubernetes writes times."""
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    age = uptime - int(process.start_time) / os.sysconf("SC_CLK_TCK")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
