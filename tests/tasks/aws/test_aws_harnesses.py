"""Tasks that call harnesses of Bedrock AgentCore: a server answers them in AWS's events."""

from __future__ import annotations

import json
import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

import pytest

from stepwright.asl.definition import check
from stepwright.aws import around_harness, clients
from stepwright.tasks import aws
from stepwright.tasks.calls.integration import CallFailed
from tests.tasks.aws_calls import called, use_endpoint

INVOKE: Final = "bedrockagentcore:invokeHarness"
ASKED: Final[dict[str, Any]] = {
    "HarnessArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/clerk-0123456789",
    "Messages": [{"Role": "user", "Content": [{"Text": "What is ordered?"}]}],
}


def event(kind: str, *, of: str = "event", **said: Any) -> bytes:
    """https://smithy.io/2.0/aws/amazon-eventstream.html"""
    named = {":message-type": of, f":{of}-type": kind, ":content-type": "application/json"}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
        for name, value in named.items()
    )
    body = json.dumps(said).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    framed = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + body
    return framed + struct.pack("!I", zlib.crc32(framed))


def begins(role: str = "assistant") -> bytes:
    return event("messageStart", role=role)


def says(text: str, block: int = 0) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=block, delta={"text": text})


def ends(reason: str = "end_turn") -> bytes:
    return event("messageStop", stopReason=reason)


def cost(tokens: int, millis: int) -> bytes:
    usage = {"inputTokens": tokens, "outputTokens": 1, "totalTokens": tokens + 1, "cacheReadInputTokens": 7}
    return event("metadata", usage=usage, metrics={"latencyMs": millis})


class Harness(BaseHTTPRequestHandler):
    """Answers with ``events``, after which it says nothing as long as ``over`` is not set."""

    protocol_version = "HTTP/1.1"
    events: ClassVar[list[bytes]]
    over: ClassVar[threading.Event]
    asked: ClassVar[list[tuple[str, dict[str, str], Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Harness.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response_only(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in Harness.events:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if Harness.over.wait(60) and Harness.events[-1] is not BROKEN_OFF:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


BROKEN_OFF: Final = says("broken off")


@pytest.fixture(autouse=True)
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Harness]]:
    Harness.asked, Harness.over, Harness.events = [], threading.Event(), []
    Harness.over.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Harness)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    use_endpoint(monkeypatch, f"http://127.0.0.1:{server.server_address[1]}")
    yield Harness
    Harness.over.set()
    server.shutdown()
    server.server_close()


async def failed(*events: bytes) -> tuple[str, str]:
    Harness.events = list(events)
    with pytest.raises(CallFailed) as raised:
        await called(INVOKE, ASKED)
    return raised.value.error, raised.value.cause


async def test_the_result_is_the_agents_last_message_and_what_all_its_turns_cost() -> None:
    Harness.events = [
        begins(),
        says("Let me see."),
        event("contentBlockStart", contentBlockIndex=1, start={"toolUse": {"toolUseId": "t", "name": "ask"}}),
        event("contentBlockDelta", contentBlockIndex=1, delta={"toolUse": {"input": "{}"}}),
        ends("tool_use"),
        cost(10, 200),
        begins("user"),
        event("contentBlockDelta", contentBlockIndex=0, delta={"toolResult": [{"text": "two apples"}]}),
        ends("tool_result"),
        begins(),
        event("contentBlockDelta", contentBlockIndex=0, delta={"reasoningContent": {"text": "Hm."}}),
        says("Two ", block=1),
        says("apples.", block=1),
        says("Äpfel!", block=2),
        ends(),
        event("somethingNew", since="a later version"),
        cost(30, 300),
    ]

    result: Any = await called(INVOKE, {**ASKED, "RuntimeSessionId": "s" * 33, "MaxIterations": 3})

    assert result == {
        "Metrics": {"LatencyMs": 500},
        "Output": {
            "Message": {"Content": [{"Text": "Two apples."}, {"Text": "Äpfel!"}], "Role": "assistant"}
        },
        "StopReason": "end_turn",
        "Usage": {"InputTokens": 40, "OutputTokens": 2, "TotalTokens": 42},
    }
    ((path, headers, body),) = Harness.asked
    assert path.startswith("/harnesses/invoke?harnessArn=arn%3Aaws%3Abedrock-agentcore")
    assert headers["x-amzn-bedrock-agentcore-runtime-session-id"] == "s" * 33
    assert "/us-east-1/bedrock-agentcore/" in headers["authorization"]
    assert body == {
        "maxIterations": 3,
        "messages": [{"content": [{"text": "What is ordered?"}], "role": "user"}],
    }


async def test_a_turn_that_ends_with_a_tool_has_no_text() -> None:
    Harness.events = [begins(), ends("tool_use")]

    result: Any = await called(INVOKE, ASKED)

    assert result["Output"]["Message"]["Content"] == []
    assert result["StopReason"] == "tool_use"


async def test_each_task_has_a_conversation_of_its_own_unless_it_names_one() -> None:
    Harness.events = [begins(), ends()]

    for number in (5, 5, 6):
        await called(INVOKE, ASKED, number)

    sessions = [headers["x-amzn-bedrock-agentcore-runtime-session-id"] for _, headers, _ in Harness.asked]
    assert sessions[0] == sessions[1] != sessions[2]
    assert min(map(len, sessions)) >= 33


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("internalServerException", "InternalServerException"),
        ("runtimeClientError", "RuntimeClientErrorException"),
        ("validationException", "ValidationException"),
        ("unheardOf", "BedrockAgentCoreException"),
    ],
)
async def test_what_the_service_says_in_the_middle_of_its_answer_is_the_tasks_error(
    kind: str, error: str
) -> None:
    said, cause = await failed(begins(), says("Well"), event(kind, of="exception", message="the tool broke"))

    assert said == f"BedrockAgentCore.{error}"
    assert kind == "unheardOf" or cause.startswith("the tool broke (Service: BedrockAgentCore; ")


