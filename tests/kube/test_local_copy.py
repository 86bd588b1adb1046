"""What changes in a local copy when an object is seen."""

from __future__ import annotations

import msgspec
import pytest

from stepwright.kube.local_copy import LocalCopy


class Metadata(msgspec.Struct, frozen=True):
    name: str
    uid: str
    resourceVersion: str  # noqa: N815 - the field's name on the wire
    namespace: str = "shop"


class Thing(msgspec.Struct, frozen=True):
    metadata: Metadata
    owner: str = "me"
    wanted: bool = True


def thing(version: int, uid: str = "1", name: str = "a", owner: str = "me", *, wanted: bool = True) -> Thing:
    return Thing(Metadata(name, uid, str(version)), owner, wanted)


def copy(*known: Thing) -> LocalCopy[Thing]:
    copied: LocalCopy[Thing] = LocalCopy(
        (None,), keeps=lambda each: each.wanted, index=lambda each: (each.owner,)
    )
    for each in known:
        list(copied.put(None, each))
    return copied


FIRST = thing(1)


@pytest.mark.parametrize(
    ("known", "seen", "changes"),
    [
        pytest.param([], FIRST, [(None, FIRST)], id="it appears"),
        pytest.param([FIRST], thing(1), [], id="it is seen again as it was"),
        pytest.param([FIRST], thing(2), [(FIRST, thing(2))], id="it has changed"),
        pytest.param(
            [FIRST],
            thing(2, uid="2"),
            [(FIRST, None), (None, thing(2, uid="2"))],
            id="another one has its name",
        ),
        pytest.param(
            [FIRST],
            thing(1, uid="2"),
            [(FIRST, None), (None, thing(1, uid="2"))],
            id="another one has its name and its version, after a restore",
        ),
        pytest.param(
            [], thing(1, wanted=False), [(None, thing(1, wanted=False))], id="it is not to be remembered"
        ),
        pytest.param(
            [FIRST],
            thing(2, wanted=False),
            [(FIRST, thing(2, wanted=False))],
            id="it is not to be remembered any more",
        ),
    ],
)
def test_what_is_told_of_an_object_that_is_seen(
    known: list[Thing], seen: Thing, changes: list[tuple[Thing | None, Thing | None]]
) -> None:
    copied = copy(*known)

    assert list(copied.put(None, seen)) == changes

    there = changes[-1][1] if changes else known[-1]
    kept = [there] if there is not None and there.wanted else []
    assert copied.all() == kept
    assert copied.by_index("me") == kept
    assert copied.get("shop", "a") == (kept[0] if kept else None)
    assert len(copied) == len(kept)


def test_whoever_hears_that_the_first_of_a_name_is_gone_finds_neither() -> None:
    copied = copy(FIRST)

    found = [copied.get("shop", "a") for _ in copied.put(None, thing(2, uid="2"))]

    assert found == [None, thing(2, uid="2")]


def test_an_object_moves_in_the_index_with_what_it_says() -> None:
    copied = copy(FIRST, thing(1, name="b"))

    list(copied.put(None, thing(2, owner="you")))

    assert copied.by_index("me") == [thing(1, name="b")]
    assert copied.by_index("you") == [thing(2, owner="you")]


def test_what_is_gone_is_gone_once() -> None:
    copied = copy(FIRST)

    assert copied.remove(None, ("shop", "a"))
    assert not copied.remove(None, ("shop", "a"))
    assert copied.by_index("me") == []


def test_of_streams_each_has_its_own() -> None:
    copied: LocalCopy[Thing] = LocalCopy(("shop", "bank"))
    list(copied.put("shop", FIRST))

    assert list(copied.of("shop").values()) == [FIRST]
    assert copied.of("bank") == {}
    assert copied.get("shop", "a") == FIRST
    assert copied.get("elsewhere", "a") is None
