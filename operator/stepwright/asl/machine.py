"""A parsed, validated, compiled definition. Made once per definition by ``stepwright.asl.definition``; never changes.

Every field holds what the interpreter needs ready to use: paths, templates and rules are compiled expressions,
defaults are filled in. ``pointer`` locates a state in the text of the definition, for errors and for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from stepwright.asl.data import Expression, Selection
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.asl.text import jsontext

QueryLanguage = Literal["JSONPath", "JSONata"]
MapMode = Literal["INLINE", "DISTRIBUTED"]


class Rule(Protocol):
    """The condition of a Choice rule. It reads what an ``Expression`` reads."""

    def matches(self, data: Any) -> bool: ...


class Target(Protocol):
    """A ResultPath: where a result is put into a document. Raises ``StateError`` (States.ResultPathMatchFailure)."""

    @property
    def is_identity(self) -> bool:
        """Whether it is ``$``: the result takes the place of the whole document."""

    def put(self, document: Json, result: Json) -> Json:
        """A new document with the result in it; the given one is not changed."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of Retry. Seconds as written; ``max_delay_seconds`` None = no maximum."""

    error_equals: tuple[str, ...]
    interval_seconds: float = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    jitter: Literal["NONE", "FULL"] = "NONE"


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of Catch. ``result_path`` None = ResultPath null: the error is dropped, the input is passed
    on."""

    error_equals: tuple[str, ...]
    next: str
    result_path: Target | None
    output: Expression | None = None  # JSONata: Output
    assign: Expression | None = None


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    condition: Rule
    next: str
    assign: Expression | None = None
    output: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBase:
    """What every state has. ``next`` None and ``end`` False occur only in Choice, Succeed and Fail.

    ``input_path`` and ``output_path``: None = null in the definition, which gives ``{}``; the default ``$`` is a
    compiled path like any other, which the interpreter may skip (``is_identity``).
    """

    name: str
    pointer: Pointer
    comment: str | None = None
    query_language: QueryLanguage = "JSONPath"
    next: str | None = None
    end: bool = False
    input_path: Selection | None
    output_path: Selection | None
    assign: Expression | None = None
    output: Expression | None = None  # JSONata: Output
    name_bytes: int = field(init=False, repr=False, compare=False)
    """The size of the name, which two events of each visit have."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name_bytes", jsontext.size_bytes(self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(StateBase):
    result: Json = None
    has_result: bool = False  # Result: null is a result
    parameters: Expression | None = None
    result_path: Target | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(StateBase):
    resource: Resource
    parameters: Expression | None = None  # Parameters, or Arguments in JSONata
    result_selector: Expression | None = None
    result_path: Target | None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()
    timeout_seconds: int | Expression | None = None  # None: no time limit was given
    heartbeat_seconds: int | Expression | None = None
    credentials: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(StateBase):
    choices: tuple[ChoiceRule, ...]
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(StateBase):
    """Exactly one of the four is set. ``timestamp`` keeps its text; an Expression gives number or text."""

    seconds: int | Expression | None = None
    seconds_path: Expression | None = None
    timestamp: str | Expression | None = None
    timestamp_path: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(StateBase):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(StateBase):
    error: str | Expression | None = None  # a text is literal; ErrorPath is an Expression
    cause: str | Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(StateBase):
    branches: tuple[Pointer, ...]  # scopes, in order
    parameters: Expression | None = None
    result_selector: Expression | None = None
    result_path: Target | None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True)
class Batcher:
    """ItemBatcher. None: no such bound, no BatchInput."""

    max_items: int | Expression | None = None
    max_bytes: int | Expression | None = None
    input: Expression | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """ItemReader. ``config``: ReaderConfig as written, but for MaxItems, which may be an expression."""

    resource: Resource
    parameters: Expression | None = None  # Parameters, or Arguments in JSONata
    config: Mapping[str, Json] = field(default_factory=dict)
    max_items: int | Expression | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """ResultWriter. Without a ``resource`` the results stay the state's own and WriterConfig shapes them."""

    resource: Resource | None = None
    parameters: Expression | None = None
    transformation: str | None = None
    output_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(StateBase):
    """``item_processor`` is the scope of the iterations (Iterator in older definitions).

    ``item_selector`` serves Parameters of older definitions, too. ``unserved`` names a field that is
    served in mode DISTRIBUTED only: an execution fails when it gets there.
    """

    item_processor: Pointer
    items_path: Expression
    items: Expression | None = None  # JSONata: Items
    item_selector: Expression | None = None
    max_concurrency: int | Expression = 0  # 0: as many as AWS runs at once for an inline Map (40)
    tolerated_failure_count: int | Expression | None = None
    tolerated_failure_percentage: float | Expression | None = None
    mode: MapMode = "INLINE"
    is_express: bool = False
    """Whether its child executions are of type EXPRESS: a redrive starts them again, where others go on."""
    label: str | None = None
    reader: Reader | None = None
    batcher: Batcher | None = None
    writer: Writer | None = None
    unserved: str | None = None
    result_selector: Expression | None = None
    result_path: Target | None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


State: TypeAlias = Pass | Task | Choice | Wait | Succeed | Fail | Parallel | Map


@dataclass(frozen=True, slots=True)
class Scope:
    """One ``States`` object with its StartAt: the whole machine, a branch of a Parallel, the processor of a Map."""

    pointer: Pointer
    start_at: str
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True)
class Machine:
    """A whole definition. ``scopes`` holds every scope by its pointer; the root is at ``""``."""

    scopes: Mapping[Pointer, Scope]
    comment: str | None = None
    timeout_seconds: int | None = None
    query_language: QueryLanguage = "JSONPath"
    resources: frozenset[Resource] = field(default_factory=frozenset)  # every Resource of a Task in it

    @property
    def root(self) -> Scope:
        return self.scopes[Pointer("")]
