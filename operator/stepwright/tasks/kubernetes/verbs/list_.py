"""``k8s:list``: a page of the objects of a kind."""

from __future__ import annotations

from stepwright.asl.json_types import Json
from stepwright.tasks.kubernetes import answers
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.parameters import MOST_LISTED


async def make(asked: Asked) -> Json:
    given = asked.given
    kind = await asked.kind()
    params = {name: given[name] for name in ("labelSelector", "fieldSelector", "continue") if name in given}
    path = kind.path("" if given.get("allNamespaces") else asked.namespace)
    answer = await asked.read(path, {"limit": given.get("limit", MOST_LISTED), **params})
    return answers.of_list(answer, given.get("select"))
