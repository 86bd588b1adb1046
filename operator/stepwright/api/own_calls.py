"""The operations as tasks call them: from inside the process, in the form of Step Functions' SDK
integrations.

Names begin with a capital letter there, and JSON may be given where the API wants its text.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from msgspec import structs

from stepwright.api import dispatch, errors, model, store_errors
from stepwright.api.errors import ApiError
from stepwright.api.operations import OPERATIONS
from stepwright.api.service import ForExecutions, Operation, Service
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.aws import names
from stepwright.catalog import arns
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import CallingTask, CallRefused
from stepwright.engine.ports import StopRequest, Uid, Unavailable

_JSON_TEXT: Final = "SensitiveData"
"""The names of shapes in botocore's model that hold JSON as text: inputs and outputs."""


def serves(operation: str) -> bool:
    """In any pattern."""
    return _plain(operation) in OPERATIONS


S = TypeVar("S", bound=ForExecutions)


class OwnCalls(Generic[S]):
    """Implements ``catalog.ports.Calls``. ``of``: what a task calls; the first id that this gives out is that of the call, and the
    same task gets the same ids again."""

    def __init__(self, operations: Mapping[str, Operation[S]], of: Callable[[CallingTask], S]) -> None:
        self._operations: Final = operations
        self._of: Final = of

    def serves(self, operation: str) -> bool:
        return _plain(operation) in self._operations

    async def call(
        self,
        operation: str,
        parameters: Json,
        *,
        by: CallingTask,
        caller: Caller,
        moment: Callable[[Millis], Json],
    ) -> dict[str, Json]:
        name = _name(operation)
        own = structs.replace(self._of(by), caller=caller, place=arns.place_of(by.ref.arn))
        await dispatch.model_loaded(own)
        try:
            given = _request(model.input_shape(name), parameters, "")
            answer = await dispatch.perform(self._operations, own, name, given)
        except ApiError as error:
            raise _refusal(error) from error
        shown: dict[str, Json] = _answer(model.output_shape(name), answer, moment)
        return shown

    async def is_express(self, arn: str, by: CallingTask) -> bool:
        own = self._of(by)
        await dispatch.model_loaded(own)
        try:
            machine = await own.machines.machine(arns.unqualified(arn.partition("#")[0])[0])
        except store_errors.CONDITIONS as condition:
            raise _refusal(store_errors.answer(condition)) from condition
        return machine is not None and machine.type == "EXPRESS"

    async def until_ended(self, arn: str, by: CallingTask) -> None:
        await self._of(by).executions.until_ended(arn)

    async def stop(self, by: CallingTask) -> None:
        own = self._of(by)
        await own.executions.ask_to_stop(Uid(own.new_id()), StopRequest())


def of_any_task(service: Service) -> OwnCalls[Service]:
    """All tasks call the same."""

    def of(by: CallingTask) -> Service:
        return structs.replace(service, new_id=ids(begun_uid(by.ref.uid, by.task)))

    return OwnCalls(OPERATIONS, of)


def _refusal(error: ApiError) -> CallRefused | Unavailable:
    if error.passes:
        return Unavailable(error.message)
    return CallRefused(error.code, error.message, error.status, known=model.knows_error(error.code))


def ids(once: str) -> Callable[[], str]:
    """The first one is ``once`` itself; repeating the same call gives the same ids."""
    numbers = itertools.count()

    def new_id() -> str:
        number = next(numbers)
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{once}/{number}")) if number else once

    return new_id


def _name(operation: str) -> str:
    """As the API has it: ``StartExecution`` for ``startExecution``."""
    return f"{operation[:1].upper()}{operation[1:]}"


def _plain(operation: str) -> str:
    """Without its pattern (``.sync``)."""
    return _name(operation.partition(".")[0])


def _request(shape: Any, value: Json, where: str) -> Any:
    """In the API's form; anything that does not fit is left for the API to refuse."""
    match value:
        case dict() if shape.type_name == "structure":
            members = {names.member(name): name for name in shape.members}
            for name in value:
                if name not in members:
                    raise errors.validation(
                        f"There is no parameter '{where}{name}'; there are: {', '.join(sorted(members))}"
                    )
            return {
                members[name]: _request(shape.members[members[name]], member, f"{where}{name}.")
                for name, member in value.items()
            }
        case list() if shape.type_name == "list":
            return [_request(shape.member, item, where) for item in value]
        case dict() | list() if shape.type_name == "string":
            return jsontext.dump(value)
        case int() | float() if shape.name == _JSON_TEXT:  # true and false, too
            return jsontext.dump(value)
    return value


def _answer(shape: Any, value: Any, moment: Callable[[Millis], Json]) -> Any:
    """The names are in the recorded order."""
    match shape.type_name:
        case "structure":
            return {
                names.member(name): _answer(shape.members[name], member, moment)
                for name, member in sorted(value.items())
            }
        case "list":
            return [_answer(shape.member, item, moment) for item in value]
        case "timestamp":
            return moment(Millis(round(value * 1000)))
        case _:
            return value
