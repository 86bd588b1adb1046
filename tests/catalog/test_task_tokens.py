"""Task tokens: one is taken only as it was made, for the task it was made for, by somebody who has a key."""

from __future__ import annotations

import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.task_token import task_name
from stepwright.catalog.ports import NoSuchTask
from stepwright.catalog.task_tokens import KEY_BYTES, Named, TaskTokens, namespace_hash
from stepwright.engine.ports import Uid

OLD, NEW = bytes(range(KEY_BYTES)), bytes(range(1, KEY_BYTES + 1))
UID = "43e358d5-0f2c-4d43-9a70-3c8a3f2b0c11"
TASK, SCHEDULED = TaskId(7), Millis(1_700_000_000_000)
TOKENS = TaskTokens([OLD])
TOKEN = TOKENS.make("shop", UID, TASK, SCHEDULED)

AWS_LONGEST = 2_048
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html"""


@given(
    st.text(min_size=1),
    st.uuids(),
    st.integers(min_value=0, max_value=2**63 - 1),
    st.integers(min_value=0, max_value=2**53),
)
def test_a_token_names_the_task_it_was_made_for(
    namespace: str, uid: uuid.UUID, task: int, scheduled: int
) -> None:
    token = TOKENS.make(namespace, str(uid), TaskId(task), Millis(scheduled))

    named = Named(namespace_hash(namespace), Uid(str(uid)), TaskId(task), Millis(scheduled))
    assert TOKENS.read(token) == named
    assert len(token) == len(TOKEN) <= AWS_LONGEST


def test_a_token_with_any_other_character_anywhere_is_none() -> None:
    others = "ABYZabyz0189-_+/=. \n\0é"
    for at, character in enumerate(TOKEN):
        for other in others.replace(character, ""):
            assert_is_none(TOKEN[:at] + other + TOKEN[at + 1 :])


@given(st.text() | st.text(string.ascii_letters + string.digits + "-_=", min_size=78, max_size=82))
def test_what_is_no_token_is_none(text: str) -> None:
    assert_is_none(text)


@pytest.mark.parametrize(
    "other",
    [
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "=",
        " " + TOKEN,
        TOKEN[:40],
        TOKEN + TOKEN,
        "",
        "A" * len(TOKEN),
        "=" * len(TOKEN),
        task_name(UID, TASK),
        TOKEN[:-24] + TOKENS.make("shop", UID, TaskId(8), SCHEDULED)[-24:],
        TOKEN[:-24] + TOKENS.make("shop", UID, TASK, Millis(SCHEDULED + 1))[-24:],
        TOKEN[:-24] + TOKENS.make("shop", str(uuid.UUID(int=1)), TASK, SCHEDULED)[-24:],
        TOKEN[:-24] + TOKENS.make("bank", UID, TASK, SCHEDULED)[-24:],
        TaskTokens([NEW]).make("shop", UID, TASK, SCHEDULED),
    ],
)
def test_a_token_made_of_other_tokens_or_with_another_key_is_none(other: str) -> None:
    assert_is_none(other)


def test_each_task_attempt_execution_and_namespace_has_a_token_of_its_own() -> None:
    made = [
        TOKENS.make(namespace, uid, TaskId(task), Millis(scheduled))
        for namespace in ("shop", "bank")
        for uid in (UID, str(uuid.UUID(int=1)))
        for task in (7, 8)
        for scheduled in (SCHEDULED, SCHEDULED + 1)
    ]

    assert len(set(made)) == len(made) == 16


def test_the_same_task_has_the_same_token_whoever_makes_it() -> None:
    assert TaskTokens([OLD]).make("shop", UID, TASK, SCHEDULED) == TOKEN


def test_while_a_key_is_rotated_tokens_of_both_are_taken_and_the_new_one_makes_them() -> None:
    both, only_new = TaskTokens([NEW, OLD]), TaskTokens([NEW])
    new = both.make("shop", UID, TASK, SCHEDULED)

    assert both.read(TOKEN) == both.read(new) == only_new.read(new)
    for tokens, token in ((only_new, TOKEN), (TOKENS, new)):
        with pytest.raises(NoSuchTask):
            tokens.read(token)


def test_keys_that_a_token_cannot_tell_apart_are_both_tried() -> None:
    """A token has one byte to tell its key by."""
    many = [number.to_bytes(KEY_BYTES) for number in range(600)]
    made = [TaskTokens([key]).make("shop", UID, TASK, SCHEDULED) for key in many]

    assert {TaskTokens(many).read(token).uid for token in made} == {UID}
    assert len(set(made)) == len(many)


@pytest.mark.parametrize("uid", ["order-7", UID.upper(), UID.replace("-", ""), f"{{{UID}}}"])
def test_an_execution_that_a_token_could_not_name_gets_none(uid: str) -> None:
    with pytest.raises(ValueError, match=r"UUID|badly formed"):
        TOKENS.make("shop", uid, TASK, SCHEDULED)


def assert_is_none(text: str) -> None:
    with pytest.raises(NoSuchTask):
        TOKENS.read(text)
