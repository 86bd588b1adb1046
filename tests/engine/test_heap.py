"""A process has one heap, however many threads it has."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

HEAPS = """
import ctypes, sys, threading
from stepwright.engine import heap

if sys.argv[2] == "shared":
    heap.share()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(9)


def allocate():
    libc.malloc(10_000)
    together.wait()


for _ in range(8):
    threading.Thread(target=allocate).start()
together.wait()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="this C library is not glibc")
def test_threads_share_a_heap(tmp_path: Path) -> None:
    heaps = {}
    for how in ("shared", "each its own"):
        file = tmp_path / how
        subprocess.run([sys.executable, "-c", HEAPS, str(file), how], check=True)
        heaps[how] = file.read_text().count("<heap nr=")

    assert heaps["shared"] == 1
    assert heaps["each its own"] > 1
