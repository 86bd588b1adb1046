"""What an image is built from decides whether it is built again."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.testcluster import build_context

IGNORED = "dist/\n"
ONLY = "*\n!operator\n"


def test_an_image_is_built_again_when_the_console_was(tmp_path: Path) -> None:
    """Git has nothing of it, so nothing that git says of the folder tells."""
    pages = tmp_path / "operator/stepwright/console/dist"
    pages.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(IGNORED)
    (tmp_path / ".dockerignore").write_text(ONLY)
    (pages / "index.html").write_text("old")
    before = build_context.digest(tmp_path)

    (pages / "index.html").write_text("new")

    assert build_context.digest(tmp_path) != before
    assert build_context.files(tmp_path) == ["operator/stepwright/console/dist/index.html"]
