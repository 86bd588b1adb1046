"""How data flows through a state.

In JSONPath InputPath, Parameters, ResultSelector, ResultPath, OutputPath and Assign decide that, in JSONata Arguments,
Output and Assign. If a function serves both, the fields that exist only in the other language have their defaults.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.data import Data, Expression, Selection, States
from stepwright.asl.failure import failures
from stepwright.asl.interpreter import context, variables
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.machine import State, Target
from stepwright.asl.signals import TaskId
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import EMPTY_OBJECT, Payload

NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})


def data(
    draft: Draft,
    branch: Branch,
    state: State,
    document: Payload,
    *,
    task: TaskId | None = None,
    item: tuple[int, Json] | None = None,
) -> Data:
    """What an expression of this state may look at while ``document`` is its ``$``. ``task``: see ``context.build``."""
    return Data(
        document.value,
        context.build(draft, branch, state, task=task, item=item),
        variables.in_sight(draft, branch),
        lambda: draft.random,
        draft.meter,
    )


def states(
    draft: Draft,
    branch: Branch,
    state: State,
    *,
    task: TaskId | None = None,
    item: tuple[int, Json] | None = None,
    given: Mapping[str, Json] = NOTHING,
) -> States:
    """What a JSONata expression of this state may look at. ``given``: ``result`` or ``errorOutput``."""
    return States(
        branch.input.value,
        lambda: context.build(draft, branch, state, task=task, item=item),
        variables.in_sight(draft, branch),
        draft.now,
        lambda: draft.random,
        given,
        draft.meter,
    )


def select(draft: Draft, branch: Branch, state: State, path: Selection | None, document: Payload) -> Payload:
    """InputPath or OutputPath. None stands for null, which gives ``{}``."""
    if path is None:
        return EMPTY_OBJECT
    if path.is_identity:
        return document
    return Payload(path.evaluate(data(draft, branch, state, document)))


def effective_input(draft: Draft, branch: Branch, state: State) -> Payload:
    path = state.input_path
    if path is not None and path.is_identity:
        return branch.input
    return select(draft, branch, state, path, branch.input)


def shape(
    draft: Draft,
    branch: Branch,
    state: State,
    template: Expression | None,
    document: Payload,
    *,
    task: TaskId | None = None,
) -> Payload:
    """Parameters, ResultSelector or Arguments; without one the document itself."""
    if template is None:
        return document
    constant: Payload | None = getattr(template, "constant", None)
    if constant is not None:
        return constant
    if state.query_language == "JSONata":
        return Payload(template.evaluate(states(draft, branch, state, task=task)))
    return Payload(template.evaluate(data(draft, branch, state, document, task=task)))


def place(target: Target | None, raw_input: Payload, result: Payload) -> Payload:
    """ResultPath: the result in the state's input as it came. None stands for null, which drops the result."""
    if target is None:
        return raw_input
    if target.is_identity:
        return result
    return Payload(target.put(raw_input.value, result.value))


def assigned(
    draft: Draft, branch: Branch, state: State, assign: Expression, document: Payload
) -> dict[str, Payload]:
    """The variables that the state assigns; ``document`` is its result, or its input if it has no result."""
    values = assign.evaluate(data(draft, branch, state, document))
    assert isinstance(values, dict)
    return {name: Payload(value) for name, value in values.items()}


def left_with(
    draft: Draft,
    branch: Branch,
    state: State,
    default: Payload,
    *,
    output: Expression | None,
    assign: Expression | None,
    given: Mapping[str, Json] = NOTHING,
) -> tuple[Payload, dict[str, Payload] | None]:
    """JSONata: what Output and Assign give; both see the variables as they were before. Without Output the first is
    ``default``."""
    if output is None and assign is None:
        return default, None
    sight = states(draft, branch, state, given=given)
    variables = None
    if assign is not None:
        values = assign.evaluate(sight)
        assert isinstance(values, dict)
        variables = {name: Payload(value) for name, value in values.items()}
    return default if output is None else _evaluated(output, sight), variables


def _evaluated(template: Expression, sight: States) -> Payload:
    constant: Payload | None = getattr(template, "constant", None)
    return Payload(template.evaluate(sight)) if constant is None else constant


def fits(draft: Draft, text: JsonText) -> bool:
    """Whether AWS would take a payload of this size."""
    return jsontext.size_bytes(text) <= draft.limits.payload_bytes


def check_size(draft: Draft, state: State, text: JsonText) -> int:
    """The size of the text in bytes. Raises States.DataLimitExceeded if it is too large to leave the state or to start its
    task."""
    draft.meter.left -= len(text) >> 8  # as draft.pay_for_text, without a call
    size = jsontext.size_bytes(text)
    if size > draft.limits.payload_bytes:
        raise failures.too_large(state.name)
    return size
