"""Runs single inputs and keeps what came of those that did what they may not: one of each kind."""

from __future__ import annotations

import hashlib
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.guard import guarded
from tests.fuzz.targets import Target


@dataclass
class Findings:
    """``folder``: where each finding is written, with its traceback; None keeps them in memory only."""

    target: Target
    seconds: float
    folder: Path | None = None
    found: dict[str, str] = field(default_factory=dict)
    """The kind of finding (exception and place) and the input that showed it."""
    runs: int = 0
    slowest: float = 0.0

    def run(self, text: str) -> None:
        self.runs += 1
        begun = time.process_time()
        try:
            with guarded(self.seconds):
                self.target.run(text)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            self._keep(error, text)
        spent = time.process_time() - begun
        if spent > self.slowest:
            self.slowest = spent
            if self.folder is not None:
                (self.folder / "slowest").write_text(text, encoding="utf-8", errors="surrogatepass")

    def _keep(self, error: BaseException, text: str) -> None:
        kind = f"{type(error).__name__} in {_place(error)}"
        if kind in self.found:
            return
        self.found[kind] = text
        if self.folder is not None:
            name = hashlib.sha256(kind.encode()).hexdigest()[:12]
            (self.folder / f"{name}.input").write_text(text, encoding="utf-8", errors="surrogatepass")
            lines = traceback.format_exception(error, limit=-25)
            (self.folder / f"{name}.txt").write_text(f"{kind}\n{''.join(lines)}", errors="backslashreplace")


def _place(error: BaseException) -> str:
    """Where in our code it came from: tests' own assertions, too, but nothing of a library."""
    frames = [
        f"{Path(frame.filename).name}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "/stepwright/" in frame.filename or "/tests/fuzz/" in frame.filename
        if not frame.filename.endswith("guard.py")
    ]
    return frames[-1] if frames else "?"
