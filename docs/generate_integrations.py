# ruff: noqa: INP001 - a command beside what it writes, not a package
"""The pages of what tasks can call, from the tables of the code: ``python docs/generate_integrations.py [--check]``."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from stepwright.asl.resource import Pattern, parse
from stepwright.aws import exceptional, models, names, optimized
from stepwright.tasks import table
from stepwright.tasks.table import OfMaps, Process, Row

DOCS: Final = Path(__file__).parent
LETTERS: Final[Mapping[Pattern, str]] = {"": "R", ".sync": "S", ".sync:2": "S2", ".waitForTaskToken": "T"}

NO_OPERATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "eks": {"call": "R", "runJob": "R S"},
    "http": {"invoke": "R"},
}
"""Actions of AWS's optimised integrations that are not operations of a service of botocore's, or that are served in another way, with their
patterns. Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html"""

ON_MOTO: Final = frozenset({"dynamodb", "elasticmapreduce", "events", "sns", "sqs"})
"""What tests call at moto's server (tests/tasks/aws/test_aws_services.py)."""
STOOD_IN_FOR: Final = frozenset({"apigateway", "bedrockagentcore"})
"""Whose answers tests give by HTTP servers of their own (tests/tasks/aws/test_api_gateway.py, test_aws_harnesses.py)."""
PLAYED: Final = frozenset({"athena", "batch", "databrew", "ecs", "emr-serverless", "glue", "sagemaker"})
"""Whose ``.sync`` tests play the service in the process (tests/tasks/aws/test_aws_jobs.py, test_aws_clusters.py)."""

WRITTEN: Final = (
    "<!-- Written by docs/generate_integrations.py from the tables of the code: change those. -->\n"
)

INTEGRATIONS: Final = """\
# What tasks can call

Which `Resource` of a Task state is served where, and what it was tested against. One that is not served is reported when the state
machine is created: in a cluster it is not Ready (`NoDriver`), `stepwright dev` and `stepwright validate` warn (`NO_DRIVER`). Any
task can be [mocked](testing.md).

## Drivers

| driver | Resources | in a cluster | `stepwright dev` | `stepwright run` | tested against | example | its own errors |
| --- | --- | --- | --- | --- | --- | --- | --- |
{drivers}
In a cluster `.waitForTaskToken` is refused for all drivers, since nothing accepts answers to task tokens there yet. Activities need
workers that ask for tasks, and so a server: that of `stepwright dev`. [Errors of the language](definitions.md#errors-of-the-language)
come in addition. How to add a driver is in [architecture.md](architecture.md#to-add-something).

## What Maps read and write

What an ItemReader or a ResultWriter of a distributed Map names, which is not a task. [maps.md](maps.md) says what each takes and gives; any
can be mocked.

| field | `Resource` | in a cluster | `stepwright dev` | `stepwright run` | tested against | example |
| --- | --- | --- | --- | --- | --- | --- |
{of_maps}
What cannot be read is `States.ItemReaderFailed`, what cannot be written `States.ResultWriterFailed`.

## Optimised integrations

All actions and patterns that AWS has. `R`: request response; `S`: `.sync`; `S2`: `.sync:2`; `T`: `.waitForTaskToken`. A pattern that
AWS does not offer is refused as AWS refuses it; so is `.waitForTaskToken` of `eks`, which one page of AWS's lists and another excludes.

| service | everywhere | in a cluster only | without one only | driver | tested against | its errors |
| --- | --- | --- | --- | --- | --- | --- |
{optimised}
Where it says *models*, the names of operations and members are compared with the service's model; the code is the same as for the
services that are called.

## When something goes wrong

HTTP tasks, functions, AWS's services, databases, mail, NATS, AMQP, Kafka and integrations of others keep one
[contract](plugins.md#testing-it), which plays these faults. [faults.md](faults.md) names the tests, driver by driver, and says
why where there is none.

| what goes wrong | what comes of it |
| --- | --- |
{faults}
## AWS's services

One [driver](aws.md) calls all services of `arn:aws:states:::aws-sdk:`, by the rules of AWS's SDKs; [aws-services.md](aws-services.md)
lists them. Tests call actions of s3, sqs, dynamodb, rds, ssm, secretsmanager, cloudformation and sts at moto's server, and AWS's
recordings of SQS, SNS, DynamoDB, S3 and Secrets Manager are [replayed](conformance.md#recorded-interactions). For all others the
models say how they are called.
"""

