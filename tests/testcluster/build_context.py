"""Which files go into an image build, and one hash over them: git's view of the folder, less .dockerignore.

The console's pages are the one thing in it that is built before, and that git does not have.
"""

from __future__ import annotations

import fnmatch
import hashlib
import subprocess
from pathlib import Path, PurePosixPath

_PAGES = "operator/stepwright/console/dist"


def digest(context: Path) -> str:
    """Twelve hexadecimal digits that change when a file that the build can see changes."""
    total = hashlib.sha256()
    for name in files(context):
        path = context / name
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{name}\0{path.stat().st_mode & 0o111}\0{content}\n".encode())
    return total.hexdigest()[:12]


def files(context: Path) -> list[str]:
    """Paths relative to the context, sorted: tracked or new, not ignored by git nor by .dockerignore."""
    listed = subprocess.run(
        ["git", "-C", str(context), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        text=True,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = {name for name in listed.stdout.split("\0") if name}
    else:  # no git folder, as in a source archive
        names = {str(path.relative_to(context)) for path in context.rglob("*") if path.is_file()}
    names |= {str(path.relative_to(context)) for path in (context / _PAGES).rglob("*") if path.is_file()}
    rules = _rules(context / ".dockerignore")
    return sorted(name for name in names if name == "Dockerfile" or not _ignored(name, rules))


def _rules(path: Path) -> list[tuple[str, bool]]:
    """Patterns in their order, each with whether it ignores (or, after `!`, brings back)."""
    if not path.exists():
        return []
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [
        (line.lstrip("!").strip("/").removeprefix("**/"), not line.startswith("!"))
        for line in lines
        if line and not line.startswith("#")
    ]


def _ignored(name: str, rules: list[tuple[str, bool]]) -> bool:
    """The last pattern that matches the file or a folder above it decides."""
    path = PurePosixPath(name)
    candidates = [str(path), path.name, *(str(parent) for parent in path.parents if parent.name)]
    ignored = False
    for pattern, ignores in rules:
        if any(fnmatch.fnmatchcase(candidate, pattern) for candidate in candidates):
            ignored = ignores
    return ignored
