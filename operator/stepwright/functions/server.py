"""An HTTP server for one handler that speaks Lambda's Invoke API, as TaskTemplates call it with the protocol lambda.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. Whatever name is in the path, it means this function. Calls beyond
those that may run at once wait for their turn.
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import Callable
from typing import Final

from aiohttp import web

from stepwright.functions import handlers
from stepwright.functions.handlers import Context, Handler, Outcome
from stepwright.functions.running import Running

INVOCATIONS: Final = "/2015-03-31/functions/{name}/invocations"
LARGEST_EVENT_BYTES: Final = 6 * 1024 * 1024
"""As Lambda has it. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
DRAIN_SECONDS: Final = 25.0
"""How long calls under way may take once the process is told to end: Kubernetes kills it after 30 s."""


class FunctionServer:
    """``at_once``: how many calls run at the same time."""

    def __init__(self, handler: Handler, name: str, at_once: int = 1) -> None:
        self._running = Running(handler, at_once)
        self._name = name
        self._beside: set[asyncio.Task[Outcome]] = set()
        """Calls whose callers do not wait."""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_EVENT_BYTES)
        app.router.add_post(INVOCATIONS, self._invoke)
        app.router.add_get("/healthz", self._healthy)
        return app

    async def close(self) -> None:
        """Return once all calls have ended."""
        await asyncio.gather(*self._beside)
        self._running.close()

    async def _healthy(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _invoke(self, request: web.Request) -> web.Response:
        body = await request.read()
        context = self._context(request)
        headers = {"x-amzn-RequestId": context.aws_request_id}
        try:
            event = handlers.event_of(body)
        except ValueError as error:
            said = {"Type": "User", "message": f"Could not parse request body into json: {error}"}
            return web.json_response(
                said, status=400, headers={**headers, "x-amzn-ErrorType": "InvalidRequestContentException"}
            )
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return web.Response(status=204, headers=headers)
        if kind == "Event":
            running = asyncio.create_task(self._running.call(event, context))
            self._beside.add(running)
            running.add_done_callback(self._beside.discard)
            return web.Response(status=202, headers=headers)
        outcome = await self._running.call(event, context)
        headers["X-Amz-Executed-Version"] = context.function_version
        if outcome.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        return web.Response(body=outcome.body, content_type="application/json", headers=headers)

    def _context(self, request: web.Request) -> Context:
        headers = {name.lower(): value for name, value in request.headers.items()}
        deadline = headers.get("lambda-runtime-deadline-ms", "")
        return Context(
            function_name=self._name,
            aws_request_id=headers.get("x-amzn-requestid") or str(uuid.uuid4()),
            function_version=request.query.get("Qualifier", "$LATEST"),
            client_context=handlers.client_context(headers.get("x-amz-client-context")),
            deadline=int(deadline) if deadline.isascii() and deadline.isdigit() else None,
            headers=headers,
        )


async def serve(
    handler: Handler, name: str, host: str, port: int, at_once: int, tell: Callable[[str], None]
) -> None:
    """Until SIGTERM or SIGINT. Raises OSError if it cannot listen."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = FunctionServer(handler, name, at_once)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    bound = runner.addresses[0][1]
    tell(f"{name} is served on http://{host}:{bound}{INVOCATIONS.format(name='function')}")
    await stopped.wait()
    await runner.cleanup()
    await server.close()
