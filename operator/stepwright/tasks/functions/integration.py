"""Functions: called where something stands for them, by Lambda's own Invoke API or as JSON over HTTP.

A call whose answer was lost with the process is repeated: functions are called at least once, as on AWS, unless what stands
for one says otherwise.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import CancelTask
from stepwright.catalog.ports import (
    Function,
    FunctionJob,
    Functions,
    FunctionUnfit,
    NoConnection,
    NoFunction,
)
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.tasks.by_execution import Key
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.calls.slots import MOST_OF_A_HOST, Host
from stepwright.tasks.functions import answers, requests, resources
from stepwright.tasks.functions.answers import NO_CLIENT, NO_FUNCTION, NO_SERVICE
from stepwright.tasks.functions.of_lambda import SERVICE
from stepwright.tasks.functions.requests import Invocation
from stepwright.tasks.functions.sending import NotSent, Sender, TooLarge, Unanswered

UNREACHABLE: Final = "Lambda functions cannot be called"

_FORGOTTEN_MILLIS: Final = 60 * 60 * 1000
"""More than anybody may be waited for."""


class FunctionCalls:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, functions: Functions, clock: Clock) -> None:
        self._functions = functions
        self._clock = clock
        self._sender = Sender()
        self._not_taken: dict[Key, Millis] = {}
        """Since when nobody takes a call, the longest first; also some that were taken since, or given up."""

    async def close(self) -> None:
        await self._sender.close()

    def serves(self, resource: Resource) -> bool:
        return resources.serves(resource)

    def host(self, call: Call) -> str | Host:
        known = self._known(call)
        if known is None:
            return SERVICE  # all of Lambda is one, wherever a connection to it leads
        return Host(known.key, known.most_at_once or MOST_OF_A_HOST)

    def again(self, call: Call) -> Again:
        known = self._known(call)
        return Again.REPEAT if known is None or known.repeats else Again.FAIL

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        cause = "The process that made the call has ended before its answer was recorded: nobody knows whether it took effect."
        return CallFailed(NO_CLIENT, cause)

    async def begin(self, call: Call) -> Answered:
        try:
            invocation = requests.read(call.task)
            function = await self._found(invocation, call)
            return await self._called(function, invocation, call)
        except ValueError as error:  # a line break in a header, half of a character
            raise CallFailed(NO_CLIENT, f"What was given cannot be sent to the function: {error}") from error

    async def find(self, call: Call) -> Answered | None:  # noqa: ARG002
        return None

    async def follow(self, call: Call, begun: Json) -> Answered:  # noqa: ARG002
        raise AssertionError("no pattern of Lambda's waits for an end")

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        pass

    def _known(self, call: Call) -> Function | None:
        name = requests.name_of(call.task)
        known = None if name is None else self._functions.known(name, call.ref.namespace)
        return known if isinstance(known, Function) else None

    async def _found(self, invocation: Invocation, call: Call) -> Function:
        try:
            found = await self._functions.find(invocation.name, call.ref.namespace, call.caller)
        except NoConnection as lacking:
            raise CallFailed(NO_CLIENT, f"{UNREACHABLE}: {lacking}") from lacking
        except NoFunction as lacking:
            raise CallFailed(NO_FUNCTION, str(lacking)) from lacking
        except FunctionUnfit as unfit:
            raise CallFailed(NO_SERVICE, str(unfit)) from unfit
        if not isinstance(found, Function):
            how = "run as a Job" if isinstance(found, FunctionJob) else "be what workers take"
            raise CallFailed(NO_SERVICE, f"{found.shown} has begun to {how} after this call was begun.")
        return found

    async def _called(self, function: Function, invocation: Invocation, call: Call) -> Answered:
        url = requests.url(function, invocation)
        headers = requests.headers(function, invocation, call, self._clock.now())
        try:
            reply = await self._sender.post(
                url,
                await function.signed(url, headers, invocation.payload),
                invocation.payload,
                seconds=function.seconds,
                largest_bytes=function.largest_bytes,
                repeats=function.repeats,
            )
        except NotSent as error:
            raise self._not_sent((call.ref.uid, call.task.task), function, str(error)) from error
        except Unanswered as error:
            raise CallFailed(NO_CLIENT, f"{function.shown} cannot be reached: {error}") from error
        except TooLarge:
            raise answers.too_large(function) from None
        return answers.read(function, reply, direct=invocation.direct, request_id=requests.request_id(call))

    def _not_sent(self, key: Key, function: Function, why: str) -> Exception:
        """The call may be made again until somebody has had time to be there: a pod that begins, the first of a Deployment
        that had none."""
        now = self._clock.now()
        while self._not_taken and now - next(iter(self._not_taken.values())) > _FORGOTTEN_MILLIS:
            del self._not_taken[next(iter(self._not_taken))]
        if now - self._not_taken.setdefault(key, now) < function.connect_seconds * 1000:
            return Unavailable(f"{function.shown} cannot be reached: {why}")
        del self._not_taken[key]
        return CallFailed(NO_CLIENT, f"{function.shown} cannot be reached: {why}")
