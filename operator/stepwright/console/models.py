"""What the console's API takes and answers. ``console/src/api/generated/console.ts`` is made of these
(``console.typescript``): what has a default here may be absent there.

Times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct


class Model(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An object."""


class Row(Struct, frozen=True, rename="camel", array_like=True):
    """An array, as there are many of them."""


class Problem(Model, frozen=True):
    """The body of every answer that is an error."""

    code: str
    """For programs: one of AWS's, or one of those in docs/console.md."""
    message: str
    pointer: str | None = None
    """Where in what was sent, as a JSON pointer."""


# --- Who asks ---------------------------------------------------------------------------------------------------------


class Credentials(Model, frozen=True):
    """The body of ``POST v1/session``: an access key as SDKs have it, or the token of an account of the cluster."""

    access_key_id: str = ""
    secret_access_key: str = ""
    token: str = ""


class Right(Model, frozen=True):
    """Whether a person may perform an operation of AWS's API on anything of a tenant."""

    allowed: bool
    reason: str | None = None
    """Why not, for people."""


class Tenant(Model, frozen=True):
    """Whose state machines and executions: a namespace, which is an account in ARNs."""

    name: str
    account: str
    rights: Mapping[str, Right]
    """By operation: those that the console has buttons for."""


class Features(Model, frozen=True):
    """Which parts of the API this server has."""

    executions: bool = False
    """``v1/executions`` and what is below it."""
    stream: bool = False
    children: bool = False
    """Child executions of Map Runs are listed."""
    logs: bool = False
    definitions: bool = False
    expressions: bool = False
    fields: bool = False
    resources: bool = False
    blueprints: bool = False
    metrics: bool = False
    versions: bool = False
    """Published versions of state machines, and aliases, by AWS's operations."""
    activities: bool = False
    files: bool = False
    express: bool = False
    """Express state machines."""
    accounts: bool = False
    """Roles are accounts of a cluster (ServiceAccounts), and the log that a state machine asks for is the operator's."""
    labels: bool = False
    """Executions have labels."""


class Limits(Model, frozen=True):
    """Bounds that pages have to know."""

    body_bytes: int
    """Of a request to ``v1/aws``."""
    idle_minutes: int | None = None
    """After how much time without a request a person has to log in again."""


class Me(Model, frozen=True):
    """``GET v1/me``. Without a ``person`` one has to log in as ``login`` says, and nothing else is served until then."""

    person: str | None
    login: Literal["accessKey", "token", "oidc"] | None
    """``oidc``: at a provider, to which ``v1/oidc/login`` leads, or with a token."""
    token: str
    """To be sent in the header X-Stepwright-Console with everything that changes something."""
    tenants: list[Tenant]
    region: str
    """Where things are that no ARN names."""
    features: Features
    limits: Limits
    version: str


# --- Definitions that are edited --------------------------------------------------------------------------------------


class ToCheck(Model, frozen=True):
    """The body of ``POST v1/definitions/check``: a definition, or a manifest or template that has some."""

    text: str
    format: Literal["json", "yaml"] | None = None
    """Without it, a text that begins with a brace or a bracket is JSON."""
    values: Mapping[str, str | int | bool] = {}
    """What stands for ``${Name}``, beside what a manifest says itself."""


class Finding(Model, frozen=True):
    """What is wrong or doubtful in a definition: its ``pointer`` there, and where that is in the text, from 1."""

    severity: Literal["ERROR", "WARNING"]
    code: str
    message: str
    pointer: str
    member: str | None = None
    """The field of the object at ``pointer`` that is meant: one that is missing or must not be there."""
    line: int | None = None
    column: int | None = None


class NamedResource(Model, frozen=True):
    """A Resource, and the fields that name it."""

    resource: str
    pointers: list[str]
    lacks: str | None = None
    """Why nothing here runs it; absent if something does."""


class Substitution(Model, frozen=True):
    """A ``${Name}`` that nothing was put in for, and its first place."""

    name: str
    pointer: str
    line: int | None = None
    column: int | None = None


class CheckedDefinition(Model, frozen=True):
    """What was found in one definition."""

    valid: bool
    findings: list[Finding]
    name: str | None = None
    """Of its StateMachine or template; absent for a definition by itself."""
    resources: list[NamedResource] = []
    variables: Mapping[str, list[str]] = {}
    """Those that the states of a scope assign, by its pointer. A state may read those of its scope and of all around it."""
    reads: Mapping[str, list[str]] = {}
    """Variables by the states that read them, of a valid definition."""
    substitutions: list[Substitution] = []


