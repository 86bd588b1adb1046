"""One visit of one state: begun, given the outcome of its work, and left; what comes next is reported, not
done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.checkpoint.parts import HEAD, ROOT, START, Branch, Head, Identity, Start, branch_id
from stepwright.asl.failure import errors, failures, matching
from stepwright.asl.failure.errors import StateError
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import catch, failing, transitions
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.states import choice, fail, pass_, succeed, task, wait
from stepwright.asl.json_types import Json
from stepwright.asl.limits import Limits
from stepwright.asl.machine import Choice, Fail, Machine, Map, Parallel, Pass, State, Succeed, Task, Wait
from stepwright.asl.signals import Millis, Moment
from stepwright.asl.test_state import alone, stages
from stepwright.asl.test_state import mock as mocks
from stepwright.asl.test_state.mock import Mock
from stepwright.asl.test_state.select import Selected
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.asl.text.payload import Payload

Status = Literal["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"]

_BEGIN: Final[Mapping[type[State], Callable[[Draft, Branch, Any], None]]] = {
    Pass: pass_.begin,
    Task: task.begin,
    Choice: choice.begin,
    Wait: wait.begin,
    Succeed: succeed.begin,
    Fail: fail.begin,
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is assumed to have happened before.

    ``retrier_retry_count``: how often the retrier that matches has been used. ``iteration_failure_count``: how many
    iterations of the Map failed; None: nothing is said. ``item_reader_data``: the content that its ItemReader finds.
    """

    retrier_retry_count: int = 0
    iteration_failure_count: int | None = None
    item_reader_data: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``inspection`` has the fields of AWS's ``inspectionData``, documents as payloads."""

    status: Status
    output: Payload | None
    error: str | None
    cause: str | None
    next_state: str | None
    inspection: Mapping[str, Payload | float | Mapping[str, int]]


