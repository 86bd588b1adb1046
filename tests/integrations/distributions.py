"""Packages as pip would have installed them, as far as entry points show."""

from __future__ import annotations

from pathlib import Path


def install(folder: Path, package: str, entry_points: str, module: str = "", version: str = "1.0") -> None:
    """In a folder of the path. ``module``: the text of ``PACKAGE.py``, if there is to be one."""
    name = package.replace("-", "_")
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[stepwright.integrations]\n{entry_points}\n")
    if module:
        (folder / f"{name}.py").write_text(module)
