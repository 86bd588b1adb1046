"""State machines and executions as everybody outside the engine sees them: plain data, AWS's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field

from stepwright.asl.json_types import Json, JsonText, Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.step import Status, VisitOutcome
from stepwright.engine.ports import Uid

MachineType = Literal["STANDARD", "EXPRESS"]

Standing: TypeAlias = VisitOutcome | Literal["Running"]
"""How the visit of a state stands: how it has ended, or that it has not."""


class Revision(Struct, frozen=True):
    """What an execution runs: immutable, so that running executions stay on theirs.

    ``settings`` holds what the API shows as ``loggingConfiguration``, ``tracingConfiguration`` and
    ``encryptionConfiguration``, under these names. ``first``: AWS names a revision only once the state machine has
    been updated.
    """

    id: str
    definition: str
    role_arn: str
    created: Millis
    settings: Mapping[str, Any] = field(default_factory=dict)
    first: bool = False


NOT_CHECKED: Final = "NotChecked"
"""The ``Unready.reason`` of a state machine that no operator has looked at."""


class Unready(Struct, frozen=True):
    """Why a state machine is not ready: its executions do not start, or a task of it cannot run. ``since``: nobody has looked before,
    or it was another reason."""

    reason: str
    """For programs: that of the condition Ready, or the code of a finding."""
    message: str
    since: Millis
    pointer: Pointer | None = None
    """The place in its definition, if it is one."""


class Drift(Struct, frozen=True):
    """How a state machine is not what stands in Git: which ``fields`` somebody has changed in the cluster, who, and when.
    ``applied``: its definition in Git, a text or JSON, where that is known."""

    fields: tuple[str, ...]
    by: str | None = None
    at: Millis | None = None
    applied: Json = None


class StateMachine(Struct, frozen=True):
    arn: str
    name: str
    type: MachineType
    created: Millis
    revision: Revision
    tags: Mapping[str, str] = field(default_factory=dict)
    deleting: bool = False
    """It exists until none of its executions runs, and nothing new is started with it."""
    managed_by: str | None = None
    """What keeps it as it stands in Git, in words: whatever is changed here is soon changed back."""
    drift: Drift | None = None
    """None: it is as it stands there, as far as is known."""
    unready: Unready | None = None
    """None: it is ready, or the store does not know."""


class Version(Struct, frozen=True):
    """A revision that was published under a number."""

    machine_arn: str
    number: int
    revision: Revision
    created: Millis
    description: str | None = None

    @property
    def arn(self) -> str:
        return f"{self.machine_arn}:{self.number}"


class Route(Struct, frozen=True):
    """``weight``: of 100 executions started by the alias, how many run this version."""

    version_arn: str
    weight: int


class Alias(Struct, frozen=True):
    """A name for one version, or for two that share the executions."""

    machine_arn: str
    name: str
    routes: tuple[Route, ...]
    created: Millis
    updated: Millis
    description: str | None = None

    @property
    def arn(self) -> str:
        return f"{self.machine_arn}:{self.name}"


class Activity(Struct, frozen=True):
    """Work that workers ask for. ``encryption``: its ``encryptionConfiguration``, which never changes."""

    arn: str
    name: str
    created: Millis
    encryption: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)


class ActivityLoad(Struct, frozen=True):
    """Who waits for whom. ``asking``: how many workers ask for a task now. ``waiting``: how many tasks nobody has taken, and
    ``executions``: a few of those that wait for them longest, by ARN. ``taken``: how many tasks workers have, by the names that they
    gave; an empty one where they gave none."""

    asking: int = 0
    waiting: int = 0
    executions: tuple[str, ...] = ()
    taken: Mapping[str, int] = field(default_factory=dict)


class ActivityTask(Struct, frozen=True):
    """Handed to one worker, who answers by the token."""

    token: str
    input: JsonText


class Execution(Struct, frozen=True):
    """Express executions are not kept after their end. ``map_run_arn``: the Map Run of which it is a child
    execution, for this many ``items``."""

    arn: str
    uid: Uid
    name: str
    machine_arn: str
    revision_id: str
    status: Status
    input: JsonText
    started: Millis
    stopped: Millis | None = None
    output: JsonText | None = None
    error: str | None = None
    cause: str | None = None
    trace_header: str | None = None
    version_arn: str | None = None
    alias_arn: str | None = None
    map_run_arn: str | None = None
    items: int | None = None
    redrives: int = 0
    redriven: Millis | None = None
    """How often it was redriven, and when last."""
    test_case: str | None = None
    """For a new one: the test case of a file of mocks that answers its tasks."""
    redrivable: bool | None = None
    """For one that ended without success: whether what a redrive needs was kept; None: it was written by a
    version that kept nothing."""
    not_redrivable: str | None = None
    """Why that was not kept, if the store says so."""
    labels: tuple[str, ...] = ()
    """In order, each ``KEY=VALUE``, where a store keeps them."""


class ExecutionRow(Struct, frozen=True):
    """What a list shows of an execution. ``paths``: where it is; of many states only some. ``waiting_until``: only timers are open,
    and this is when the earliest is due. ``labels``: in order, each ``KEY=VALUE``."""

    arn: str
    uid: Uid
    name: str
    machine_arn: str
    status: Status
    started: Millis
    stopped: Millis | None = None
    error: str | None = None
    version_arn: str | None = None
    alias_arn: str | None = None
    redrives: int = 0
    redriven: Millis | None = None
    waiting_until: Millis | None = None
    paths: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class ExecutionCounts(Struct, frozen=True):
    """``statuses``: how many executions have each; ``errors``: how many failed with each of the ten that are most frequent."""

    statuses: Mapping[Status, int]
    errors: Mapping[str, int]


class Times(Struct, frozen=True):
    """How long some executions took: half of them no longer than ``p50``, and 95 of 100 no longer than ``p95``."""

    p50: Millis
    p95: Millis


class Figures(Struct, frozen=True):
    """Of some executions: how many have which status, and how long those took that have succeeded (None: none has)."""

    statuses: Mapping[Status, int]
    times: Times | None = None


class Overview(Struct, frozen=True):
    """Of executions that were started in a stretch of time. ``parts``: of those parts of it in which some were, by number from 0.
    ``machines``: by the ARN of their state machine; those with most that failed, then those with most. ``errors``: how many ended
    with each of the ten that are most frequent. ``counted_since``: there were more than are counted: these are the newest, which were
    started then or later."""

    total: Figures
    parts: Mapping[int, Figures]
    machines: Mapping[str, Figures]
    errors: Mapping[str, int]
    counted_since: Millis | None = None


class Tally(Struct, frozen=True):
    """Of visits of one state that stand alike. ``retries``: how often their work was tried again. ``millis``: how long they took
    together, and ``longest`` one of them; 0 of those that run."""

    count: int
    retries: int = 0
    millis: int = 0
    longest: int = 0


class Iteration(Struct, frozen=True):
    """One of a Map, or a branch of a Parallel. It stands as its newest visit does, which is of the state at ``pointer``; for a
    moment between two states this is how the one before has ended. ``visits``: how many states it has entered itself."""

    index: int
    standing: Standing
    started: Millis
    visits: int
    newest: int
    """The id of that visit."""
    pointer: Pointer
    ended: Millis | None = None
    error: str | None = None
