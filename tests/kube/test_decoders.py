"""Several threads may decode into a type for the first time at once."""

from __future__ import annotations

import subprocess
import sys

from stepwright.kube import decoders

#: In a process of its own: with decoders that are not made one at a time it ends with a segmentation fault.
SCRIPT = """
import sys, threading, types, msgspec
from stepwright.kube.decoders import decoder
sys.setswitchinterval(1e-6)
FIELDS = "a: {} | None = None; b: list[int] = []; c: dict[str, str] = {{}}"
for round in range(60):
    module = sys.modules[f"types_{round}"] = types.ModuleType(f"types_{round}")
    lines = ["from __future__ import annotations", "import msgspec", f"__name__ = 'types_{round}'"]
    for n in range(6):
        lines.append(f"class S{n}(msgspec.Struct): " + FIELDS.format(f"S{n - 1}" if n else "str"))
    exec("\\n".join(lines), vars(module))
    together = threading.Barrier(4)
    def work():
        together.wait()
        decoder(module.S5).decode(b'{"a": {"a": null}}')
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def test_two_threads_that_decode_into_a_type_for_the_first_time_do_not_end_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_of_a_type_there_is_one_decoder() -> None:
    assert decoders.decoder(dict) is decoders.decoder(dict)