class CheckedText(Model, frozen=True):
    """The answer of ``POST v1/definitions/check``."""

    definitions: list[CheckedDefinition]


class ToTry(Model, frozen=True):
    """The body of ``POST v1/expressions/try``. All values are JSON as text, so that numbers stay as they are written."""

    language: Literal["JSONPath", "JSONata"]
    value: str
    """That of the field. In JSONata texts between ``{%`` and ``%}`` are expressions."""
    is_template: bool = False
    """In JSONPath, whether it is a payload template; else it is a path or the call of an intrinsic function."""
    input: str = "{}"
    context: str | None = None
    variables: str | None = None
    result: str | None = None
    """What ``$states.result`` is, in fields that have it."""
    error_output: str | None = None


class Tried(Model, frozen=True):
    """The answer of ``POST v1/expressions/try``: a value, the error that a state would fail with, or what is wrong."""

    value: str | None = None
    """As JSON."""
    cut: int | None = None
    """How many characters the value has, if only its beginning is here."""
    error: str | None = None
    cause: str | None = None
    findings: list[Finding] = []
    """Why it is not an expression; pointers are within the value."""


class ToConvert(Model, frozen=True):
    """The body of ``POST v1/definitions/convert``: a state, or a definition, as JSON. Its JSONPath becomes JSONata."""

    value: str


class ConversionRemark(Model, frozen=True):
    """What a person has to look at."""

    pointer: str
    """In the value as it is then."""
    message: str
    is_done: bool = False
    """It was converted, but does not do quite the same; else an expression stands there that fails."""


class Conversion(Model, frozen=True):
    """The answer of ``POST v1/definitions/convert``."""

    value: str
    """As JSON."""
    remarks: list[ConversionRemark] = []


class Blueprint(Model, frozen=True):
    """A workflow to begin with."""

    name: str
    title: str
    description: str
    shows: list[str]
    """What of the language one can see in it."""
    needs: list[str]
    """What must be there for it to run; none: it runs at once."""
    input: str
    """With which to try it, as JSON."""
    definition: str
    """YAML, with comments."""
    tests: str
    """For ``stepwright test``, beside the definition."""


class Blueprints(Model, frozen=True):
    """The answer of ``GET v1/blueprints``."""

    blueprints: list[Blueprint]


class Offer(Model, frozen=True):
    """What people may choose a task from."""

    resource: str
    """Without a pattern."""
    title: str
    driver: str
    """Which row of docs/integrations.md serves it; what belongs together has the same."""
    page: str
    """Of docs/."""
    patterns: list[str]
    """With which it is served here: none (``""``), ``.sync``, ``.waitForTaskToken``."""
    help: str | None = None


class Resources(Model, frozen=True):
    """The answer of ``GET v1/resources``."""

    offers: list[Offer]
    services: list[str] = []
    """Of ``aws-sdk``: ``GET v1/resources?service=`` has the actions of one."""


class ResourceForm(Model, frozen=True):
    """The answer of ``GET v1/resources/{resource}``."""

    resource: str
    parameters: Any
    """JSON Schema of Parameters or Arguments; null if nothing is known of them."""
    json_path: Any
    """A state to begin with in JSONPath."""
    jsonata: Any
    """The same in JSONata."""
    errors: list[str] = []
    """Those that are known by name, for Retry and Catch, beside those of the language."""


class Unready(Model, frozen=True):
    """Why a state machine is not ready: its executions do not start, or a task of it cannot run."""

    reason: str
    """For programs: that of the condition Ready, or the code of a finding."""
    message: str
    since: int
    pointer: str | None = None
    """The place in its definition, if it is one."""


class Drift(Model, frozen=True):
    """How a state machine is not what stands in Git."""

    fields: list[str]
    """Of its spec: what somebody has changed in the cluster."""
    by: str | None = None
    """Who, as Kubernetes calls programs: ``kubectl-edit``."""
    at: int | None = None
    applied: str | None = None
    """Its definition in Git, where that is known and another one."""


class MachineFacts(Model, frozen=True):
    """``GET v1/machines/{id}``: what AWS's API does not tell of a state machine."""

    managed_by: str | None = None
    """What keeps it as it stands in Git: whatever is changed here is soon changed back."""
    drift: Drift | None = None
    may: list[str] = []
    """Of the operations on one state machine those that the person may perform on this one."""
    unready: Unready | None = None


