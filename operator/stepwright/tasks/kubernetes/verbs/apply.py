"""``k8s:apply``: an object made, or changed where it is there, as ``kubectl apply --server-side`` does it.

Applying the same twice changes nothing the second time.
https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.kube.api import APPLY_PATCH
from stepwright.tasks.kubernetes import answers, defining
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.defining import Defined

FIELD_MANAGER: Final = "stepwright"


async def make(asked: Asked) -> Json:
    applied = await apply(asked, await defining.defined(asked))
    return answers.of_object(applied, asked.given.get("select"))


async def apply(asked: Asked, of: Defined) -> dict[str, Any]:
    manager = asked.given.get("fieldManager", FIELD_MANAGER)
    params = {"fieldManager": manager, "force": asked.given.get("force", False)}
    applied: dict[str, Any] = await asked.api.patch(of.path, of.manifest, APPLY_PATCH, params)
    return applied
