"""The end of a container's log: the lines that explain a failure, and the line that is a task's output.

The kubelet merges stdout and stderr (separating them is alpha, KEP-3288), so a task that writes its output
on stdout must not write to stderr after it.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.failure.errors import StateError
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.tasks.job import errors
from stepwright.tasks.job.output import LINE_BYTES

TAIL_LINES: Final = 20
TAIL_CHARACTERS: Final = 2000

# Container runtimes store a long line in pieces, and tailLines counts pieces: containerd cuts at 16 KiB, so
# the first number suffices for 256 KiB; CRI-O may cut anywhere.
_PIECES: Final = (20, 400, 4000)


async def tail(api: Api, namespace: str, pod: str, container: str) -> str:
    """The last lines for people, or why there are none; ready to be appended to a cause."""
    try:
        data = await api.log(namespace, pod, container, tail_lines=TAIL_LINES)
    except ApiError as error:
        return f" Its log cannot be read: {error.message}"
    text = data.decode(errors="replace").rstrip()
    if not text:
        return " It wrote no log."
    if len(text) > TAIL_CHARACTERS:
        text = "…" + text[-TAIL_CHARACTERS:]
    return f" The end of its log:\n{text}"


async def last_line(api: Api, namespace: str, pod: str, container: str) -> bytes:
    """The last line with something in it, whole; empty if there is none. Raises ApiError, StateError."""
    before = -1
    for pieces in _PIECES:
        data = (await api.log(namespace, pod, container, tail_lines=pieces)).rstrip()
        _, newline, line = data.rpartition(b"\n")
        # Its beginning was seen: after another line, or because asking for more returned no more.
        if newline or len(data) == before or len(line) > LINE_BYTES:
            return line
        before = len(data)
    raise StateError(
        errors.OUTPUT_INVALID,
        f"The last line that container {container} of pod {pod} wrote is stored in more than {_PIECES[-1]} pieces: "
        "write it at once.",
    )
