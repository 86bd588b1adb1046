"""Every kind of task that Stepwright runs: which Resources it serves, in which processes, who checks its parameters, and who
makes its calls. ``TABLE`` has what a definition may name, ``OF_THE_ENGINE`` what the engine starts for itself.

The operator, ``stepwright server``, ``dev``, ``run`` and ``validate``, the console's palette, the pages and the drivers' tests
read this one table. A new integration is a package beside this module, a row here, a test module and a page; what is more than calls, as
Jobs and activities are, is made in ``assembly``, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource
from stepwright.tasks import (
    activities,
    amqp,
    aws,
    failed_checks,
    functions,
    http,
    job,
    kafka,
    kubernetes,
    mail,
    map_data,
    map_shards,
    nats,
    sql,
    step_functions,
)
from stepwright.tasks.calls import own_connection
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.offered import Offered
from stepwright.tasks.calls.surroundings import Surroundings

Process: TypeAlias = Literal["operator", "dev", "run"]
"""A kind of process that runs tasks: in a cluster, ``stepwright dev``, ``stepwright run``."""

_EVERYWHERE: Final[frozenset[Process]] = frozenset({"operator", "dev", "run"})


class ReadConnection(Protocol):
    def __call__(self, spec: Mapping[str, Any], *, loopback: bool = False) -> object:
        """``loopback``: whether this machine is the user's own, so that a Connection may name it. Raises BadConnection."""


@dataclass(frozen=True, slots=True)
class ConnectionKind:
    """A part of the custom resource's ``spec``, of which there is one in each Connection, and what reads it."""

    part: str
    read: ReadConnection


@dataclass(frozen=True, slots=True)
class Row:
    """``examples``: one Resource for each form that is served. ``page``: its page in docs/. ``check_for``: of a
    StateMachine's ``spec``, the check of what the definition's author wrote; None if any parameters will do.
    ``check_within``: of what there is in a StateMachine's namespace, the check of what its tasks need there. ``integration``
    makes the calls of its tasks, if these are calls. ``claims``: Resources that are not served, and of which ``check_for`` says
    why. ``connection``: what of a Connection is for its tasks. ``in_a_cluster``: which of the Resources the operator runs, if not
    all. ``schema``: JSON Schema of a task's parameters; None if there is nothing to be said of them. ``errors_of``: those of its
    tasks that are known by name. For people, in docs/integrations.md: ``errors`` of its own, as a task's Retry sees them;
    ``tested``: against what; ``example``: its folder of examples/, where it is not on the page."""

    name: str
    examples: tuple[str, ...]
    serves: Callable[[Resource], bool]
    processes: frozenset[Process]
    page: str
    errors: str
    tested: str
    example: str = ""
    check_for: Callable[[Mapping[str, Any]], TaskCheck] | None = None
    check_within: Callable[[Surroundings], TaskCheck] | None = None
    integration: Callable[[Means], Integration] | None = None
    claims: Callable[[Resource], bool] = lambda _: False
    connection: ConnectionKind | None = None
    in_a_cluster: Callable[[Resource], bool] | None = None
    schema: Callable[[Resource], Mapping[str, Any] | None] = lambda _: None
    errors_of: Callable[[Resource], Sequence[str]] = lambda _: ()


def _at_servers(
    name: str,
    offered: Offered,
    integration: Callable[[Means], Integration],
    connection: ConnectionKind,
    *,
    errors: str,
    tested: str,
    example: str = "",
) -> Row:
    """Tasks that call a server which a Connection names: all that they can be is what is ``offered``. ``errors``: what theirs begin
    with."""
    return Row(
        name,
        tuple(resource.text for resource in offered.parameters),
        offered.serves,
        _EVERYWHERE,
        "messages.md",
        errors=f"`{errors}.*`, `Events.ConnectionResource.*`",
        tested=tested,
        example=example,
        check_for=offered.check_for,
        integration=integration,
        claims=offered.claims,
        connection=connection,
        schema=offered.schema,
    )


