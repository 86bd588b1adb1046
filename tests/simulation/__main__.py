"""Simulate many seeds, or replay one: ``python -m tests.simulation --seeds 1000`` or ``--seed 17 --trace``."""

from __future__ import annotations

import argparse
import sys

from tests.simulation import running


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this seed")
    parser.add_argument("--trace", action="store_true", help="print everything that happened in it")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many seeds to simulate")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--processes", type=int, default=None, help="how many processes; all cores without it"
    )
    parser.add_argument("--failures", type=int, default=5, help="end after so many failing seeds")
    options = parser.parse_args()
    if options.seed is not None:
        return running.replay(options.seed, whole=options.trace)
    return running.many(options.first, options.seeds, options.processes, options.failures)


if __name__ == "__main__":
    sys.exit(main())
