"""Fuzzing led by coverage: libFuzzer by way of atheris, with changes of our own beside libFuzzer's.

A process of its own for each target, because libFuzzer ends the process that it runs in.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["stepwright"], enable_loader_override=False):
    from tests.fuzz.findings import Findings
    from tests.fuzz.targets import TARGETS

SECONDS = 20.0
"""Per input. Instrumented code takes several times as long as plain code."""


def main(name: str, folder: Path, seconds: int, seed: int) -> None:
    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(target.corpus()):
        (corpus / f"seed-{number}").write_text(text, encoding="utf-8", errors="surrogatepass")
    findings = Findings(target, SECONDS, folder)
    begun = told = time.monotonic()

    def one(data: bytes) -> None:
        nonlocal told
        findings.run(data.decode("utf-8", "surrogateescape"))
        if time.monotonic() - told > 2:
            told = time.monotonic()
            summary = {
                "executions": findings.runs,
                "seconds": round(told - begun),
                "slowest": round(findings.slowest, 2),
                "found": sorted(findings.found),
            }
            (folder / "summary.json").write_text(json.dumps(summary))

    def change(data: bytes, size: int, number: int) -> bytes:
        random = Random(number)
        if random.randrange(4) == 0:
            return bytes(atheris.Mutate(data, size))
        text = target.mutated(data.decode("utf-8", "surrogateescape"), random)
        return text.encode("utf-8", "surrogateescape" if text.isprintable() else "replace")[:size]

    arguments = [
        "-timeout=300",
        "-rss_limit_mb=3000",
        "-max_len=60000",
        f"-artifact_prefix={folder}/",  # inputs that it finds slow; else they would lie in the checkout
        f"-max_total_time={seconds}",
        f"-seed={seed}",
    ]
    atheris.Setup([sys.argv[0], *arguments, "-print_final_stats=1", str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
