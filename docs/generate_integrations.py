# ruff: noqa: INP001 - a command beside what it writes, not a package
"""The pages of what tasks can call, from the tables of the code: ``python docs/generate_integrations.py [--check]``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, get_args

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
"""What tests call at moto's server (tests/tasks/test_aws_services.py)."""
STOOD_IN_FOR: Final = frozenset({"apigateway", "bedrockagentcore"})
"""Whose answers tests give by HTTP servers of their own (tests/tasks/test_api_gateway.py, test_aws_harnesses.py)."""
PLAYED: Final = frozenset({"athena", "batch", "databrew", "ecs", "emr-serverless", "glue", "sagemaker"})
"""Whose ``.sync`` tests play the service in the process (tests/tasks/test_aws_jobs.py, test_aws_clusters.py)."""

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
In a cluster `.waitForTaskToken` is refused for all drivers, since nothing takes answers to task tokens there yet. Activities need
workers that ask for tasks, and so the server that `stepwright dev` is. [Errors of the language](definitions.md#errors-of-the-language)
come in addition. How to add a driver is in [architecture.md](architecture.md#to-add-something).

## What Maps read and write

What an ItemReader or a ResultWriter of a distributed Map names, which is no task. [maps.md](maps.md) says what each takes and gives; any
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
Where it says *models*, the names of operations and members are compared with the service's model; the code is that of the services
which are called.

## When something goes wrong

HTTP tasks, functions, AWS's services, PostgreSQL, mail and NATS keep one [contract](plugins.md#testing-it): what is called is away, says
nothing, no sense, or more than a result may have, or does not accept the credentials; and the process ends before the request, or between
request and answer. These tests say more, for single drivers:

| what goes wrong | what comes of it | tests |
| --- | --- | --- |
| nobody listens | The task fails with an error of its driver, and its `Retry` decides. The Kubernetes API is asked until it answers, and so are services about jobs that have begun; a function's pods have time to begin | `tasks/test_aws_faults.py::test_nobody_listens`, `tasks/test_aws_jobs.py::test_a_job_is_followed_though_its_service_is_away_for_a_while`, `tasks/test_function_answers.py::test_a_call_waits_for_somebody_to_listen_and_is_made_once`, `tasks/kubernetes/test_k8s_reading.py::test_an_api_server_that_is_away_is_asked_until_it_is_there`, `e2e/test_outages.py::test_away_for_a_minute_the_api_server_finds_every_step_done_once` |
| a name is not resolved | The same, and the cause has the name | `tasks/test_aws_faults.py::test_the_name_is_not_resolved`, `tasks/http/test_faulty_servers.py::test_a_name_that_does_not_resolve_is_told`, `tasks/test_function_answers.py::test_a_name_that_does_not_resolve_is_told`, `tasks/sql/test_sql_tasks.py::test_a_name_that_does_not_resolve_is_told`, `tasks/mail/test_mail_tasks.py::test_a_name_that_does_not_resolve_is_told`, `tasks/nats/test_nats_tasks.py::test_a_name_that_does_not_resolve_is_told` |
| it is slow, or the connection is half open | The call is given up in time; what may have been done is [repeated or not, as its driver declares](architecture.md#ports) | `tasks/test_aws_faults.py::test_no_answer_comes`, `tasks/test_aws_faults.py::test_the_answer_breaks_off`, `tasks/test_aws_harnesses.py::test_an_agent_that_says_nothing_any_more_is_not_waited_for_for_ever`, `tasks/http/test_faulty_servers.py::test_a_server_that_does_not_finish_is_given_up`, `tasks/test_function_answers.py::test_a_call_takes_no_longer_than_it_may`, `tasks/sql/test_sql_tasks.py::test_a_connection_that_breaks_off_at_the_commit_leaves_it_unknown`, `tasks/mail/test_mail_tasks.py::test_a_server_that_ends_after_the_mail_leaves_it_unknown`, `tasks/nats/test_nats_tasks.py::test_a_server_that_ends_within_a_request_leaves_it_unknown`, `e2e/test_outages.py::test_with_its_connections_cut_blocked_and_dead_an_operator_does_every_step_once` |
| what it says makes no sense | The task fails with an error of its driver | `tasks/test_aws_faults.py::test_the_answer_is_none_of_the_service`, `tasks/test_aws_harnesses.py::test_what_is_no_stream_of_events_is_no_answer`, `tasks/http/test_faulty_servers.py::test_a_fault_of_the_server_is_the_tasks_error`, `tasks/test_function_answers.py::test_an_answer_that_breaks_off_or_is_none_is_a_lost_connection`, `tasks/kubernetes/test_k8s_reading.py::test_an_answer_that_something_is_wrong_inside_is_believed_after_a_while` |
| it says too much | `States.DataLimitExceeded`, without having read it all | `tasks/test_aws_faults.py::test_the_answer_is_huge`, `tasks/test_calls.py::test_an_answer_without_end_is_not_read_to_its_end`, `tasks/sql/test_sql_tasks.py::test_a_value_larger_than_may_be_read_is_not_read_to_its_end`, `tasks/nats/test_nats_tasks.py::test_an_answer_that_is_too_large_is_not_read_to_its_end`, `tasks/kubernetes/test_k8s_reading.py::test_a_result_that_is_too_large_says_what_to_do` |
| it throttles | The call is made a few times more, then the task fails; what is asked again and again is asked less often | `tasks/test_aws_faults.py::test_a_throttled_call_is_made_again_and_then_fails`, `tasks/test_aws_looks.py::test_a_service_that_throttles_is_asked_less_by_all_of_a_caller`, `tasks/test_function_answers.py::test_what_a_function_does_not_do_has_a_name_that_retriers_know`, `tasks/mail/test_mail_tasks.py::test_what_the_server_refuses_is_for_good_or_for_now`, `tasks/test_call_driver.py::test_a_refusal_that_may_not_last_counts_after_some_attempts` |
| the credentials are wrong | The task fails in the service's words, which have no secret in them | `tasks/test_aws_faults.py::test_credentials_that_do_not_do_are_told_as_the_service_tells_it`, `assembly/test_aws_by_connections.py::test_a_key_that_is_wrong_is_read_anew_and_its_refusal_told_without_it`, `tasks/sql/test_sql_tasks.py::test_a_wrong_password_is_told_without_it`, `tasks/mail/test_mail_tasks.py::test_a_wrong_password_is_told_without_it`, `tasks/nats/test_nats_tasks.py::test_a_wrong_password_is_told_without_it` |
| the credentials have expired | They are fetched again, once | `assembly/test_aws_by_connections.py::test_a_session_that_lapses_while_it_is_used_is_renewed_once`, `tasks/http/test_http_tasks.py::test_a_token_that_is_refused_is_renewed_once` |
| SIGKILL between request and answer | The next process looks for what was done, does it again, or fails the task, as its driver declares | `tasks/test_call_driver.py::test_what_may_have_been_called_by_an_earlier_process_is_called_as_declared`, `tasks/test_aws_jobs.py::test_after_a_kill_a_job_of_batch_is_found_by_its_tag`, `tasks/kubernetes/test_k8s_creating.py::test_what_was_asked_for_when_the_answer_was_lost_is_found_or_made`, `tasks/test_step_functions.py::test_executions_that_start_others_start_each_once_however_often_they_are_killed`, `e2e/test_functions_in_a_cluster.py::test_a_call_that_outlives_its_operator_is_made_again_and_known_by_its_key`, `e2e/test_killed_at_every_write.py::test_killed_at_each_write_a_workflow_has_the_history_of_an_undisturbed_run` |
| the operator is replaced while calls are in flight | It waits for their answers for a while and records them; the next one goes on with what was submitted | `assembly/test_drain.py::test_a_call_under_way_is_waited_for_and_what_came_of_it_is_recorded`, `tasks/test_call_driver.py::test_who_carries_an_execution_on_finds_what_was_being_begun_for_it`, `tasks/test_call_driver.py::test_another_engine_carries_an_execution_on_and_nothing_of_it_is_stopped`, `e2e/test_kubernetes_verbs.py::test_a_wait_goes_on_in_the_next_operator` |

## AWS's services

One [driver](aws.md) calls all services of `arn:aws:states:::aws-sdk:`, by the rules of AWS's SDKs; [aws-services.md](aws-services.md)
lists them. Tests call actions of s3, sqs, dynamodb, rds, ssm, secretsmanager, cloudformation and sts at moto's server, and AWS's
recordings of SQS, SNS, DynamoDB, S3 and Secrets Manager are [replayed](conformance.md#recorded-interactions). For all others the
models say how they are called.
"""

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
    )


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
        else "but " + " ".join(f"`{_short(one)}`" for one in lacking)
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


PAGES: Final = {"integrations.md": integrations, "aws-services.md": services}


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
