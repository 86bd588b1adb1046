"""TestState: what a single state does with an input, with mocks in place of what it would call."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any, Final

from stepwright.api import errors, settings, subjects
from stepwright.api.errors import ApiError
from stepwright.api.service import Answer, Operation, Request, Service
from stepwright.asl import test_state
from stepwright.asl.checkpoint.parts import Identity
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.failure.matching import Failure
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.machine import Task
from stepwright.asl.signals import Moment
from stepwright.asl.test_state import (
    Configuration,
    Mock,
    Refused,
    Selected,
    Trial,
    Verdict,
    alone,
    context_object,
)
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.asl.text.payload import Payload, of_text

_LONGEST_MILLIS: Final = alone.LONGEST_SECONDS * 1000
"""AWS gives a test five minutes."""


async def run(service: Service, request: Request) -> Answer:
    try:
        return await _run(service, request)
    except Refused as refused:
        raise ApiError(refused.code, str(refused)) from refused
    except InvalidDefinition as error:
        raise errors.invalid_definition(error.diagnostics) from error


async def _run(service: Service, request: Request) -> Answer:
    # A state may compute until its budget is used up, and nobody else should wait for that.
    trial, verdict = await service.beside.call(partial(_begun, service, request))
    if verdict is None:
        verdict = await _waited(service, trial, request.get("roleArn", ""))
    return _answer(verdict, request.get("inspectionLevel", "INFO"))


def _begun(service: Service, request: Request) -> tuple[Trial, Verdict | None]:
    if "roleArn" in request:
        settings.check_role(request["roleArn"])
    input = Payload(*_input(request))
    selected = test_state.select(request["definition"], request.get("stateName"), service.new_task_check())
    mock = _mock(request)
    if mock is None:
        _check_alone(request)
    now = service.clock.now()
    configuration = _configuration(request)
    trial = Trial(
        selected,
        input,
        context=_context(service, request, selected, input, configuration),
        variables=_object(request, "variables"),
        configuration=configuration,
        mock=mock,
        moment=Moment(now, int.from_bytes(hashlib.sha256(service.new_id().encode()).digest()[:8])),
    )
    if mock is None:
        _check_role(request, selected)
    else:
        _check_result(selected, mock)
    return trial, trial.begin()


async def _waited(service: Service, trial: Trial, role_arn: str) -> Verdict:
    if trial.due is None:
        return await _called(service, trial, role_arn)
    remaining = trial.due - service.clock.now()
    await service.clock.sleep(min(remaining, _LONGEST_MILLIS) / 1000)
    if remaining > _LONGEST_MILLIS:
        return await service.beside.call(partial(trial.fail, Failure("States.Timeout", None)))
    return await service.beside.call(trial.wake)


async def _called(service: Service, trial: Trial, role_arn: str) -> Verdict:
    """Without a mock a task is really called."""
    if service.express is None:
        raise errors.validation(f"TestState calls no tasks{service.where}: give it a mock")
    name = service.new_id()
    identity = Identity(
        uid=service.new_id(),
        execution_id=service.place.express(name, name, name),
        name=name,
        role_arn=role_arn,
        state_machine_id=service.place.state_machine(name),
        state_machine_name=name,
        synchronous=True,
    )
    machine, input = trial.call
    outcome = await service.express.run_machine(machine, identity, input.text)
    if outcome.status == "SUCCEEDED":
        assert outcome.output is not None
        return await service.beside.call(partial(trial.succeed, of_text(outcome.output)))
    return await service.beside.call(partial(trial.fail, Failure(outcome.error, outcome.cause)))


# --- What is given ----------------------------------------------------------------------------------------------------


def _input(request: Request) -> tuple[Json, JsonText]:
    text = request.get("input", "{}")
    try:
        return jsontext.parse(text), JsonText(text)
    except InvalidJson as error:
        raise errors.invalid_input(str(error)) from error


def _json(text: str, what: str) -> Any:
    try:
        return jsontext.parse(text)
    except InvalidJson as error:
        raise errors.validation(f"{what} must be valid JSON") from error


def _object(request: Request, name: str) -> dict[str, Json]:
    value = _json(request.get(name, "{}"), name)
    if not isinstance(value, dict):
        raise errors.validation(f"{name} must be a JSON object")
    return value


def _mock(request: Request) -> Mock | None:
    given = request.get("mock")
    if given is None:
        return None
    result, error = given.get("result"), given.get("errorOutput")
    if (result is None) == (error is None):
        raise errors.validation(
            "A test mock should have only one of the following fields: [result, errorOutput]."
        )
    mode = given.get("fieldValidationMode", "STRICT")
    if error is not None:
        if "error" not in error:
            raise errors.validation("The error of a mocked errorOutput must be specified.")
        return Mock(failure=Failure(error.get("error"), error.get("cause")), mode=mode)
    return Mock(result=Payload(_json(result, "Mocked result"), JsonText(result)), mode=mode)


def _configuration(request: Request) -> Configuration:
    given = request.get("stateConfiguration", {})
    return Configuration(
        retrier_retry_count=given.get("retrierRetryCount", 0),
        iteration_failure_count=given.get("mapIterationFailureCount"),
        item_reader_data=given.get("mapItemReaderData"),
    )


def _context(
    service: Service, request: Request, selected: Selected, input: Payload, configuration: Configuration
) -> dict[str, Json]:
    if "context" in request:
        return dict(context_object.check(_json(request["context"], "context"), selected.state))
    machine, execution = service.new_id(), service.new_id()
    return dict(
        context_object.default(
            selected.state,
            input.value,
            service.clock.now(),
            execution=(service.place.express(machine, execution, "").rstrip(":"), execution),
            machine=(service.place.state_machine(machine), machine),
            role_arn=request.get("roleArn"),
            retry_count=configuration.retrier_retry_count,
            token=service.new_id(),
        )
    )


# --- What is refused --------------------------------------------------------------------------------------------------


def _check_alone(request: Request) -> None:
    """Refuses what makes sense only with a mock."""
    given = ["Context"] if "context" in request else []
    given += [f"{name[0].upper()}{name[1:]}" for name in request.get("stateConfiguration", {})]
    if given:
        raise errors.validation(f"TestState does not support {given[0]} when a mock is not specified.")


def _check_role(request: Request, selected: Selected) -> None:
    state = selected.state
    if not isinstance(state, Task):
        return
    if "roleArn" not in request:
        raise errors.validation("RoleArn must be specified when testing a Task state")
    if state.resource.pattern or state.resource.kind == "activity":
        raise errors.validation(
            "TestState does not support activities and the '.sync' and '.waitForTaskToken' "
            "service integration patterns when a mock is not specified."
        )


def _check_result(selected: Selected, mock: Mock) -> None:
    """The result of a service must look like its own, as far as the mock's mode demands."""
    if mock.result is None or mock.mode == "NONE" or not isinstance(selected.state, Task):
        return
    # Imported here: botocore takes long to import, and only a mocked result needs all of it.
    from stepwright.aws import results  # noqa: PLC0415

    problem = results.problem(selected.state.resource, mock.result.value, strict=mock.mode == "STRICT")
    if problem is not None:
        raise errors.validation(f"Mock result schema validation error: {problem}")


# --- What is answered -------------------------------------------------------------------------------------------------


def _answer(verdict: Verdict, level: str) -> Answer:
    answer: Answer = {"status": verdict.status}
    told = {
        "output": None if verdict.output is None else verdict.output.text,
        "error": verdict.error,
        "cause": verdict.cause,
        "nextState": verdict.next_state,
    }
    answer |= {name: value for name, value in told.items() if value is not None}
    if level != "INFO":
        answer["inspectionData"] = {
            name: value.text if isinstance(value, Payload) else value
            for name, value in verdict.inspection.items()
        }
    return answer


OPERATIONS: Final[dict[str, Operation[Service]]] = {"TestState": Operation(run, subjects.machines)}