class UnreadyMachine(Model, frozen=True):
    """A state machine that is not ready."""

    arn: str
    name: str
    unready: Unready


class Machines(Model, frozen=True):
    """``GET v1/machines``: how many state machines a tenant has, and those that are not ready, by name."""

    count: int
    """1,000 at most: more are not looked at."""
    unready: list[UnreadyMachine]
    """100 at most."""


class WorkerTasks(Model, frozen=True):
    """How many tasks the workers of one name have."""

    worker: str
    """Empty where they gave none."""
    tasks: int


class ActivityRow(Model, frozen=True):
    """Who waits for whom, now."""

    arn: str
    name: str
    created: int
    asking: int
    """How many workers ask for a task."""
    waiting: int
    """How many tasks nobody has taken."""
    executions: tuple[str, ...] = ()
    """Some of those that wait longest, by ARN."""
    taken: list[WorkerTasks] = []


class ActivityPage(Model, frozen=True):
    """``GET v1/activities``: by name. ``next``: the ``cursor`` of the page that follows."""

    rows: list[ActivityRow]
    next: str | None = None


class FileRow(Model, frozen=True):
    """A file with a definition. ``path``: in the folder, with slashes."""

    path: str
    bytes: int
    modified: int


class FileList(Model, frozen=True):
    """The answer of ``GET v1/files``: of the folder that was given to be edited."""

    folder: str
    files: list[FileRow]


class KeptFile(Model, frozen=True):
    """The answer of ``GET`` and ``PUT v1/files/{path}``. ``tag`` is another one for another text."""

    path: str
    text: str
    tag: str


class ToKeep(Model, frozen=True):
    """The body of ``PUT v1/files/{path}``. ``tag``: of the text that is replaced; without it there must be no such file."""

    text: str
    tag: str | None = None


# --- Executions -------------------------------------------------------------------------------------------------------

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
Standing = Literal["Running", "Succeeded", "Failed", "Caught", "Aborted", "TimedOut"]


class Text(Model, frozen=True):
    """A text that was recorded, usually JSON, exactly as it is stored. ``cut``: it is longer than what is given."""

    text: str
    bytes: int
    """Its whole length in UTF-8."""
    cut: bool = False


class ExecutionRow(Model, frozen=True):
    """An execution in a list. Its id in paths of the API is its ``arn``, URL-encoded."""

    arn: str
    name: str
    machine: str
    """The ARN of its state machine."""
    status: Status
    started: int
    stopped: int | None = None
    error: str | None = None
    version: str | None = None
    alias: str | None = None
    """The ARN of the version or the alias that it was started with."""
    redrives: int = 0
    redriven: int | None = None
    waiting_until: int | None = None
    """Only timers are open, and this is when the earliest is due."""
    paths: tuple[str, ...] = ()
    """Where it is: the states that it entered last, three at most."""
    labels: tuple[str, ...] = ()
    """In order, each ``KEY=VALUE``."""


class ExecutionPage(Model, frozen=True):
    """``GET v1/executions``: those started last first. ``next``: the ``cursor`` of the page that follows."""

    rows: list[ExecutionRow]
    next: str | None = None


class ErrorCount(Model, frozen=True):
    error: str
    count: int


class ExecutionCounts(Model, frozen=True):
    """``GET v1/executions/counts``. ``errors``: with which most of them failed, ten at most."""

    statuses: Mapping[Status, int]
    errors: list[ErrorCount]


class Figures(Model, frozen=True):
    """Of some executions. Half of those that succeeded took no longer than ``p50``, and 95 of 100 no longer than ``p95``
    (milliseconds); absent where none has."""

    statuses: Mapping[Status, int]
    p50: int | None = None
    p95: int | None = None


class MetricsPart(Model, frozen=True):
    """Of those that were started in one part of the time."""

    begin: int
    figures: Figures


class MachineMetrics(Model, frozen=True):
    machine: str
    """The ARN."""
    figures: Figures


class Metrics(Model, frozen=True, kw_only=True):
    """``GET v1/metrics``: of the executions that were started since then, in parts that are ``step`` milliseconds long."""

    span: Literal["hour", "day", "week"]
    since: int
    step: int
    count: int
    """How many parts there are."""
    total: Figures
    parts: list[MetricsPart]
    """Those in which executions were started."""
    machines: list[MachineMetrics]
    """Of state machines; at first those of which most have failed."""
    errors: list[ErrorCount]
    """With which most of them failed, ten at most."""
    failed: list[ExecutionRow]
    """Those that have failed last, whenever they were started."""
    longest: list[ExecutionRow]
    """Those that have been running longest."""
    counted_since: int | None = None
    """There were too many to be counted; those are that were started then or later."""


