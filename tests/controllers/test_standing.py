"""Which of several operators may act upon an execution, by what they have published: the rules, one by one."""

from __future__ import annotations

import pytest

from stepwright.controllers.rendezvous import owner
from stepwright.controllers.standing import Standing, View, nobody, standing

ALONE: View = ("a",)
BOTH: View = ("a", "b")


def uid_of(member: str, view: View) -> str:
    """An execution that rendezvous hashing gives to this member."""
    return next(uid for uid in map(str, range(1000)) if owner(uid, view) == member)


A, B = uid_of("a", BOTH), uid_of("b", BOTH)


@pytest.mark.parametrize(
    ("found", "gives_a", "gives_b"),
    [
        pytest.param(nobody("a"), False, False, id="nothing is published"),
        pytest.param(standing("a", ALONE, frozenset(), {}), True, True, id="alone"),
        pytest.param(standing("a", BOTH, frozenset(), {"b": BOTH}), True, False, id="both agree"),
        pytest.param(standing("a", ALONE, frozenset(), {"b": BOTH}), True, False, id="the other one counts itself"),
        pytest.param(standing("a", BOTH, frozenset(), {"b": ("b",)}), False, False, id="the other one is alone"),
        pytest.param(standing("a", BOTH, frozenset(), {"b": ALONE}), True, False, id="the other one knows only me"),
        pytest.param(standing("a", BOTH, frozenset(), {"b": None}), False, False, id="a view nobody can read"),
        pytest.param(standing("a", BOTH, frozenset({ALONE}), {}), True, False, id="an older view may land yet"),
        pytest.param(
            standing("a", ALONE, frozenset(), {}, frozenset({A})), False, True, id="another one is stepping it"
        ),
    ],
)  # fmt: skip
def test_an_execution_is_acted_upon_where_every_view_agrees(
    found: Standing, gives_a: bool, gives_b: bool
) -> None:
    assert (found.gives(A), found.gives(B)) == (gives_a, gives_b)


def test_what_a_view_takes_away_is_let_go_of_before_it_is_published_and_what_it_gives_comes_after() -> None:
    before = standing("a", BOTH, frozenset(), {"b": BOTH})

    about_to_be_alone = before.with_view(ALONE)
    assert (about_to_be_alone.gives(A), about_to_be_alone.gives(B)) == (True, False)

    about_to_share = standing("a", ALONE, frozenset(), {}).with_view(BOTH)
    assert (about_to_share.gives(A), about_to_share.gives(B)) == (True, False)


def test_who_holds_nothing_gets_nothing_by_a_view_that_is_not_published() -> None:
    assert nobody("a").with_view(ALONE) == nobody("a")
    assert not nobody("a").with_view(ALONE).gives(A)
