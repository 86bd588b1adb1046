"""``arn:aws:states:::eks:runJob``: a Job that is created and left to itself, with AWS's names. It is made once, as by ``k8s:create``.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stepwright.asl.json_types import Json
from stepwright.tasks.kubernetes import manifests
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.verbs import call, create


async def make(asked: Asked) -> Json:
    with call.told_as_aws_does():
        return await create.make(_creating(asked))


async def find(asked: Asked) -> Json:
    with call.told_as_aws_does():
        return await create.find(_creating(asked))


def _creating(asked: Asked) -> Asked:
    given: dict[str, Any] = {"manifest": manifests.of_job(asked.given["Job"])}
    if "Namespace" in asked.given:
        given["namespace"] = asked.given["Namespace"]
    return replace(asked, given=given)
