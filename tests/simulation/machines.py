"""Random valid definitions of a few states, most of which get somewhere, quickly made from a seed."""

from __future__ import annotations

from random import Random
from typing import Any

State = dict[str, Any]

DEEPEST = 2
ERRORS = ("States.ALL", "States.ALL", "States.TaskFailed", "Job.Failed", "Job.Deleted", "States.Timeout", "E")


class Maker:
    """``room``: about how many states the machine may have."""

    def __init__(self, random: Random, room: int) -> None:
        self._random = random
        self._room = room
        self._names = 0

    def machine(self) -> State:
        made = self._scope(0)
        if self._random.randrange(8) == 0:
            made["TimeoutSeconds"] = self._random.choice((3, 8, 15))
        return made

    def _scope(self, depth: int) -> State:
        """States in a row, each going on to a later one or ending, so that every execution ends."""
        random = self._random
        kinds = []
        for _ in range(random.choice((0, 1, 1, 2) if depth == 0 else (0, 0, 1))):
            if self._room > 0:
                self._room -= 1
                wide = ("Parallel", "Map") if depth < DEEPEST and self._room > 0 else ()
                kinds.append(random.choice(("Pass", "Task", "Task", "Wait", "Choice", *wide, *wide)))
        wide = ("Parallel", "Map") if depth < 1 else ()
        kinds.append(random.choice(("Task", "Task", "Task", "Wait", "Pass", "Succeed", "Fail", *wide)))
        names = [self._name(kind) for kind in kinds]
        states = {
            name: self._state(kind, names[position + 1 :], depth)
            for position, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
        return {"StartAt": names[0], "States": states}

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names}"

    def _state(self, kind: str, later: list[str], depth: int) -> State:
        random = self._random
        state: State = {"Type": kind}
        if kind in ("Pass", "Task", "Wait", "Parallel", "Map"):
            state |= {"Next": later[0]} if later else {"End": True}
        match kind:
            case "Pass":
                if random.randrange(2):
                    state["Result"] = {
                        "a": [1, 2, 3][: random.randrange(4)],
                        "b": 1,
                        "t": "x" * random.choice((1, 300)),
                    }
            case "Fail":
                state |= {"Error": "E", "Cause": "by definition"}
            case "Wait":
                state["Seconds"] = random.choice((0, 1, 2, 5))
            case "Choice":
                rule = {"Variable": "$.b", "IsPresent": True}
                more = {"Variable": "$.b", "NumericEquals": 1}
                state["Choices"] = [{"And": [rule, more], "Next": random.choice(later)}]
                state["Default"] = later[0]
            case "Task":
                state |= self._task()
            case "Parallel":
                state["Branches"] = [self._scope(depth + 1) for _ in range(random.choice((1, 2, 2, 3)))]
            case "Map":
                state["ItemProcessor"] = self._scope(depth + 1)
                if random.randrange(3):
                    state["ItemsPath"] = "$.a"
                else:
                    state |= {"ItemsPath": "$$.Execution.Input.a"}
                if random.randrange(3) == 0:
                    state["MaxConcurrency"] = random.choice((1, 2))
                if random.randrange(4) == 0:
                    state["ToleratedFailureCount"] = 1
                if random.randrange(2):
                    state["ItemSelector"] = {"a": [1], "b.$": "$$.Map.Item.Index"}
        if kind in ("Task", "Parallel", "Map"):
            if random.randrange(3) == 0:
                state["ResultPath"] = random.choice(("$.r", "$.b", None))
            if random.randrange(5 if kind == "Task" else 8) < 2:
                state["Retry"] = [self._retrier()]
            if later and random.randrange(2):
                catcher: State = {"ErrorEquals": [random.choice(ERRORS)], "Next": random.choice(later)}
                if random.randrange(2):
                    catcher["ResultPath"] = "$.error"
                state["Catch"] = [catcher]
        return state

    def _task(self) -> State:
        random = self._random
        parameters: State = {"image": "x"}
        if random.randrange(3) == 0:
            parameters["input"] = {"t": "y" * random.choice((1, 100, 400))}
        if random.randrange(5) == 0:
            parameters["output"] = "stdout"
        if random.randrange(6) == 0:
            parameters = {
                **{name: value for name, value in parameters.items() if name != "image"},
                "job": {
                    "spec": {
                        "ttlSecondsAfterFinished": random.choice((0, 5)),
                        "template": {"spec": {"containers": [{"name": "main", "image": "x"}]}},
                    }
                },
            }
        task: State = {"Resource": "k8s:job", "Parameters": parameters}
        if random.randrange(3) == 0:
            task["TimeoutSeconds"] = random.choice((1, 2, 4, 8))
        return task

    def _retrier(self) -> State:
        random = self._random
        retrier: State = {
            "ErrorEquals": [random.choice(ERRORS)],
            "MaxAttempts": random.choice((1, 1, 2)),
            "IntervalSeconds": random.choice((1, 1, 3)),
        }
        if random.randrange(4) == 0:
            retrier["JitterStrategy"] = "FULL"
        if random.randrange(3) == 0:
            retrier["BackoffRate"] = 1.5
        return retrier


def make(random: Random) -> State:
    return Maker(random, random.choice((1, 2, 3, 5))).machine()


def make_input(random: Random) -> Any:
    return {
        "a": list(range(random.choice((0, 1, 2, 3)))),
        "b": random.randrange(3),
        "t": "z" * random.choice((1, 50, 400)),
    }