TABLE: Final = (
    Row(
        "job",
        ("k8s:job", "arn:aws:states:::eks:runJob.sync"),
        job.serves,
        _EVERYWHERE,
        "tasks.md",
        errors="`Job.*`",
        tested="pods of a real cluster",
        example="hello",
        check_for=job.check_for,
        schema=job.schema,
        errors_of=lambda _: job.ERRORS,
    ),
    Row(
        "kubernetes",
        (
            "k8s:get",
            "k8s:list",
            "k8s:create",
            "k8s:create.sync",
            "k8s:apply",
            "k8s:apply.sync",
            "k8s:patch",
            "k8s:scale",
            "k8s:delete",
            "k8s:wait",
            "k8s:logs",
            "arn:aws:states:::eks:call",
            "arn:aws:states:::eks:runJob",
        ),
        kubernetes.serves,
        frozenset({"operator"}),
        "kubernetes.md",
        errors="`Kubernetes.*`, `EKS.*`",
        tested="a real API server",
        example="rollout",
        check_for=kubernetes.check_for,
        integration=kubernetes.make,
        claims=kubernetes.claims,
        schema=kubernetes.schema,
    ),
    Row(
        "functions",
        (
            "arn:aws:states:::lambda:invoke",
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "arn:aws:lambda:us-east-1:123456789012:function:resize",
            "k8s:task/resize",
        ),
        functions.serves,
        _EVERYWHERE,
        "functions.md",
        errors="`Lambda.*`, the function's own",
        tested="HTTP servers, Jobs and workers of a real cluster, AWS's recordings",
        example="functions",
        check_within=functions.check_within,
        integration=functions.make,
        schema=lambda resource: aws.schema(resource) if resource.kind == "integration" else None,
        errors_of=lambda resource: aws.errors_of(resource) if resource.kind == "integration" else (),
    ),
    Row(
        "step_functions",
        (
            "arn:aws:states:::states:startExecution",
            "arn:aws:states:::states:startExecution.sync",
            "arn:aws:states:::states:startExecution.sync:2",
            "arn:aws:states:::states:startExecution.waitForTaskToken",
            "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
        ),
        step_functions.serves,
        frozenset({"operator", "dev"}),
        "nested.md",
        errors="`StepFunctions.*`, `Sfn.*`",
        tested="executions of a real cluster and of `stepwright dev`, AWS's recordings",
        example="nested-orders",
        check_for=step_functions.check_for,
        integration=step_functions.make,
        in_a_cluster=step_functions.serves_in_a_cluster,
        schema=aws.schema,
        errors_of=aws.errors_of,
    ),
    Row(
        "aws",
        (
            "arn:aws:states:::aws-sdk:s3:getObject",
            "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken",
            "arn:aws:states:::apigateway:invoke",
            "arn:aws:states:::apigateway:invoke.waitForTaskToken",
            "arn:aws:states:::athena:startQueryExecution.sync",
            "arn:aws:states:::dynamodb:putItem",
            "arn:aws:states:::ecs:runTask.sync",
            "arn:aws:states:::eks:createCluster.sync",
            "arn:aws:states:::elasticmapreduce:addStep.sync",
            "arn:aws:states:::events:putEvents",
            "arn:aws:states:::sns:publish",
            "arn:aws:states:::sqs:sendMessage",
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        ),
        aws.serves,
        _EVERYWHERE,
        "aws.md",
        errors="`SERVICE.*`",
        tested="moto's server, services that are played, AWS's recordings",
        example="aws",
        check_for=aws.check_for,
        check_within=aws.check_within,
        integration=aws.make,
        claims=aws.claims,
        connection=ConnectionKind("aws", aws.read_connection),
        schema=aws.schema,
        errors_of=aws.errors_of,
    ),
    Row(
        "http",
        ("arn:aws:states:::http:invoke",),
        http.serves,
        _EVERYWHERE,
        "http.md",
        errors="`States.Http.*`, `Events.ConnectionResource.*`",
        tested="TLS servers with faults",
        example="http",
        check_for=http.check_for,
        integration=http.make,
        connection=ConnectionKind("http", http.read_connection),
        schema=lambda _: http.SCHEMA,
    ),
    _at_servers(
        "sql",
        sql.OFFERED,
        sql.make,
        ConnectionKind("sql", sql.read_connection),
        errors="Sql",
        tested="PostgreSQL",
        example="sql",
    ),
    _at_servers(
        "mail",
        mail.OFFERED,
        mail.make,
        ConnectionKind("smtp", mail.read_connection),
        errors="Smtp",
        tested="aiosmtpd, a server of SMTP",
        example="mail",
    ),
    _at_servers(
        "nats",
        nats.OFFERED,
        nats.make,
        ConnectionKind("nats", nats.read_connection),
        errors="Nats",
        tested="nats-server with JetStream",
        example="nats",
    ),
    _at_servers(
        "amqp",
        amqp.OFFERED,
        amqp.make,
        ConnectionKind("amqp", amqp.read_connection),
        errors="Amqp",
        tested="RabbitMQ",
        example="amqp",
    ),
    _at_servers(
        "kafka",
        kafka.OFFERED,
        kafka.make,
        ConnectionKind("kafka", kafka.read_connection),
        errors="Kafka",
        tested="Kafka, one node in KRaft mode",
        example="kafka",
    ),
    Row(
        "activities",
        ("arn:aws:states:us-east-1:123456789012:activity:review",),
        activities.serves,
        frozenset({"dev"}),
        "dev.md",
        errors="the worker's own",
        tested="`stepwright dev`, AWS's recordings",
    ),
)


@dataclass(frozen=True, slots=True)
class OwnRow:
    """Of Resources that no definition can name: nobody checks what the engine gives them, and no page describes them. The fields of
    a Map say which of them it needs."""

    resources: tuple[Resource, ...]
    processes: frozenset[Process]
    integration: Callable[[Means], Integration]


@dataclass(frozen=True, slots=True)
class OfMaps:
    """What an ItemReader or a ResultWriter may name, which is not a task: in which processes, and tested against what."""

    resource: Resource
    field: Literal["ItemReader", "ResultWriter"]
    processes: frozenset[Process]
    tested: str
    example: str = ""


