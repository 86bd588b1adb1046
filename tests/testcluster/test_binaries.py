"""What is built before a cluster starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testcluster import binaries, images, native, packages


def test_a_cluster_is_not_kept_waiting_for_helm_and_the_simulated_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def ensure(names: tuple[str, ...]) -> dict[str, Path]:
        asked.extend(names)
        return {}

    monkeypatch.setattr(binaries, "ensure", ensure)
    monkeypatch.setattr(packages, "ensure", lambda _: None)
    monkeypatch.setattr(images, "task_images", lambda: [tmp_path])
    monkeypatch.setattr(native, "_check_machine", lambda: None)

    assert native.prepare() == ({}, [tmp_path])
    assert sorted(set(binaries.SOURCES) - set(asked)) == [
        "etcdctl",
        "etcdutl",
        "helm",
        "kube-apiserver-oldest",
        "kwok",
    ]