class Execution(Model, frozen=True, kw_only=True):
    """``GET v1/executions/{id}``."""

    arn: str
    name: str
    machine: str
    status: Status
    started: int
    stopped: int | None = None
    error: str | None = None
    cause: str | None = None
    version: str | None = None
    alias: str | None = None
    redrives: int = 0
    redriven: int | None = None
    redrivable: bool = False
    """Whether RedriveExecution would let it go on."""
    not_redrivable: str | None = None
    """Why not, if it has ended without success."""
    input: Text
    output: Text | None = None
    revision: str
    """Of the definition that it runs."""
    map_run: str | None = None
    """The ARN of the Map Run of which it is a child execution."""
    items: int | None = None
    """For how many items, then."""
    trace_header: str | None = None
    last_event: int
    """Events are numbered from 1, without gaps; 0: there is none yet."""
    current: list[VisitRow]
    """Visits that have not ended, twenty at most."""
    labels: tuple[str, ...] = ()
    """In order, each ``KEY=VALUE``."""


class Definition(Model, frozen=True):
    """``GET v1/executions/{id}/definition``: what it runs, and what its state machine runs now."""

    text: str
    """As it was written."""
    revision: str
    role: str
    created: int
    drifted: bool
    """Whether executions that are started now run another one."""
    machine_exists: bool


# --- What an execution does -------------------------------------------------------------------------------------------


class TryRow(Row, frozen=True):
    """Work of a visit that has failed."""

    number: int
    """From 0 on."""
    begun: int
    ended: int
    error: str | None


class VisitRow(Row, frozen=True):
    """A visit of a state, as an array."""

    id: int
    """That of the event by which the state was entered."""
    path: str
    """Where in the execution, for people: `Ship`, `Orders[3]/Ship`, `Both[0]/Check`."""
    pointer: str
    """The state in the definition, as a JSON pointer."""
    type: str
    started: int
    ended: int | None
    outcome: Literal["Succeeded", "Failed", "Caught", "Aborted", "TimedOut"] | None
    """Null: it runs."""
    attempts: int
    error: str | None
    came_from: int | None
    """The visit before, or that of the state around; 0: the execution began here; null: nobody knows."""
    edge: str | None
    """Where that state says so, as a JSON pointer within it: `Next`, `Choices/2/Next`, `Catch/0/Next`."""
    within: int | None
    """The visit of the Map or Parallel state that it is in."""
    index: int | None
    """In which of its iterations or branches."""
    begun: int | None
    """When the attempt under way, or the last one, began; null: it is among `tries`."""
    tries: list[TryRow]
    """Attempts that have failed, the newest hundred at most."""


class VisitPage(Model, frozen=True):
    """``GET v1/executions/{id}/visits``: in the order in which states were entered. ``next``: the ``after`` of what follows."""

    rows: list[VisitRow]
    next: int | None = None


class Tally(Model, frozen=True):
    """Of the visits of one state that stand alike. Times are of those that have ended."""

    count: int
    retries: int = 0
    millis: int = 0
    """How long they took together, and the longest."""
    longest: int = 0


class Tallies(Model, frozen=True):
    """``GET v1/executions/{id}/tallies``: by the state's pointer, for each way its visits stand."""

    tallies: Mapping[str, Mapping[Standing, Tally]]


class IterationRow(Row, frozen=True):
    """An iteration of a Map, or a branch of a Parallel, as an array. It stands as its newest visit does."""

    index: int
    standing: Standing
    started: int
    ended: int | None
    error: str | None
    visits: int
    newest: int
    """The id of that visit, and the pointer of its state."""
    pointer: str


class IterationPage(Model, frozen=True, kw_only=True):
    """``GET v1/executions/{id}/iterations``: those that have begun, by index. ``next``: the ``cursor`` of what follows."""

    rows: list[IterationRow]
    next: str | None = None
    counts: Mapping[Standing, int]
    """Of all of them, whatever was asked for."""


class Event(Model, frozen=True):
    """An event of the history, as AWS has it, but for its time."""

    id: int
    previous: int
    type: str
    timestamp: int
    details: Mapping[str, Any] | None = None
    """The member that ends with `EventDetails`; without inputs, outputs and parameters unless asked for, and with long texts cut."""
    cut: Mapping[str, int] | None = None
    """How many bytes texts have that are cut or left out, by name."""


