"""What Step Functions makes of calls of harnesses, which are agents that Bedrock AgentCore runs
(``arn:aws:states:::bedrockagentcore:invokeHarness``): the service answers in events as the agent goes on, the task's result is
the last message that they tell.

Everything but the answer is the service's own model. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrockagentcore.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from stepwright.aws.calling import AnswerTooLarge, NoAnswer

NAME: Final = "bedrockagentcore"
"""Of the model; botocore has none of that name."""
AROUND: Final = "bedrock-agentcore"
INVOKE: Final = "InvokeHarness"
SESSION: Final = "runtimeSessionId"

_COUNTS: Final = ("inputTokens", "outputTokens", "totalTokens")
_ASSISTANT: Final = "assistant"
MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""Of one message. A task's result may have 256 KiB."""


def model(agentcore: Mapping[str, Any]) -> dict[str, Any]:
    """``agentcore``: the service's model, as botocore's files have it."""
    shapes = agentcore["shapes"]
    operation = agentcore["operations"][INVOKE]
    given = shapes[operation["input"]["shape"]]
    usage = shapes["HarnessTokenUsage"]["members"]

    def structure(**members: str) -> dict[str, Any]:
        return {"type": "structure", "members": {name: {"shape": shape} for name, shape in members.items()}}

    own = {
        # As in AWS's examples; a task has a session of its own then.
        "InvokeInput": {**given, "required": [name for name in given["required"] if name != SESSION]},
        "InvokeOutput": structure(
            output="InvokeMessageOutput",
            stopReason="HarnessStopReason",
            usage="InvokeUsage",
            metrics="HarnessStreamMetrics",
        ),
        "InvokeMessageOutput": structure(message="InvokeMessage"),
        "InvokeMessage": structure(role="HarnessConversationRole", content="InvokeContents"),
        "InvokeContents": {"type": "list", "member": {"shape": "InvokeContent"}},
        "InvokeContent": structure(text="SensitiveText"),
        "InvokeUsage": structure(**{name: usage[name]["shape"] for name in _COUNTS}),
    }
    invoke = {**operation, "input": {"shape": "InvokeInput"}, "output": {"shape": "InvokeOutput"}}
    return {**agentcore, "operations": {INVOKE: invoke}, "shapes": {**shapes, **own}}


def joined(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The members of the output, of the service's events as they come. Raises NoAnswer where they end before the agent does,
    AnswerTooLarge."""
    texts: defaultdict[int, list[str]] = defaultdict(list)
    """Of the last message of the assistant, in pieces, by its blocks: those without text are calls of tools, or thoughts."""
    counts = dict.fromkeys(_COUNTS, 0)
    size = latency = 0
    reason, speaks, ended = None, False, False
    for event in events:
        match event:
            case {"messageStart": {"role": role}}:
                speaks, ended = role == _ASSISTANT, False
                if speaks:
                    texts.clear()
                    size = 0
            case {"contentBlockDelta": {"contentBlockIndex": block, "delta": {"text": text}}} if speaks:
                texts[block].append(text)
                size += len(text)
                if size > MOST_CHARACTERS:
                    raise AnswerTooLarge(f"the message is longer than {MOST_CHARACTERS:,} characters")
            case {"messageStop": {"stopReason": reason}}:
                ended = True
            case {"metadata": metadata}:
                counts = {name: count + metadata["usage"].get(name, 0) for name, count in counts.items()}
                latency += metadata["metrics"].get("latencyMs", 0)
    if not ended:
        raise NoAnswer("the answer ended before the agent did")
    content = [{"text": "".join(texts[block])} for block in sorted(texts)]
    return {
        "output": {"message": {"role": _ASSISTANT, "content": content}},
        "stopReason": reason,
        "usage": counts,
        "metrics": {"latencyMs": latency},
    }