class Trial:
    """Made for one test. ``begin`` gives the verdict unless the state waits: then ``wake``, ``succeed`` or ``fail`` does."""

    def __init__(
        self,
        selected: Selected,
        input: Payload,
        *,
        context: Mapping[str, Json],
        variables: Mapping[str, Json],
        configuration: Configuration,
        mock: Mock | None,
        moment: Moment,
    ) -> None:
        """Raises ``Refused`` if the state cannot be tested with the mock, or without one."""
        mocks.check(selected, mock)
        self._selected = selected
        self._state = selected.state
        self._input = input
        self._context = context
        self._variables = {name: Payload(value) for name, value in variables.items()}
        self._configuration = configuration
        self._mock = mock
        self._moment = moment
        self._draft, self._branch = self._entered()
        self._result: Payload | None = None
        self._failure: Failure | None = None

    @property
    def call(self) -> tuple[Machine, Payload]:
        """A machine that calls the awaited task, and its input."""
        state = self._state
        assert isinstance(state, Task)
        call = open_work.start_task(state, self._branch)
        return alone.machine(state, call), Payload(call.input)

    @property
    def due(self) -> Millis | None:
        """When a Wait state ends."""
        return None if self._branch.timer is None else self._branch.timer.due

    def begin(self) -> Verdict | None:
        """None: the state waits."""
        state, mock = self._state, self._mock
        if not self._attempt(self._begin):
            return self._verdict()
        if mock is not None:
            return self.succeed(mock.result) if mock.result is not None else self._fail_with(mock.failure)
        if self._branch.task is not None or (isinstance(state, Wait) and self._branch.timer is not None):
            return None
        return self._verdict()

    def succeed(self, result: Payload) -> Verdict:
        """The work of the state has given its result."""
        state = self._state
        assert isinstance(state, Task | Map | Parallel)
        failed = self._configuration.iteration_failure_count
        beyond = (
            isinstance(state, Map)
            and failed is not None
            and stages.exceeded(
                self._draft, self._branch, state, self._configuration.item_reader_data, failed
            )
        )
        if beyond:
            return self._fail_with(failures.THRESHOLD_EXCEEDED)
        self._result = result
        self._attempt(lambda: transitions.leave_with_result(self._draft, self._branch, state, result))
        return self._verdict()

    def fail(self, failure: Failure) -> Verdict:
        """The work of the state has failed."""
        return self._fail_with(failure)

    def wake(self) -> Verdict:
        """The time of a Wait state has come."""
        state = self._state
        assert isinstance(state, Wait)
        self._attempt(lambda: wait.resume(self._draft, self._branch, state, None))
        return self._verdict()

    def _entered(self) -> tuple[Draft, Branch]:
        """A draft as it is when the state has just been entered."""
        identity = Identity(
            uid="", execution_id="", name="", role_arn="", state_machine_id="", state_machine_name=""
        )
        empty = Checkpoint(
            {START: Start(identity, self._input, self._moment.now), HEAD: Head(next_branch=ROOT + 1)}
        )
        draft = Draft(self._selected.machine, empty, self._moment, Limits(), new=True)
        draft.context_object = self._context
        branch = Branch(
            number=ROOT,
            scope=self._selected.scope,
            state=self._state.name,
            input=self._input,
            previous=0,
            variables=self._variables,
        )
        draft.checkpoint.put(branch_id(ROOT), branch)
        transitions.enter(draft, branch, self._state)
        return draft, branch

    def _begin(self) -> None:
        begin = _BEGIN.get(type(self._state))
        if (
            begin is None
        ):  # a Map or Parallel, whose branches a mock stands for: only its own fields are evaluated
            for _ in self._before(self._draft, self._branch):
                pass
        else:
            begin(self._draft, self._branch, self._state)

    def _before(self, draft: Draft, branch: Branch) -> Iterator[stages.Stage]:
        yield "input", branch.input
        yield from stages.before(draft, branch, self._state, self._configuration.item_reader_data)

    def _attempt(self, go_on: Callable[[], None]) -> bool:
        """Whether it succeeded. AWS gives causes here without the sentence about state and event around
        them."""
        try:
            go_on()
        except StateError as error:
            self._fail_with(Failure(error.error, error.cause))
            return False
        except InvalidJson as error:
            self._fail_with(Failure(errors.RUNTIME, str(error)))
            return False
        return True

    def _fail_with(self, failure: Failure | None) -> Verdict:
        failure = failure or Failure(None, None)
        self._failure = failure
        branch, state = self._branch, self._state
        branch.task = branch.timer = None
        if isinstance(state, Task | Map | Parallel):
            branch.retries = (self._configuration.retrier_retry_count,) * len(state.retry)
        failing.fail(self._draft, branch, state, failure)
        return self._verdict()

    def _verdict(self) -> Verdict:
        draft, branch = self._draft, self._branch
        left = branch.phase == "enter"
        outcome = draft.outcome
        status: Status
        output, error, cause = branch.input, None, None
        if self._failure is not None:
            error, cause = self._failure.error, self._failure.cause
        if branch.timer is not None:
            status = "RETRIABLE"
        elif left or (outcome is not None and outcome.status == "SUCCEEDED"):
            status = "SUCCEEDED" if self._failure is None else "CAUGHT_ERROR"
        else:
            status = "FAILED"
            if outcome is not None:
                error, cause = outcome.error, outcome.cause
        return Verdict(
            status=status,
            output=output if status in ("SUCCEEDED", "CAUGHT_ERROR") else None,
            error=error,
            cause=cause,
            next_state=branch.state if left else None,
            inspection=self._inspected(),
        )

    def _inspected(self) -> dict[str, Payload | float | Mapping[str, int]]:
        """Evaluated again, with the same randomness, as far as the state got."""
        found: dict[str, Payload | float | Mapping[str, int]] = {}
        draft, branch = self._entered()
        try:
            found.update(self._before(draft, branch))
            if self._result is not None:
                found.update(stages.after(draft, branch, self._state, self._result))
        except (StateError, InvalidJson):
            pass  # the verdict reports it
        if self._branch.variables:
            values = {name: value.value for name, value in self._branch.variables.items()}
            found["variables"] = Payload(values)
        details = self._error_details()
        if details:
            found["errorDetails"] = details
        return found

    def _error_details(self) -> dict[str, int]:
        """Which retrier and which catcher match the failure."""
        state, failure = self._state, self._failure
        if failure is None or not isinstance(state, Task | Map | Parallel):
            return {}
        details = {}
        for index, retrier in enumerate(state.retry):
            if matching.matches(retrier.error_equals, failure):
                details["retryIndex"] = index
                break
        if self._branch.timer is not None:
            details["retryBackoffIntervalSeconds"] = (self._branch.timer.due - self._moment.now) // 1000
            return details
        catcher = catch.find(state.catch, failure)
        if catcher is not None:
            details["catchIndex"] = next(i for i, one in enumerate(state.catch) if one is catcher)
        return details