async def test_an_answer_that_ends_too_early_is_none() -> None:
    error, cause = await failed(begins(), says("Well"))
    assert error == "BedrockAgentCore.SdkClientException"
    assert cause == "Unable to execute HTTP request: the answer ended before the agent did"

    error, cause = await failed(begins(), BROKEN_OFF)
    assert error == "BedrockAgentCore.SdkClientException"
    assert cause.endswith(" failed to respond")


async def test_what_is_no_stream_of_events_is_no_answer() -> None:
    damaged = bytearray(says("text"))
    damaged[-6] ^= 1

    for events in ([begins(), bytes(damaged)], [b"<html>" * 10]):
        assert await failed(*events) == (
            "BedrockAgentCore.SdkClientException",
            "Unable to execute HTTP request: the answer cannot be read, so it is not from this service",
        )


async def test_an_agent_that_says_nothing_any_more_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients, "SLOW_ANSWER_SECONDS", 0.3)
    Harness.over.clear()

    error, cause = await failed(begins(), says("Well"))

    assert (error, cause) == (
        "BedrockAgentCore.SdkClientException",
        "Unable to execute HTTP request: Read timed out",
    )
    assert len(Harness.asked) == 1  # an agent that has begun is not begun again


async def test_an_answer_may_be_long_but_not_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(around_harness, "MOST_CHARACTERS", 10)
    turn = [begins(), says("12345"), says("12345"), ends()]
    Harness.events = turn * 5
    assert await called(INVOKE, ASKED)

    error, cause = await failed(*turn, begins(), says("12345"), says("123456"))
    assert (error, cause) == ("States.DataLimitExceeded", "The message is longer than 10 characters.")


def test_its_parameters_are_checked_when_the_definition_is_created() -> None:
    def found(resource: str, parameters: Any) -> list[str]:
        task: Any = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
        definition: Any = {"StartAt": "Ask", "States": {"Ask": task}}
        return [one.message for one in check(definition, task_check=aws.check_for({}))]

    assert found(f"arn:aws:states:::{INVOKE}", ASKED) == []
    (wrong,) = found(f"arn:aws:states:::{INVOKE}", {**ASKED, "MaxIteration": 3})
    assert (
        wrong == "The field 'MaxIteration' is not supported by Step Functions; did you mean 'MaxIterations'?"
    )
    (sync,) = found(f"arn:aws:states:::{INVOKE}.sync", ASKED)
    assert "'bedrockagentcore:invokeHarness' does not support '.sync'" in sync
    (sdk,) = found("arn:aws:states:::aws-sdk:bedrockagentcore:invokeHarness", ASKED)
    assert "Step Functions does not offer the action 'invokeHarness' of 'aws-sdk:bedrockagentcore'" in sdk