FAULTS: Final = """\
# Tests of what goes wrong

What a task's user sees when something goes wrong is in [integrations.md](integrations.md#when-something-goes-wrong), what each error is
called on the driver's page. These are the tests that show it, by their paths in `tests/`, for each driver and each fault.

{sections}"""

SERVICES: Final = """\
# Services of aws-sdk

Each can be called as `arn:aws:states:::aws-sdk:SERVICE:ACTION`, and [without a cluster](integrations.md#drivers) with
`.waitForTaskToken`. How actions, parameters and errors are named, and as whom calls are made, is in [aws.md](aws.md). These are the
{count} services, with {actions} actions, of the botocore that the project is tested with; a newer one knows more.

| service | actions | errors begin with | in botocore |
| --- | ---: | --- | --- |
{services}"""


def integrations() -> str:
    return WRITTEN + INTEGRATIONS.format(
        drivers=_lines(_driver(row) for row in table.TABLE),
        of_maps=_lines(map(_of_maps, table.OF_MAPS)),
        optimised=_lines(_optimised()),
        faults=_lines([fault["title"], fault["comes"]] for fault in _told_of_faults()["faults"].values()),
    )


def faults() -> str:
    told = _told_of_faults()
    sections = [_of_driver(driver, told["faults"]) for driver in told["drivers"].values()]
    return WRITTEN.replace("the tables of the code", "faults.toml") + FAULTS.format(
        sections="\n".join(sections)
    )


def _told_of_faults() -> dict[str, Any]:
    return tomllib.loads((DOCS / "faults.toml").read_text(encoding="utf-8"))


def _of_driver(driver: Mapping[str, Any], faults: Mapping[str, Any]) -> str:
    rows = ([fault["title"], _shown(driver[name])] for name, fault in faults.items())
    head = f"## {driver['title']}\n\nTheir page is [{driver['page']}]({driver['page']}).\n\n"
    return f"{head}| what goes wrong | tests |\n| --- | --- |\n{_lines(rows)}"


def _shown(cell: str | list[str]) -> str:
    return f"none: {cell}" if isinstance(cell, str) else ", ".join(f"`{test}`" for test in cell)


def _driver(row: Row) -> list[str]:
    where = [_where(row, process) for process in get_args(Process)]
    page = (
        f"[{row.page.removesuffix('.md')}]({row.page}#errors)"
        if _has_errors(row.page)
        else f"[{row.page}]({row.page})"
    )
    return [
        row.name.replace("_", " "),
        " ".join(f"`{_short(resource)}`" for resource in row.examples),
        *where,
        row.tested,
        _example(row.example, row.page),
        f"{row.errors}: {page}",
    ]


def _of_maps(row: OfMaps) -> list[str]:
    where = ["yes" if process in row.processes else "no" for process in get_args(Process)]
    example = _example(row.example, "maps.md")
    return [row.field, f"`{_short(row.resource.text)}`", *where, row.tested, example]


def _example(folder: str, page: str) -> str:
    return f"[{folder}](../examples/{folder})" if folder else f"[on its page]({page})"


def _where(row: Row, process: Process) -> str:
    lacking = [resource for resource in row.examples if not table.serves(parse(resource), process)]
    if not lacking:
        return "yes"
    return (
        "no"
        if len(lacking) == len(row.examples)
        else "all but " + " ".join(f"`{_short(one)}`" for one in lacking)
    )


def _has_errors(page: str) -> bool:
    return "\n## Errors\n" in (DOCS / page).read_text(encoding="utf-8")


def _short(resource: str) -> str:
    return resource.removeprefix("arn:aws:states:::")


