"""Every state of an execution can be replayed from its signals, and read back from what was stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.definition import compile_definition
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.signals import Continue, Moment, Signal
from stepwright.asl.step import Step
from stepwright.asl.text.jsontext import dump
from tests.asl.definition.test_definition_properties import spoiled
from tests.asl.random_machines import definitions, inputs
from tests.asl.test_interpreter_properties import LIMITS, Watched, choose
from tests.asl.test_jsonata_properties import jsonata_definitions
from tests.asl.virtual_time import IDENTITY, Play, echo, machine, reloaded
from tests.data.history_shapes import check

MOST_SIGNALS = 60


@dataclass
class Remembering(Watched):
    """Keeps every signal with its moment, and every checkpoint that followed."""

    replay: bool = False
    told: list[tuple[Signal, Moment]] = field(default_factory=list)
    came_to: list[Checkpoint] = field(default_factory=list)

    def send(self, signal: Signal) -> Step:
        self.told.append((signal, Moment(self.now, seed=len(self.events))))
        step = super().send(signal)
        self.came_to.append(step.checkpoint)
        return step


def played(definition: dict[str, Any], document: Any, seed: int) -> Remembering:
    play = Remembering(machine(definition), LIMITS)
    play.came_to.append(play.start(dump(document)).checkpoint)
    random = Random(seed)
    while play.outcome is None and len(play.told) < MOST_SIGNALS:
        play.go_on()
        if play.outcome is None:
            signal = choose(play, random)
            if signal is not None:
                play.send(signal)
            elif not play.fire_next() and not play.open_tasks():
                break
    return play


def written(checkpoint: Checkpoint) -> str:
    parts = {name: checkpoints.encode(part) for name, part in checkpoint.parts.items()}
    return json.dumps(parts, sort_keys=True)


machines = st.one_of(definitions(), jsonata_definitions())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines, inputs, st.integers(0, 2**32), st.integers(0, MOST_SIGNALS))
def test_any_prefix_played_again_comes_to_the_same(
    definition: dict[str, Any], document: Any, seed: int, prefix: int
) -> None:
    play = played(definition, document, seed)
    again = interpreter.start(
        machine(definition), IDENTITY, dump(document), Moment(Play(play.machine).now, 0), LIMITS
    ).checkpoint

    for signal, moment in play.told[:prefix]:
        again = interpreter.resume(machine(definition), again, signal, moment, LIMITS).checkpoint

    assert written(again) == written(play.came_to[min(prefix, len(play.told))])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines, inputs, st.integers(0, 2**32))
def test_every_checkpoint_is_read_back_as_it_was(
    definition: dict[str, Any], document: Any, seed: int
) -> None:
    play = played(definition, document, seed)

    for checkpoint in play.came_to:
        stored = {
            name: json.loads(json.dumps(checkpoints.encode(part), sort_keys=True))
            for name, part in checkpoint.parts.items()
        }
        assert checkpoints.decode(stored).parts == checkpoint.parts
        assert written(reloaded(checkpoint)) == written(checkpoint)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines, inputs, st.integers(0, 2**32))
def test_every_event_is_one_of_awss(definition: dict[str, Any], document: Any, seed: int) -> None:
    check(played(definition, document, seed).events)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoiled(), inputs)
def test_spoiled_definitions_that_are_still_valid_run(definition: Any, document: Any) -> None:
    try:
        compiled, _ = compile_definition(definition)
    except InvalidDefinition:
        return
    play = Play(compiled, LIMITS)
    play.start(dump(document))
    for _ in range(MOST_SIGNALS):
        if play.outcome is not None:
            break
        if play.more:
            play.send(Continue())  # not to the end: a spoiled Next may go round and round
        elif tasks := play.open_tasks():
            answer = echo(tasks[0])
            assert answer is not None
            play.send(answer)
        elif not play.only_fire_next():
            break
    check(play.events)
