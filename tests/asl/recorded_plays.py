"""Executions of random machines, step by step, and what their steps have told of visits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from stepwright.asl.json_types import JsonText
from stepwright.asl.step import Step, Visit
from tests.asl.test_interpreter_properties import LIMITS, Watched, go_to_end
from tests.asl.virtual_time import machine


class Recorded(Watched):
    """Keeps every step."""

    def _take(self, step: Step) -> Step:
        self.__dict__.setdefault("taken", []).append(step)
        return super()._take(step)

    @property
    def recorded(self) -> list[Step]:
        taken: list[Step] = self.__dict__["taken"]
        return taken


def played(definition: Any, document: Any, seed: int, redrives: int = 3) -> Recorded:
    """``redrives``: how often it is redriven at most."""
    play = Recorded(machine(definition), LIMITS, replay=False)
    play.start(JsonText(json.dumps(document)))
    for redrive in range(redrives + 1):
        go_to_end(play, Random(seed + redrive))
        if play.redrivable is None or redrive == redrives:
            break
        play.now += 5_000  # type: ignore[assignment]
        play.redrive()
    return play


def told(steps: Sequence[Step]) -> dict[int, Visit]:
    """Without those of child executions."""
    found: dict[int, Visit] = {}
    for step in steps:
        for visit in step.visits:
            known = found.get(visit.id)
            found[visit.id] = visit if known is None else visit.after(known)
    return {id: visit for id, visit in found.items() if visit.child is None}
