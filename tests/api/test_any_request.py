"""Whatever a request holds, it gets an answer or a refusal in AWS's form."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwright.api import model
from stepwright.api.operations import OPERATIONS
from tests.api.conftest import PASS
from tests.api.test_bad_requests import post
from tests.processes.dev import ROLE, DevProcess

ARNS = [
    f"arn:aws:states:us-east-1:123456789012:{rest}"
    for rest in (
        *("stateMachine:m", "stateMachine:m:1", "stateMachine:m:live", "stateMachine:m:1:2", "stateMachine:"),
        *("execution:m:e", "express:m:e:r", "activity:a", "mapRun:m/l:u", "nothing"),
    )
]
DEFINITIONS = [json.dumps(PASS), "{}", "[]", '{"StartAt": "A", "States": {"A": {"Type": "Map"}}}', "\ud83d"]

texts = st.one_of(
    st.sampled_from(["", "a", "m", "e", "live", "{}", ROLE, *ARNS, *DEFINITIONS]), st.text(max_size=20)
)
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)


def fitting(shape: Any) -> st.SearchStrategy[Any]:
    """Values of the shape's type, and now and then others."""
    match shape.type_name:
        case "structure":
            required = set(shape.required_members)
            members = {name: fitting(member) for name, member in shape.members.items()}
            made: st.SearchStrategy[Any] = st.fixed_dictionaries(
                {name: member for name, member in members.items() if name in required},
                optional={name: member for name, member in members.items() if name not in required},
            )
        case "list":
            made = st.lists(fitting(shape.member), max_size=3)
        case "integer" | "long":
            made = st.integers(-2, 1002)
        case "boolean":
            made = st.booleans()
        case "string" if shape.enum:
            made = st.sampled_from(shape.enum)
        case _:
            made = texts
    return st.one_of(made, made, made, made, made, made, made, made, made, values)


# GetActivityTask would wait for a minute where it is right.
requests = st.sampled_from(sorted(set(OPERATIONS) - {"GetActivityTask"})).flatmap(
    lambda name: st.tuples(st.just(name), fitting(model.input_shape(name)))
)


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests)
def test_any_request_is_answered_or_refused(dev: DevProcess, request: tuple[str, Any]) -> None:
    name, body = request

    status, answer, _ = post(dev, f"AWSStepFunctions.{name}", json.dumps(body).encode())

    assert status == 200 or (status == 400 and answer["__type"] and answer["message"]), (status, answer)
