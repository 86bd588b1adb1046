"""A workflow with Parallel, Retry, Catch, Map, Wait, a branch that is aborted, and a place where it waits to be stopped;
with inputs large enough that its history has several pages and one of its tasks a Secret."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.on_cluster.place import Object, Place

MACHINE = "every-kind"


def given(*, hold: bool = False) -> Object:
    """Its input. No text of the history is so long that it is stored apart."""
    return {"hold": hold, "items": [1, 2, 3], "text": "x" * 2_000}


def workflow(place: Place) -> Object:
    """With ``hold`` in its input it comes to a point where it waits to be stopped."""

    def task(parameters: Object, **more: Any) -> Object:
        state = {"Type": "Task", "Resource": "k8s:job", "Parameters": parameters, **more}
        return state if "Next" in state else {**state, "End": True}

    def branch(name: str, state: Object, **states: Object) -> Object:
        return {"StartAt": name, "States": {name: state, **states}}

    def retry(seconds: int) -> list[Object]:
        return [{"ErrorEquals": ["Job.Failed"], "IntervalSeconds": seconds, "MaxAttempts": 1}]

    def each(name: str, state: Object, at_once: int) -> Object:
        return {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": at_once,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **branch(name, state)},
            "End": True,
        }

    ends: Object = {"End": True}
    doze: Object = {"Type": "Wait", "Seconds": 1_000_000, **ends}
    refund = [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Refund"}]
    lost = [{"ErrorEquals": ["Job.Failed"], "ResultPath": None, "Next": "Ship"}]
    parcel = ", ".join(["$.text"] * 18)  # beyond the 32 KiB that an annotation takes
    return {
        "StartAt": "Choose",
        "States": {
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.hold", "BooleanEquals": True, "Next": "Hold"}],
                "Default": "Work",
            },
            "Work": {
                "Type": "Parallel",
                "Branches": [
                    branch(
                        "Charge",
                        task(place.fails, Retry=retry(1), Catch=refund),
                        Refund={"Type": "Pass", **ends},
                    ),
                    branch("Orders", each("Pack", task(place.succeeds), 2)),
                    branch(
                        "Breathe",
                        {"Type": "Wait", "Seconds": 1, "Next": "Notify"},
                        Notify=task(place.succeeds),
                    ),
                ],
                "ResultPath": None,
                "Next": "Race",
            },
            "Race": {
                "Type": "Parallel",
                "Branches": [
                    branch("Slow", task(place.never_ends)),
                    branch("Doze", doze),
                    branch("Fail", task(place.fails)),
                ],
                "Catch": lost,
                "Next": "Ship",
            },
            "Ship": task(
                {**place.succeeds, "input": {"parcel.$": f"States.Array({parcel})"}},
                ResultPath=None,
                Next="Done",
            ),
            "Done": {"Type": "Succeed"},
            "Hold": {
                "Type": "Parallel",
                "Branches": [
                    branch("Hold slow", task(place.never_ends)),
                    branch("Hold orders", each("Hold pack", task(place.never_ends), 1)),
                    branch("Hold doze", doze),
                    branch("Hold retry", task(place.fails, Retry=retry(1_000_000))),
                ],
                "End": True,
            },
        },
    }


def is_on_hold(body: Object) -> bool:
    """Two Jobs are known to run, one task waits for its Retry, and nothing more happens by itself."""
    history = (body.get("status") or {}).get("history") or ()
    counts = Counter(json.loads(event)["type"] for event in history)
    return counts["TaskFailed"] == 1 and counts["TaskSubmitted"] == 3
