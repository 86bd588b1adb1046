"""``k8s:logs``: what containers have written: of one pod a text, of several the shape that AWS has for ``eks:runJob``."""

from __future__ import annotations

from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.kube.api_errors import ApiError, BadRequest, Forbidden, NotFound
from stepwright.tasks.kubernetes import answers, errors
from stepwright.tasks.kubernetes.asking import Asked

MOST_PODS: Final = 50


async def make(asked: Asked) -> Json:
    pods = await asked.discovery.kind(asked.api, "v1", "Pod")
    if "pod" in asked.given:
        path = pods.path(asked.namespace, asked.given["pod"], "log")
        return await _log(asked, path, asked.given.get("container"))
    job = asked.given.get("job")
    selector = asked.given["labelSelector"] if job is None else f"batch.kubernetes.io/job-name={job}"
    found = await asked.api.get(pods.path(asked.namespace), {"labelSelector": selector, "limit": MOST_PODS})
    logs: dict[str, Json] = {}
    for pod in found.get("items") or ():
        name = pod["metadata"]["name"]
        path = pods.path(asked.namespace, name, "log")
        logs[name] = {
            "containers": {each: await _said(asked, path, each) for each in _containers(asked, pod)}
        }
        if len(jsontext.dump(logs)) > answers.LARGEST_BYTES:
            raise errors.too_large(
                "These logs are too long; tailLines says how many of the last lines are read"
            )
    return {"pods": logs}


def _containers(asked: Asked, pod: dict[str, Any]) -> list[str]:
    wanted = asked.given.get("container")
    names = [str(container["name"]) for container in pod["spec"]["containers"]]
    return [name for name in names if wanted in (None, name)]


async def _said(asked: Asked, path: str, container: str) -> Json:
    try:
        return {"log": await _log(asked, path, container)}
    except (NotFound, BadRequest, Forbidden) as error:  # it has not begun, or is gone
        return _unread(error)


def _unread(error: ApiError) -> Json:
    return {"error": f"{errors.PREFIX}{error.reason or error.status}", "cause": error.message}


async def _log(asked: Asked, path: str, container: str | None) -> Json:
    given = asked.given
    params = {name: given[name] for name in ("previous", "tailLines", "sinceSeconds") if name in given}
    if container is not None:
        params["container"] = container
    # One more than a result may have, so that what is too long is seen to be.
    params["limitBytes"] = answers.LARGEST_BYTES + 1
    text = (await asked.api.request("GET", path, params)).decode(errors="replace")
    if len(text.encode()) > answers.LARGEST_BYTES:
        raise errors.too_large("The log is too long; tailLines says how many of the last lines are read")
    if given.get("parse"):
        try:
            return jsontext.parse(text)
        except InvalidJson:
            pass
    return text
