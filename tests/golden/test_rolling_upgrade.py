"""The previous version's operator and this one's share a cluster for a while, as they do when one takes the other's
place: each execution is carried on by whoever has it, and no task is started twice."""

from __future__ import annotations

import pytest

from tests.golden import earlier, upgrading
from tests.golden.earlier import Earlier


@pytest.fixture(scope="module", params=sorted(earlier.COMMITS))
def previous(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Earlier:
    folder = tmp_path_factory.mktemp(f"stepwright-{request.param}")
    try:
        earlier.unpack(request.param, folder)
    except earlier.NotThere as error:
        pytest.skip(f"the code of {request.param} is not in this checkout: {error}")
    return Earlier(folder)


def check(world: upgrading.Upgrade) -> None:
    makers = {notes.by[0] for notes in world.jobs.notes.values()}

    assert world.result.violations == []
    assert [body["status"]["phase"] for body in world.server.all("executions")] == ["Succeeded"] * 4
    assert makers == {"a", "b"}, "one of the two did all the work"


@pytest.mark.parametrize("joins", [0.5, 1.3, 2.5, 4.0, 6.0])
def test_executions_go_on_through_a_rolling_upgrade(previous: Earlier, joins: float) -> None:
    check(upgrading.upgrade(previous, joins, 3.0, back=False))


@pytest.mark.parametrize("joins", [0.5, 2.5, 6.0])
def test_executions_go_on_when_an_upgrade_is_taken_back(previous: Earlier, joins: float) -> None:
    """As long as nothing is used that the earlier version does not know."""
    check(upgrading.upgrade(previous, joins, 3.0, back=True))