OF_MAPS: Final = (
    OfMaps(map_data.LIST, "ItemReader", _EVERYWHERE, "moto's server"),
    OfMaps(map_data.GET, "ItemReader", _EVERYWHERE, "moto's server"),
    OfMaps(map_data.URL, "ItemReader", _EVERYWHERE, "HTTP servers with faults", "map-files"),
    OfMaps(map_data.FILE, "ItemReader", frozenset({"dev", "run"}), "files of this machine", "map-files"),
    OfMaps(map_data.SQL, "ItemReader", _EVERYWHERE, "PostgreSQL"),
    OfMaps(map_data.K8S_LIST, "ItemReader", frozenset({"operator"}), "a real API server"),
    OfMaps(map_data.K8S_GET, "ItemReader", frozenset({"operator"}), "a real API server"),
    OfMaps(map_data.PUT, "ResultWriter", _EVERYWHERE, "moto's server"),
)


OF_THE_ENGINE: Final = (
    OwnRow(
        map_data.RESOURCES,
        _EVERYWHERE,
        lambda means: map_data.make(
            means, http.remote_files(means), kubernetes.remote_objects(means), sql.remote_rows(means)
        ),
    ),
    OwnRow(map_shards.RESOURCES, frozenset({"operator", "dev"}), map_shards.make),
)


_added: Final[list[Row]] = []


def add(rows: Iterable[Row]) -> None:
    """What others ship (``stepwright.integrations``), for the rest of this process: before anything else in it reads the
    table."""
    _added.extend(rows)


def rows() -> tuple[Row, ...]:
    return (*TABLE, *_added)


def row(resource: Resource) -> Row | None:
    return next((row for row in rows() if row.serves(resource)), None)


def serves(resource: Resource, process: Process) -> bool:
    found = row(resource)
    if found is None or process not in found.processes:
        return False
    if process == "operator" and found.in_a_cluster is not None and not found.in_a_cluster(resource):
        return False
    return answers_tokens(process) or not resource.waits_for_token


def runs(resource: Resource, process: Process) -> bool:
    """Whether the process runs it, be it a definition's or the engine's own."""
    own = (row for row in OF_THE_ENGINE if process in row.processes)
    return serves(resource, process) or any(resource in row.resources for row in own)


def answers_tokens(process: Process) -> bool:
    """Whether answers to task tokens reach the executions that the process runs."""
    return process != "operator"


def integrations(process: Process, means: Means) -> tuple[Integration, ...]:
    """Those whose tasks this process runs, made anew: whoever drives them closes them."""
    all_rows: tuple[Row | OwnRow, ...] = (*rows(), *OF_THE_ENGINE)
    return tuple(
        row.integration(means) for row in all_rows if row.integration is not None and process in row.processes
    )


def unusable(resource: Resource, parameters: Json) -> str | None:
    """What is wrong with the parameters of a task that is about to be scheduled, as far as that is to be said before it is
    (``asl.unusable``)."""
    return aws.unusable(resource, parameters)


def check_for(spec: Mapping[str, Any], process: Process | None = None) -> TaskCheck:
    """The checks of all drivers for the tasks and readers of one definition, that of a StateMachine with this ``spec``.
    ``process``: of those alone that it has; what none of its drivers serves is reported separately."""
    checks = {
        row.name: failed_checks.guarded(row.name, row.check_for, spec)
        for row in rows()
        if row.check_for is not None and (process is None or process in row.processes)
    }

    def check(resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterable[Diagnostic]:
        found = row(resource) or next((row for row in rows() if row.claims(resource)), None)
        own = None if found is None else checks.get(found.name)
        said = () if own is None else tuple(own(resource, state, pointer))
        return said or map_data.check(resource, state, pointer)

    return check


def check_within(surroundings: Surroundings) -> TaskCheck:
    """What the tasks of a StateMachine lack in its namespace."""
    checks = [row.check_within(surroundings) for row in rows() if row.check_within is not None]

    def check(resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterable[Diagnostic]:
        return [found for check in checks for found in check(resource, state, pointer)]

    return check


def depends(resource: Resource) -> bool:
    """Whether there is anything in a namespace by which ``check_within`` says something else of its tasks."""
    return any(
        row.check_within is not None and (row.serves(resource) or row.claims(resource)) for row in rows()
    )


_OF_OTHERS: Final = ConnectionKind(own_connection.KIND, own_connection.read)


def check_connection(spec: Mapping[str, Any], *, loopback: bool = False) -> None:
    """Whether tasks can use a Connection of this ``spec``, as far as can be said without reading a Secret. Raises
    BadConnection."""
    kinds = {row.connection.part: row.connection for row in TABLE if row.connection is not None}
    kinds[_OF_OTHERS.part] = _OF_OTHERS
    given = [part for part in kinds if spec.get(part) is not None]
    if len(given) != 1:
        raise BadConnection(
            f"spec must have one of {', '.join(kinds)}, and it has {' and '.join(given) or 'none of them'}."
        )
    kinds[given[0]].read(spec, loopback=loopback)
