"""Names of Jobs and labels, for whatever executions and states are called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.signals import TaskId
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.job import names

LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

texts = st.text(max_size=300)
uids = st.uuids().map(lambda uid: Uid(str(uid)))
tasks = st.integers(1, 10**12).map(TaskId)


def execution(name: str, uid: str = "7f3c2d1e-0000-4000-8000-000000000001") -> ExecutionRef:
    return ExecutionRef(Uid(uid), "shop", name, "order")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("order-7", "order-7-5-"),
        ("Order_7.2026", "order-7-2026-5-"),
        ("a" * 253, "a" * 39 + "-5-"),
        ("-.-", "x-5-"),
        ("Bestellung äöü", "bestellung-5-"),
    ],
)
def test_job_name_starts_with_the_executions_name(name: str, start: str) -> None:
    found = names.job_name(execution(name), TaskId(5))

    assert found.startswith(start)
    assert len(found) <= 52


@given(texts, uids, tasks)
def test_job_name_is_a_dns_label_with_room_for_its_pods(name: str, uid: Uid, task: TaskId) -> None:
    found = names.job_name(execution(name, uid), task)

    assert DNS_LABEL.fullmatch(found)
    assert len(found) <= 52
    assert found == names.job_name(execution(name, uid), task)


@given(texts, uids, uids, tasks, tasks)
def test_two_tasks_never_share_a_job(name: str, uid: Uid, other: Uid, task: TaskId, later: TaskId) -> None:
    same = (uid, task) == (other, later)

    assert same == (
        names.job_name(execution(name, uid), task) == names.job_name(execution(name, other), later)
    )


@given(texts)
def test_any_text_gives_a_label_value(text: str) -> None:
    assert LABEL_VALUE.fullmatch(names.label_value(text))


@given(texts, texts)
def test_two_texts_give_two_label_values(one: str, other: str) -> None:
    assert (one == other) == (names.label_value(one) == names.label_value(other))


def test_what_is_a_label_value_stays_as_it_is() -> None:
    assert names.label_value("Check_Inventory.2") == "Check_Inventory.2"
    assert names.label_value("") == ""


def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert LABEL_VALUE.fullmatch(names.label_value("\ud800"))


@given(uids, tasks)
def test_a_token_tells_its_task(uid: Uid, task: TaskId) -> None:
    assert names.task_of(names.task_name(uid, task), uid) == task


@pytest.mark.parametrize("token", ["", "x", "other-5", "7f3c-", "7f3c-x", "7f3c-5-6", "7f3c--5"])
def test_a_foreign_token_tells_none(token: str) -> None:
    assert names.task_of(token, Uid("7f3c")) is None
