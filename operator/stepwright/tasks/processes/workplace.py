"""The folder in which a task's process runs: its input, what it wrote, its exit code.

After Stepwright was killed, the folder shows what has become of a process: the shell around it notes its own
process id before it begins and the exit code when it ends, even if nobody is watching. A shell that finds an
id already noted does nothing, so a task begins once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import JsonText
from stepwright.tasks.job import errors
from stepwright.tasks.processes.group import ProcessGroup

_SHELL: Final = (
    'set -C; echo $$ > "$0/pid" 2>/dev/null || exit 0; set +C; '
    '"$@" < /dev/null > "$0/stdout" 2> "$0/stderr"; echo $? > "$0/exit.part"; mv "$0/exit.part" "$0/exit"'
)

_EACH_INDEX: Final = (
    "count=$1 last_lines=$2; shift 2; JOB_COMPLETION_INDEX=0; export JOB_COMPLETION_INDEX STEPWRIGHT_OUTPUT_FILE; "
    'while [ "$JOB_COMPLETION_INDEX" -lt "$count" ]; do STEPWRIGHT_OUTPUT_FILE="$0/output.$JOB_COMPLETION_INDEX"; '
    'if [ "$last_lines" ]; then "$@" > "$0/stdout.$JOB_COMPLETION_INDEX"; else "$@"; fi || exit; '
    "JOB_COMPLETION_INDEX=$((JOB_COMPLETION_INDEX + 1)); done"
)
"""As an Indexed Job whose parallelism is 1: the first failure ends it."""

LARGEST_OUTPUT_BYTES: Final = 1024 * 1024
"""The limit of the text: a value of 256 KiB, generously spaced."""

_TAIL_BYTES: Final = 2048

_OWN_FOLDER: Final = 0o700


class Workplace:
    """The folder of one task. Everything here is quick: small local files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        return self.folder.is_dir()

    def prepare(self, input: JsonText) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=_OWN_FOLDER)
        self.folder.parent.chmod(_OWN_FOLDER)  # which an earlier version may have left open to others
        self.input_file.write_text(input, encoding="utf-8")
        self.output_file.touch()

    def prepare_container(self, engine: str, input: JsonText) -> None:
        """The container may run as any user, who must be able to read one file and write the other. Nobody
        else on this machine can reach them: the folder is not accessible."""
        self.prepare(input)
        self.input_file.chmod(0o644)
        self.output_file.chmod(0o622)
        (self.folder / "engine").write_text(engine)

    @property
    def engine(self) -> str | None:
        """What runs the task's container; None if it is a process."""
        with suppress(OSError):
            return (self.folder / "engine").read_text()
        return None

    @property
    def input_file(self) -> Path:
        return self.folder / "input.json"

    @property
    def output_file(self) -> Path:
        return self.folder / "output"

    def command_line(self, words: list[str]) -> list[str]:
        return ["/bin/sh", "-c", _SHELL, str(self.folder), *words]

    def for_each_index(self, words: list[str], indexes: int, *, last_lines: bool) -> list[str]:
        """``last_lines``: those of stdout are the outputs."""
        return [
            *("/bin/sh", "-c", _EACH_INDEX, str(self.folder), str(indexes), "1" if last_lines else ""),
            *words,
        ]

    def environment(self, inherited: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
        return {
            **inherited,
            **own,
            "STEPWRIGHT_INPUT_FILE": str(self.input_file),
            "STEPWRIGHT_OUTPUT_FILE": str(self.output_file),
        }

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or if nothing was left to note it."""
        with suppress(OSError, ValueError):
            return int((self.folder / "exit").read_text())
        return None

    @property
    def pid(self) -> int | None:
        with suppress(OSError, ValueError):
            return int((self.folder / "pid").read_text())
        return None

    @property
    def began(self) -> bool:
        return (self.folder / "pid").exists()

    @property
    def runs(self) -> bool:
        """Whether the shell around it still exists, and is not another process that got its id."""
        number = self.pid
        if number is None:
            return False
        try:
            os.kill(number, 0)
        except OSError:
            return False
        try:
            words = Path(f"/proc/{number}/cmdline").read_bytes()
        except OSError:
            return not Path("/proc/self").exists()
        return str(self.folder).encode() in words

    @property
    def group(self) -> ProcessGroup | None:
        """The processes that run for the task; None if there are none, or the id is another's by now."""
        number = self.pid
        if number is None:
            return None
        group = ProcessGroup(number)
        return group if self.runs or group.works_in(self.folder) else None

    def times(self) -> tuple[float, float]:
        """When it began and ended, seconds since 1970."""
        return (self.folder / "pid").stat().st_mtime, (self.folder / "exit").stat().st_mtime

    def output(self, index: int | None = None) -> bytes:
        """Raises StateError if it is too large to be one."""
        path = self.output_file if index is None else self.folder / f"output.{index}"
        written = b""
        with suppress(FileNotFoundError), path.open("rb") as file:
            written = file.read(LARGEST_OUTPUT_BYTES + 1)
        if len(written) > LARGEST_OUTPUT_BYTES:
            raise _too_large(
                f"What was written to $STEPWRIGHT_OUTPUT_FILE has {self._size(path.name):,} bytes"
            )
        return written

    def last_line(self, index: int | None = None) -> bytes:
        """Raises StateError likewise. What comes before the last line may be of any size."""
        name = "stdout" if index is None else f"stdout.{index}"
        # With its line's end, and that of the line before.
        lines = self._tail(name, LARGEST_OUTPUT_BYTES + 2).splitlines()
        if lines and len(lines[-1]) > LARGEST_OUTPUT_BYTES:
            raise _too_large("The last line of stdout is longer than an output may be")
        return lines[-1] if lines else b""

    def _tail(self, name: str, size_bytes: int) -> bytes:
        with (self.folder / name).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size_bytes))
            return file.read(size_bytes)

    def _size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def last_words(self) -> str:
        """The end of what it wrote to stderr, or to stdout if that is empty."""
        for name in ("stderr", "stdout"):
            with suppress(OSError):
                text = self._tail(name, _TAIL_BYTES).decode("utf-8", "replace").strip()
                if text:
                    return text
        return ""

    def log(self, size_bytes: int) -> str:
        """The end of what it wrote to stdout, and then to stderr: which came when is not known."""
        return "".join(
            self._tail(name, size_bytes).decode("utf-8", "replace") for name in ("stdout", "stderr")
        )

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _too_large(what: str) -> StateError:
    return StateError(errors.OUTPUT_TOO_LARGE, f"{what}; an output may have {LARGEST_OUTPUT_BYTES:,}.")
