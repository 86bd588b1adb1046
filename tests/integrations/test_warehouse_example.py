"""The example of an integration that somebody else ships: its own tests pass, and every command runs or checks its tasks once it
is named."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.integrations.distributions import install

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "warehouse"
CONNECTION = """
apiVersion: stepwright.dev/v1
kind: Connection
metadata: {name: main}
spec:
  integration:
    name: warehouse
    values:
      - {name: host, value: 127.0.0.1}
      - {name: port, value: "PORT"}
      - name: key
        valueFrom: {secretKeyRef: {name: warehouse, key: key}}
"""


def project() -> dict[str, str]:
    found = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    (entry_point,) = found["entry-points"]["stepwright.integrations"].items()
    return {"name": found["name"], "version": found["version"], "entry": " = ".join(entry_point)}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a process in which the example is installed."""
    said = project()
    install(tmp_path / "installed", said["name"], said["entry"], version=said["version"])
    path = os.pathsep.join([str(ROOT / "operator"), str(EXAMPLE / "src"), str(tmp_path / "installed")])
    return {**os.environ, "PYTHONPATH": path, "STEPWRIGHT_SECRET_WAREHOUSE_KEY": "canary-key"}


def stepwright(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stepwright.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_its_own_tests_pass() -> None:
    """As in a project of its own: no plugin, no setting of ours."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:asyncio",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ],
        cwd=EXAMPLE,
        env={
            **os.environ,
            "PYTEST_ADDOPTS": "",
            "PYTHONPATH": str(ROOT / "operator"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


async def test_an_execution_reserves_and_packs(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE / "tests"))
    from played_warehouse import played

    async with played(None) as warehouse:
        connections = tmp_path / "connections.yaml"
        connections.write_text(CONNECTION.replace("PORT", str(warehouse.port)))
        done = asyncio.ensure_future(
            asyncio.to_thread(
                stepwright,
                environment,
                *("run", str(EXAMPLE / "pack-order.yaml"), "--integration", "warehouse"),
                *("--connections", str(connections), "--input", '{"item": "chair", "count": 4}'),
            )
        )
        asked = asyncio.ensure_future(warehouse.asked_to_pack.wait())
        await asyncio.wait((done, asked), return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        await warehouse.end()
        result = await done

    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {"state": "packed"}
    assert await warehouse.effects() == 2


def test_a_definition_is_checked_with_it_and_without_it(environment: dict[str, str], tmp_path: Path) -> None:
    text = (EXAMPLE / "pack-order.yaml").read_text().replace("Count:", "Quantity:")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text)

    named = stepwright(environment | {"STEPWRIGHT_INTEGRATIONS": "warehouse"}, "validate", str(wrong))
    unnamed = stepwright(environment, "validate", str(EXAMPLE / "pack-order.yaml"))

    assert named.returncode == 1
    assert "warehouse:reserve has no parameter 'Quantity'; is 'Count' meant?" in named.stdout
    assert "NO_DRIVER: No driver serves 'warehouse:reserve'" in unnamed.stdout


def test_what_is_not_installed_is_refused_before_anything_runs(environment: dict[str, str]) -> None:
    for command in (["run", "x.json"], ["validate", "x.json"], ["dev"], ["operator"]):
        done = stepwright(environment, *command, "--integration", "wharehouse")

        assert done.returncode == 2, (command, done.stderr)
        assert "There is no integration 'wharehouse'" in " ".join(done.stderr.replace("│", " ").split())
