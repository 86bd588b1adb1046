"""Fuzzing without coverage: the inputs follow from a seed, so the same ones come everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.fuzz.targets import Target


def inputs(target: Target, seed: int) -> Iterator[str]:
    """Endless: what is in the corpus, changed a little or much."""
    random = Random(seed)
    corpus = target.corpus()
    while True:
        text = random.choice(corpus)
        for _ in range(random.choice((1, 1, 2, 4))):
            text = target.mutated(text, random)[:60_000]
        yield text
