"""Fuzz: ``python -m tests.fuzz jsonata --minutes 10``; ``--input FILE`` plays one input again."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

FOLDER = Path(".fuzz")
NAMES = ("definition", "files", "tests", "jsonpath", "jsonata", "api")
REPLAY_SECONDS = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "targets", nargs="*", choices=[[], *NAMES], default=[], help="all of them without any"
    )
    parser.add_argument("--minutes", type=float, default=10, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--input", type=Path, help="play this input again instead")
    options = parser.parse_args()
    targets = options.targets or list(NAMES)
    if options.input is not None:
        return _replay(targets[0], options.input)
    failed = False
    for name in targets:
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("*.input"), *folder.glob("*.txt"), *folder.glob("summary.json")):
            old.unlink()
        command = [sys.executable, "-m", "tests.fuzz.guided", name, str(folder)]
        with (folder / "log").open("w") as log:
            ended = subprocess.run(
                [*command, str(round(options.minutes * 60)), str(options.seed)],
                stdout=log,
                stderr=log,
                check=False,
            )
        failed |= not _tell(name, folder, ended.returncode)
    return int(failed)


def _tell(name: str, folder: Path, code: int) -> bool:
    """Whether nothing was found."""
    summary = folder / "summary.json"
    if not summary.exists():
        print(f"{name}: ended with {code}, see {folder / 'log'}")
        return False
    told = json.loads(summary.read_text())
    print(
        f"{name}: {told['executions']} executions in {told['seconds'] / 60:.1f} minutes, the slowest "
        f"{told['slowest']} s, {len(told['found'])} findings" + (f", ended with {code}" if code else "")
    )
    for found in sorted(folder.glob("*.txt")):
        print(f"  {found.read_text(errors='replace').splitlines()[0]}: {found.with_suffix('.input')}")
    return not told["found"] and code == 0


def _replay(name: str, path: Path) -> int:
    from tests.fuzz.findings import Findings
    from tests.fuzz.targets import TARGETS

    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    findings = Findings(TARGETS[name], REPLAY_SECONDS)
    findings.run(text)
    print(f"{name}: {findings.slowest:.2f} s, {list(findings.found) or 'nothing found'}")
    if findings.found:
        TARGETS[name].run(text)
    return int(bool(findings.found))


if __name__ == "__main__":
    sys.exit(main())
