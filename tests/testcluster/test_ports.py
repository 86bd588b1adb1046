"""Ports of servers that are started again at the same place."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.testcluster import ports
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.ports import free_port


def test_no_connection_is_given_the_port_of_a_server_that_is_away() -> None:
    with socket.socket() as connection:
        connection.bind(("127.0.0.1", 0))
        ephemeral = connection.getsockname()[1]
    assert free_port() < 30_000 <= ephemeral


def test_a_port_in_use_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        port = free_port()
        taken.bind(("127.0.0.1", port))
        monkeypatch.setattr(ports, "_LOWEST", port)
        monkeypatch.setattr(ports, "_HIGHEST", port)
        with pytest.raises(ClusterUnavailable, match=f"no free port between {port} and {port} on 127.0.0.1"):
            free_port()


def test_a_machine_that_gives_all_ports_to_connections_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "range"
    settings.write_text("1024\t60999\n")
    monkeypatch.setattr(ports, "_EPHEMERAL", settings)
    with pytest.raises(ClusterUnavailable, match="leaves no port between 15000 and 29999"):
        free_port()
