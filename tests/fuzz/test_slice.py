"""A slice of each fuzz target, the same every time: hostile input is refused or taken, soon and without an exception."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from tests.fuzz import corpus, seeded
from tests.fuzz.findings import Findings
from tests.fuzz.mutation import SEPARATOR, mutated
from tests.fuzz.targets import TARGETS

INPUTS = 600
SECONDS = 60.0
"""Of processor time for one input: it hangs. None of them takes a tenth of a second."""


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_known_and_what_is_made_of_it_is_taken_or_refused(name: str) -> None:
    target = TARGETS[name]
    findings = Findings(target, SECONDS)

    try:
        for text in (*target.corpus()[:200], *islice(seeded.inputs(target, seed=1), INPUTS)):
            findings.run(text)
    finally:
        target.close()

    assert findings.found == {}


def test_the_same_seed_makes_the_same_inputs() -> None:
    target = TARGETS["jsonata"]

    assert list(islice(seeded.inputs(target, 7), 50)) == list(islice(seeded.inputs(target, 7), 50))


def test_changes_mostly_keep_both_parts_of_an_input() -> None:
    random = Random(3)
    text = f"$.a{SEPARATOR}{corpus.DOCUMENT}"

    changed = [mutated(text, [text], ["b"], random) for _ in range(200)]

    assert sum(SEPARATOR in each for each in changed) > 180
    assert len(set(changed)) > 150