class EventPage(Model, frozen=True):
    """``GET v1/executions/{id}/events``. ``next``: the ``from`` of what follows."""

    events: list[Event]
    next: int | None = None


class Attempt(Model, frozen=True):
    """One attempt at a Task's work, as its events tell of it."""

    scheduled: int
    """The event that scheduled it, and the one that ended it."""
    ended: int | None = None
    resource: str | None = None
    parameters: Text | None = None
    submitted: Text | None = None
    result: Text | None = None
    error: str | None = None
    cause: Text | None = None


class VisitData(Model, frozen=True, kw_only=True):
    """``GET v1/executions/{id}/visits/{visit}/data``."""

    input: Text | None = None
    output: Text | None = None
    attempts: list[Attempt]
    variables: Mapping[str, Text]
    """What it assigned."""
    error: str | None = None
    cause: Text | None = None
    events: list[int]
    """The ids of its events, a thousand at most."""
    complete: bool = True
    """False: its last events are too far away to be looked for."""


# --- Logs -------------------------------------------------------------------------------------------------------------


class LogSource(Model, frozen=True):
    """What the work of a visit writes to. Its ``id`` is in the path of its lines, URL-encoded."""

    id: str
    attempt: int
    """From 1 on."""
    container: str
    """Of a process of the server's machine: ``stdout`` or ``stderr``."""
    pod: str | None
    runs: bool
    """More may come."""


class LogSources(Model, frozen=True):
    """``GET v1/executions/{id}/visits/{visit}/logs``: those of the newest attempt last. ``none``: why there are none."""

    sources: list[LogSource]
    none: str | None = None


class LogRow(Row, frozen=True):
    """A line, as an array."""

    moment: int | None
    """When it was written; null: nobody knows."""
    text: str
    """As it was written: it may have sequences that terminals take for colours, or anything else."""


class LogFrame(Model, frozen=True):
    """``lines``, an event of ``GET v1/executions/{id}/visits/{visit}/logs/{source}``: lines that follow those before."""

    rows: list[LogRow]


class LogEndFrame(Model, frozen=True):
    """``end``: the last event. ``complete``: all was sent; ``more``: there is more than is sent at once, open it again without a
    tail; ``gone``: there is no such log any more; ``lost``: it cannot be read now; ``denied``: the server may not read it; ``login``: log in first."""

    reason: Literal["complete", "more", "gone", "lost", "denied", "login"]
    message: str
    """For people."""


# --- Streams ----------------------------------------------------------------------------------------------------------


class Frame(Model, frozen=True):
    """What every event of ``GET v1/stream`` has. ``watch``: which of the watches asked for, from 0 on."""

    watch: int


class ReadyFrame(Model, frozen=True):
    """``ready``: from now on nothing is missed. What was read before may be old: read it again."""

    watches: int


class ExecutionFrame(Frame, frozen=True):
    """``execution``: at the beginning, and whenever it has begun, ended or goes on after a redrive."""

    execution: Execution


class ProgressFrame(Frame, frozen=True):
    """``progress``: something else was recorded."""

    last_event: int
    """0: no event is new."""
    waiting_until: int | None = None


class TalliesFrame(Frame, frozen=True):
    """``tallies``: all at the beginning, then of those states whose have changed."""

    tallies: Mapping[str, Mapping[Standing, Tally]]


class VisitsFrame(Frame, frozen=True):
    """``visits``: new ones, and those that have changed; of `tries` only those that are new, by number."""

    rows: list[VisitRow]


class MapRunFrame(Frame, frozen=True):
    """``mapRun``: how far a Map Run is."""

    map_run: str
    """Its ARN."""
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]
    items: MapRunCounts
    executions: MapRunCounts


class MapRunCounts(Model, frozen=True):
    """What is missing in ``total`` waits, or is not listed."""

    total: int
    running: int
    succeeded: int
    failed: int
    aborted: int = 0


class RowFrame(Frame, frozen=True):
    """``row``: an execution that the list has or should have now; its place is by ``started``."""

    row: ExecutionRow


class GoneFrame(Frame, frozen=True):
    """``gone``: an execution that is no longer what the list is of, or that is in none."""

    arn: str


class ResyncFrame(Frame, frozen=True):
    """``resync``: more has happened than is reported: read all of it again."""


class ByeFrame(Model, frozen=True):
    """``bye``: the last event. ``again``: open it again; ``login``: log in first."""

    reason: Literal["again", "login"]
