"""What nests too deeply for Python is cut off before it is read."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import msgspec
import pytest

from stepwright.asl.text import jsontext
from stepwright.kube import depth, lists, watches
from tests.kube.server import says, serving


def nested(levels: int, inside: str = "1") -> str:
    return '{"a":[' * (levels // 2) + inside + "]}" * (levels // 2)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(nested(jsontext.MAX_DEPTH), id="as deep as inputs may be"),
        pytest.param(json.dumps([{"a": []}] * 1_000), id="many objects side by side"),
        pytest.param(json.dumps(["{[" * 1_000, '\\"{["' * 300]), id="brackets in texts"),
        pytest.param("[" * depth.LEVELS + "]" * depth.LEVELS, id="just deep enough"),
        pytest.param("no JSON [[[ at all", id="no JSON"),
    ],
)
def test_what_python_can_read_stays_as_it_is(text: str) -> None:
    assert depth.cut(text.encode()) == text.encode()


@pytest.mark.parametrize("levels", [depth.LEVELS + 2, 2_000, 20_000])
def test_what_is_deeper_is_cut_and_all_around_it_stays(levels: int) -> None:
    text = f'{{"before":1,"deep":[{nested(levels)},{nested(levels)}],"after":["}}]"]}}'
    found = json.loads(depth.cut(text.encode()))

    assert (found["before"], found["after"]) == (1, ["}]"])
    assert found["deep"][0] == found["deep"][1]
    with pytest.raises(jsontext.TooDeep):
        jsontext.dump(found["deep"])
    copy.deepcopy(found)  # as kopf does


@pytest.mark.parametrize("levels", [900, 1_100, 20_000])
async def test_one_deep_object_keeps_nobody_from_reading_the_others(tmp_path: Path, levels: int) -> None:
    deep = f'{{"metadata":{{"name":"deep"}},"spec":{nested(levels)}}}'
    fine = '{"metadata":{"name":"fine"},"spec":[[1.0]]}'
    listed = f'{{"metadata":{{"resourceVersion":"7"}},"items":[{deep},{fine}]}}'
    watched = f'{{"type":"ADDED","object":{deep}}}\n{{"type":"ADDED","object":{fine}}}\n'
    async with serving(tmp_path, says(200, deep), says(200, listed), says(200, watched)) as (_, api):
        read = await api.get("/x")
        items, _ = await lists.whole(api, "/x")
        events = [event async for event in watches.watch(api, "/x")]

    assert read["metadata"]["name"] == "deep"
    assert len(items) == len(events) == 2
    assert bytes(items[1]) == bytes(events[1].object) == fine.encode()
    assert msgspec.json.decode(events[0].object)["metadata"]["name"] == "deep"
