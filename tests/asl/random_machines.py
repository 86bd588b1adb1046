"""Random valid definitions, for properties that hold of every execution."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

ERRORS = ("E", "F", "States.Timeout", "States.ALL", "States.TaskFailed", "States.DataLimitExceeded")
MAX_DEPTH = 3

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("aä\n", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)

# Mostly what the definitions below look for, so that they get somewhere; now and then anything.
inputs = st.one_of(
    *[
        st.fixed_dictionaries(
            {"a": st.lists(st.integers(0, 3) | documents, max_size=5), "b": st.integers(0, 5) | documents}
        )
    ]
    * 5,
    documents,
)

paths = st.sampled_from(["$", "$.a", "$.b", "$.a.b", "$[0]", "$.*", "$$.State.Name", "$$.Execution.Input"])


class _Names:
    """State names, unique in the whole definition."""

    def __init__(self) -> None:
        self.count = 0

    def new(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"


@st.composite
def definitions(draw: DrawFn) -> dict[str, Any]:
    machine = draw(_scope(_Names(), 0))
    if draw(st.integers(0, 4)) == 0:
        machine["TimeoutSeconds"] = draw(st.integers(1, 100))
    return machine


@st.composite
def _scope(draw: DrawFn, names: _Names, depth: int) -> dict[str, Any]:
    """States in a row, each going to a later one or ending, so every execution ends."""
    kinds = ["Pass", "Task", "Wait", "Choice"] + (["Parallel", "Map"] if depth < MAX_DEPTH else [])
    row = [draw(st.sampled_from(kinds)) for _ in range(draw(st.integers(0, 3)))]
    row.append(draw(st.sampled_from(["Pass", "Pass", "Task", "Task", "Succeed", "Fail"])))
    called = [names.new(kind) for kind in row]
    scope: dict[str, Any] = {"StartAt": called[0], "States": {}}
    for position, kind in enumerate(row):
        later = called[position + 1 :]
        scope["States"][called[position]] = draw(_state(kind, later, names, depth))
    return scope


@st.composite
def _state(draw: DrawFn, kind: str, later: list[str], names: _Names, depth: int) -> dict[str, Any]:
    state: dict[str, Any] = {"Type": kind}
    if kind in ("Pass", "Task", "Wait", "Parallel", "Map"):
        # To the next one in the row, so that every state can be reached.
        state |= {"Next": later[0]} if later else {"End": True}
    if kind != "Fail":
        state |= draw(_some({"InputPath": paths | st.none(), "OutputPath": paths | st.none()}, one_in=9))
    match kind:
        case "Pass":
            state |= draw(_some({"Result": documents, "Parameters": _templates, "ResultPath": _targets}))
            if "Result" in state:
                state.pop("Parameters", None)
        case "Fail":
            state |= draw(_some({"Error": st.sampled_from(ERRORS), "Cause": st.text("c", max_size=2)}))
        case "Wait":
            state |= draw(
                st.sampled_from([{"Seconds": 0}, {"Seconds": 7}, {"Seconds": 1}, {"SecondsPath": "$.b"}])
            )
        case "Choice":
            variable = draw(st.sampled_from(["$.a", "$.b"]))
            rule: dict[str, Any] = draw(st.sampled_from(_rules))
            state["Choices"] = [{"Variable": variable, **rule, "Next": draw(st.sampled_from(later))}]
            state["Default"] = later[0]
        case "Task":
            state["Resource"] = draw(st.sampled_from(["k8s:job", "arn:aws:states:::lambda:invoke"]))
            state |= draw(_some({"Parameters": _templates, "TimeoutSeconds": st.integers(2, 9)}))
            if "TimeoutSeconds" in state:
                state |= draw(_some({"HeartbeatSeconds": st.just(1)}))
        case "Parallel":
            state["Branches"] = [draw(_scope(names, depth + 1)) for _ in range(draw(st.integers(1, 3)))]
        case "Map":
            state["ItemProcessor"] = draw(_scope(names, depth + 1))
            state["ItemsPath"] = draw(st.sampled_from(["$.a", "$.a", "$.a", "$.*", "$"]))
            state |= draw(
                _some(
                    {
                        "MaxConcurrency": st.integers(0, 3),
                        "ItemSelector": _templates,
                        "ToleratedFailureCount": st.integers(0, 2),
                    }
                )
            )
            if draw(st.integers(0, 2)) == 0:
                state["ItemProcessor"]["ProcessorConfig"] = {
                    "Mode": "DISTRIBUTED",
                    "ExecutionType": "STANDARD",
                }
                state |= draw(_some({"ItemBatcher": _batchers}))
    if kind in ("Task", "Parallel", "Map"):
        state |= draw(_some({"ResultSelector": _templates, "ResultPath": _targets}))
        state |= draw(_some({"Retry": _retriers()}))
        if later:
            state |= draw(_some({"Catch": _catchers(later)}))
    return state


_templates = st.sampled_from(
    [
        {"a": [1, 2], "b.$": "$"},
        {"a": [[1], [2]], "b": 1},
        {"a.$": "States.Array(1, $)"},
        {"a.$": "$.a"},
        {"b": [{"c.$": "$$.State.Name"}]},
        {"r.$": "States.UUID()"},
    ]
)
_batchers = st.sampled_from(
    [
        {"MaxItemsPerBatch": 2},
        {"MaxItemsPerBatchPath": "$.b"},
        {"MaxInputBytesPerBatch": 40},
        {"MaxItemsPerBatch": 3, "BatchInput": {"b.$": "$.b"}},
    ]
)
_rules = [{"IsPresent": True}, {"IsNull": False}, {"NumericEquals": 1}]
_targets = st.sampled_from(["$", "$.r", "$.r", "$.b", "$.a.b", None, None])


@st.composite
def _some(draw: DrawFn, fields: dict[str, st.SearchStrategy[Any]], one_in: int = 3) -> dict[str, Any]:
    """Any of these fields, or none."""
    return {name: draw(values) for name, values in fields.items() if draw(st.integers(1, one_in)) == one_in}


@st.composite
def _retriers(draw: DrawFn) -> list[dict[str, Any]]:
    retrier = {"ErrorEquals": [draw(st.sampled_from(ERRORS))]}
    return [
        retrier
        | draw(
            _some(
                {
                    "MaxAttempts": st.integers(0, 2),
                    "IntervalSeconds": st.integers(1, 3),
                    "BackoffRate": st.sampled_from([1.0, 1.5]),
                    "MaxDelaySeconds": st.just(4),
                    "JitterStrategy": st.sampled_from(["FULL", "NONE"]),
                }
            )
        )
    ]


@st.composite
def _catchers(draw: DrawFn, later: list[str]) -> list[dict[str, Any]]:
    catcher = {"ErrorEquals": [draw(st.sampled_from(ERRORS))], "Next": draw(st.sampled_from(later))}
    return [catcher | draw(_some({"ResultPath": _targets}))]