def _optimised() -> Iterator[list[str]]:
    for service in sorted({*optimized.SERVICES, *NO_OPERATIONS}):
        where: dict[tuple[bool, bool], dict[str, list[str]]] = {
            places: {} for places in ((True, True), (True, False), (False, True))
        }
        drivers = {}
        for action, pattern in _offered(service):
            resource = parse(f"arn:aws:states:::{service}:{action}{pattern}")
            places = (table.serves(resource, "operator"), table.serves(resource, "dev"))
            where[places].setdefault(action, []).append(LETTERS[pattern])
            if (row := table.row(resource)) is not None:
                drivers[row.name] = row
        yield [
            f"`{service}`",
            *map(_told, where.values()),
            ", ".join(f"[{row.name.replace('_', ' ')}]({row.page})" for row in drivers.values()),
            _tested(service, list(drivers.values())),
            f"`{optimized.SERVICES[service].prefix}.*`"
            if service in optimized.SERVICES
            else _errors(drivers.values()),
        ]


def _offered(service: str) -> Iterator[tuple[str, Pattern]]:
    for action, letters in NO_OPERATIONS.get(service, {}).items():
        yield from ((action, pattern) for pattern, letter in LETTERS.items() if letter in letters.split())
    known = optimized.SERVICES.get(service)
    for action, patterns in () if known is None else known.actions.items():
        yield from ((action, pattern) for pattern in LETTERS if pattern in patterns)


def _told(found: Mapping[str, list[str]]) -> str:
    return ", ".join(f"`{action}` {' '.join(letters)}" for action, letters in found.items())


def _tested(service: str, drivers: list[Row]) -> str:
    if [row.name for row in drivers] != ["aws"]:
        return ", ".join(row.tested for row in drivers)
    if service in STOOD_IN_FOR:
        return "a server that stands in for it"
    if service == "bedrock":
        return "a server that stands in for it and moto's, models"
    if service in ON_MOTO:
        return "moto's server"
    return "played services, models" if service in PLAYED else "models"


def _errors(drivers: Iterable[Row]) -> str:
    return ", ".join(row.errors for row in drivers)


class _Refers(msgspec.Struct):
    shape: str


class _Structure(msgspec.Struct):
    members: dict[str, _Refers] = {}


class _Operation(msgspec.Struct):
    input: _Refers | None = None
    output: _Refers | None = None


class _Metadata(msgspec.Struct):
    serviceId: str  # noqa: N815 - botocore's


class _Model(msgspec.Struct):
    """What is needed of a model: botocore's own takes minutes for all of them."""

    metadata: _Metadata
    operations: dict[str, _Operation]
    shapes: dict[str, msgspec.Raw]


def services() -> str:
    rows = []
    total = 0
    for name, botocore in sorted(models.services().items()):
        model = msgspec.json.decode(models.text(botocore), type=_Model)
        actions = sum(1 for operation in model.operations if _is_served(name, model, operation))
        total += actions
        prefix = f"`{names.service(model.metadata.serviceId)}.`"
        rows.append([f"`{name}`", f"{actions:,}", prefix, f"`{botocore}`"])
    return WRITTEN + SERVICES.format(count=len(rows), actions=f"{total:,}", services=_lines(rows))


def _is_served(service: str, model: _Model, name: str) -> bool:
    """As ``tasks.aws.operations`` decides."""
    if (service, names.action(name)) in exceptional.NOT_SERVED:
        return False
    operation = model.operations[name]
    for refers in filter(None, (operation.input, operation.output)):
        structure = msgspec.json.decode(model.shapes[refers.shape], type=_Structure)
        if any(
            b'"eventstream":true' in bytes(model.shapes[member.shape])
            for member in structure.members.values()
        ):
            return False
    return True


def _lines(rows: Iterable[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


PAGES: Final = {"integrations.md": integrations, "aws-services.md": services, "faults.md": faults}


def main(arguments: list[str]) -> int:
    stale = []
    for name, page in PAGES.items():
        text = page()
        if arguments != ["--check"]:
            (DOCS / name).write_text(text, encoding="utf-8")
        elif not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"{', '.join(stale)} of docs/ differ from the code: run docs/generate_integrations.py")  # noqa: T201
    return len(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
