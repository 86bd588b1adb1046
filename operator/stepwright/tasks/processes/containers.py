"""Docker or Podman: which of them answers, and the command that runs a task in a container.

Both take the same command. A container gets what a pod's main container gets: the input file, the output
file, and the variables that name them.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Choice = Literal["auto", "never", "docker", "podman"]

ENGINES: Final = ("docker", "podman")

DAEMON_FAILED: Final = 125
"""The exit code of ``docker run`` if no container was created."""

_INPUT: Final = "/stepwright/input.json"
_OUTPUT: Final = "/stepwright/output"
_ANSWERS_WITHIN_SECONDS: Final = 15
_GRACE_SECONDS: Final = 5
_PULL: Final = {"Always": "always", "IfNotPresent": "missing", "Never": "never"}


class NoEngine(Exception):  # noqa: N818 - about the machine
    """The requested engine is not installed, or does not answer."""


def find(choice: Choice) -> str | None:
    """The engine's executable; None: no containers. Raises NoEngine if one was named that does not answer."""
    if choice == "never":
        return None
    if choice == "auto":
        return next(
            (found for engine in ENGINES if (found := shutil.which(engine)) and _problem(found) is None), None
        )
    found = shutil.which(choice)
    if found is None:
        raise NoEngine(f"{choice} is not installed")
    problem = _problem(found)
    if problem is not None:
        raise NoEngine(f"{choice} does not answer: {problem}")
    return found


def _problem(engine: str) -> str | None:
    """``docker version`` asks the daemon, too."""
    try:
        told = subprocess.run(  # noqa: S603 - the user's own Docker or Podman
            [engine, "version"], capture_output=True, text=True, timeout=_ANSWERS_WITHIN_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = told.stderr.strip().splitlines() or ["it ended with an error"]
    return None if told.returncode == 0 else said[-1]


@dataclass(frozen=True, slots=True)
class Image:
    """``command`` takes the place of the image's entrypoint, ``args`` of its arguments, as in a pod."""

    name: str
    command: Sequence[str]
    args: Sequence[str]
    pull_policy: str | None = None
    working_directory: str | None = None


def command_line(
    engine: str, name: str, image: Image, environment: Mapping[str, str], input: Path, output: Path
) -> list[str]:
    """``z`` gives the container access to the files under SELinux; elsewhere it has no effect."""
    words = [engine, "run", "--rm", "--name", name]
    words += ["--volume", f"{input}:{_INPUT}:ro,z", "--volume", f"{output}:{_OUTPUT}:z"]
    variables = {**environment, "STEPWRIGHT_INPUT_FILE": _INPUT, "STEPWRIGHT_OUTPUT_FILE": _OUTPUT}
    for variable, value in variables.items():
        words += ["--env", f"{variable}={value}"]
    if image.pull_policy in _PULL:
        words += ["--pull", _PULL[image.pull_policy]]
    if image.working_directory is not None:
        words += ["--workdir", image.working_directory]
    if image.command:
        words += ["--entrypoint", image.command[0]]
    return [*words, image.name, *image.command[1:], *image.args]


async def stop(engine: str, name: str) -> None:
    """Stop the container, with the grace that a process has; there may be nothing to stop."""
    await _call(engine, "stop", "--time", str(_GRACE_SECONDS), name)
    await _call(engine, "rm", "--force", name)


async def has_image(engine: str, image: str) -> bool:
    return await _call(engine, "image", "inspect", image) == 0


async def _call(*words: str) -> int | None:
    """Its exit code; None if the engine is gone."""
    with suppress(OSError):
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*words, stdin=nothing, stdout=nothing, stderr=nothing)
        return await process.wait()
    return None
