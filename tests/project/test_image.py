"""The image is built from what is fixed: a base with a digest for a release, tools and packages by their hashes."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DIGEST = "sha256:" + "0" * 64


def check(release: str, base: str) -> subprocess.CompletedProcess[str]:
    """What the build's first step does with these arguments."""
    found = re.search(r"^RUN (case .*?esac)$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found is not None
    script = found[1].replace("\\\n", "\n")
    environment = {"RELEASE": release, "BASE": base}
    return subprocess.run(
        ["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("release", "base"),
    [
        ("false", "python:3.13-slim"),
        ("true", f"python:3.13-slim@{DIGEST}"),
        ("true", f"mirror:5000/python@{DIGEST}"),
    ],
)
def test_a_base_with_a_digest_makes_a_release_and_any_base_an_image(release: str, base: str) -> None:
    assert check(release, base).returncode == 0


@pytest.mark.parametrize(
    ("release", "base", "complaint"),
    [
        (
            "true",
            "python:3.13-slim",
            "a release needs a base with a digest (NAME@sha256:...), not python:3.13-slim",
        ),
        ("true", "python@sha256:12", "a release needs a base with a digest"),
        ("yes", f"python@{DIGEST}", "RELEASE is true or false, not yes"),
    ],
)
def test_a_release_is_not_built_on_a_tag(release: str, base: str, complaint: str) -> None:
    done = check(release, base)

    assert done.returncode == 1
    assert complaint in done.stderr


def test_nothing_is_installed_without_its_hash() -> None:
    installs = re.findall(r"pip\S*(?: --python \S+)? install .*?(?=&&|\n[A-Z])", DOCKERFILE, re.DOTALL)

    assert len(installs) == 3
    assert [line for line in installs if "--require-hashes" not in line and "dist/*.whl" not in line] == []
    assert "--no-build-isolation" in DOCKERFILE


def test_the_tools_that_build_are_pinned_everywhere_to_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = project["dependency-groups"]["build"]
    exported = re.findall(r"^(\S+==\S+) \\$", (ROOT / "requirements-build.txt").read_text(), re.MULTILINE)

    assert project["build-system"]["requires"] == [name for name in pinned if name.startswith("hatchling==")]
    assert set(pinned) <= set(exported)


@pytest.mark.parametrize(
    ("release", "built", "code"), [("false", False, 0), ("true", True, 0), ("true", False, 1)]
)
def test_a_release_has_the_console(release: str, built: bool, code: int, tmp_path: Path) -> None:
    found = re.search(r"^RUN (test \"\${RELEASE}\".*?)\nRUN", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found is not None
    if built:
        pages = tmp_path / "operator/stepwright/console/dist"
        pages.mkdir(parents=True)
        (pages / "index.html").touch()
    command = ["/bin/sh", "-c", found[1]]
    done = subprocess.run(
        command, cwd=tmp_path, env={"RELEASE": release}, capture_output=True, text=True, check=False
    )

    assert done.returncode == code
    assert done.stderr == ("a release needs the console: run `make console` first\n" if code else "")
