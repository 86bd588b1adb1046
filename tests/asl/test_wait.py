"""Wait: four ways to say until when."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import TimerFired, TimerId
from stepwright.asl.step import SetTimer
from tests.asl.virtual_time import START, begin, run, states

WHERE = "An error occurred while executing the state 'W' (entered at the event id #2). "

NO_TIMESTAMP = "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: "


@pytest.mark.parametrize(
    ("fields", "given", "seconds"),
    [
        ({"Seconds": 5}, {}, 5),
        ({"SecondsPath": "$.s"}, {"s": 7}, 7),
        ({"Timestamp": "2023-11-14T22:14:20Z"}, {}, 60),
        ({"Timestamp": "2023-11-14T23:14:20+01:00"}, {}, 60),
        ({"TimestampPath": "$.t"}, {"t": "2023-11-14T22:13:21.5Z"}, 1.5),
        ({"TimestampPath": "$.t"}, {"t": "2023-11-14T22:13:21.123456789Z"}, 1.123),
    ],
)
def test_when_a_wait_ends(fields: dict[str, Any], given: Any, seconds: float) -> None:
    play = begin(states("W", W={"Type": "Wait", **fields}), given)

    assert play.commands == [SetTimer(TimerId("wait:2"), START + int(seconds * 1000))]  # type: ignore[arg-type]
    assert play.types[-1] == "WaitStateEntered"
    play.fire_next()
    assert play.chain[2:] == [(3, 2, "WaitStateExited"), (4, 3, "ExecutionSucceeded")]


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({"Seconds": 0}, {}),
        ({"SecondsPath": "$.s"}, {"s": 0}),
        ({"Timestamp": "2016-08-18T17:33:00Z"}, {}),
        ({"TimestampPath": "$.t"}, {"t": "2023-11-14T22:13:20Z"}),
    ],
)
def test_a_moment_that_has_passed_is_not_waited_for(fields: dict[str, Any], given: Any) -> None:
    play = begin(states("W", W={"Type": "Wait", **fields}), given)

    assert play.outcome is not None
    assert play.commands == []


@pytest.mark.parametrize(
    ("fields", "given", "cause"),
    [
        (
            {"SecondsPath": "$.s"},
            {"s": 1.5},
            "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5",
        ),
        (
            {"SecondsPath": "$.s"},
            {"s": "5"},
            "The SecondsPath parameter cannot be parsed as a long value: $.s == 5",
        ),
        ({"SecondsPath": "$.s"}, {}, "The SecondsPath parameter does not reference an input value: $.s"),
        (
            {"SecondsPath": "$.s"},
            {"s": -1},
            "The SecondsPath parameter refers to a negative number: $.s == -1",
        ),
        ({"SecondsPath": "$.s"}, {"s": 2**31}, "Wait state delay is too long."),
        (
            {"TimestampPath": "$.t"},
            {"t": "2016-13-05T21:29:29Z"},
            NO_TIMESTAMP + "$.t == 2016-13-05T21:29:29Z",
        ),
        (
            {"TimestampPath": "$.t"},
            {"t": 5},
            NO_TIMESTAMP + "$.t == 5",
        ),
        ({"TimestampPath": "$.t"}, {}, "The TimestampPath parameter does not reference an input value: $.t"),
        ({"TimestampPath": "$.t"}, {"t": "9999-01-01T00:00:00Z"}, "Wait state delay is too long."),
        ({"TimestampPath": "$.t"}, {"t": "9999-12-31T23:59:59.999Z"}, "Wait state delay is too long."),
        (
            # An instant that clocks do not show.
            {"TimestampPath": "$.t"},
            {"t": "2016-12-31T23:59:60Z"},
            NO_TIMESTAMP + "$.t == 2016-12-31T23:59:60Z",
        ),
    ],
)
def test_what_cannot_be_waited_for(fields: dict[str, Any], given: Any, cause: str) -> None:
    play = run(states("W", W={"Type": "Wait", **fields}), given)

    assert play.outcome is not None
    assert (play.outcome.error, play.outcome.cause) == ("States.Runtime", WHERE + cause)
    assert play.types[1:] == ["WaitStateEntered", "ExecutionFailed"]


def test_the_longest_wait() -> None:
    play = begin(states("W", W={"Type": "Wait", "SecondsPath": "$.s"}), {"s": 2**31 - 1})

    assert play.outcome is None


def test_the_due_time_is_kept_not_counted_again() -> None:
    play = begin(states("W", W={"Type": "Wait", "Seconds": 60}))
    play.now += 59_000  # type: ignore[assignment]
    play.fire_next()

    assert play.now == START + 60_000


def test_the_timer_of_an_earlier_wait_does_not_end_a_later_one() -> None:
    wait = {"Type": "Wait", "Seconds": 5}
    play = begin(states("A", A={**wait, "Next": "B"}, B=wait))
    play.fire_next()

    assert play.send(TimerFired(TimerId("wait:2"))).events == []
    assert play.outcome is None
