"""Another project on PyPI has the same import name: whoever has installed both gets a message."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from stepwright.cli import installation

ROOT = Path(__file__).resolve().parents[2]


def command(folder: Path) -> subprocess.CompletedProcess[str]:
    """``stepwright version`` where this folder's distributions are installed."""
    return subprocess.run(
        [sys.executable, "-m", "stepwright.cli", "version"],
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT / 'operator'}"},
        capture_output=True,
        text=True,
        check=True,
    )


def install(folder: Path, entry_point: str) -> None:
    info = folder / "stepwright-1.9.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stepwright\nVersion: 1.9.0\n")
    (info / "entry_points.txt").write_text(f"[console_scripts]\nstepwright = {entry_point}\n")


def test_the_other_project_beside_this_one_is_told(tmp_path: Path) -> None:
    install(tmp_path, "stepwright.main:scrape")

    done = command(tmp_path)

    assert done.stdout == "stepwright 0.1.0\n"
    assert "the distribution 'stepwright' 1.9.0 is installed here, too" in done.stderr
    assert "pip uninstall stepwright stepwright-asl && pip install stepwright-asl" in done.stderr


def test_this_project_under_its_earlier_name_is_not_another_one(tmp_path: Path) -> None:
    install(tmp_path, "stepwright.cli:main")

    assert command(tmp_path).stderr == ""


def test_the_distribution_has_a_name_of_its_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]

    assert project["name"] == installation.OWN
    assert project["scripts"] == {"stepwright": "stepwright.cli:main"}
    assert [one["name"] for one in locked if one["source"].get("editable")] == [installation.OWN]


def test_no_page_has_people_install_the_other_project() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]

    wrong = [
        line
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if "pip install stepwright" in line.replace("stepwright-asl", "")
    ]

    assert wrong == []
