"""The functions of a cluster: what its TaskTemplates say, kept up to date by watches.

Services are watched from the first TaskTemplate on. What is not seen yet may have been created a moment before the call: it
is asked for once before a task fails for the lack of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import FunctionName, FunctionUnfit, NoFunction, StandsFor
from stepwright.cluster import task_templates
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.task_templates import Seen, Service, Template
from stepwright.engine.ports import Unavailable
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.decoders import decoder
from stepwright.kube.informer import Informer
from stepwright.kube.paths import path_of

_PAGE = 500


class ClusterFunctions:
    """Implements ``catalog.ports.Functions``. ``on_change`` is called with the namespace in which something is different,
    ``on_names`` with the one in which TaskTemplates stand for other functions than before."""

    def __init__(
        self,
        api: Api,
        namespaces: Sequence[str] = (),
        on_change: Callable[[str], None] = lambda _: None,
        on_names: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._api = api
        self._on_change = on_change
        self._on_names = on_names
        self.templates = Informer(
            api,
            API_VERSION,
            "tasktemplates",
            Template,
            namespaces=namespaces,
            on_change=self._template_changed,
            index=_claims,
        )
        self.services = Informer(
            api, "v1", "services", Service, namespaces=namespaces, on_change=self._service_changed
        )
        self._any = asyncio.Event()
        """There is, or was, a TaskTemplate."""

    async def run(self) -> None:
        """Never returns."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.templates.run(), name="task templates")
            await self._any.wait()
            group.create_task(self.services.run(), name="services")

    def known(self, name: FunctionName, namespace: str) -> StandsFor | None:
        seen = self.seen(namespace)
        try:
            return task_templates.function(task_templates.standing_for(name, seen), seen)
        except (NoFunction, FunctionUnfit):
            return None

    def lacking(self, name: FunctionName, namespace: str) -> str | None:
        if not self.templates.synced.is_set():
            return None
        try:
            task_templates.standing_for(name, self.seen(namespace))
        except NoFunction as lacking:
            return str(lacking)
        return None

    async def listed(self, seconds: float) -> None:
        """Return once the TaskTemplates are known, or after some time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.templates.synced.wait()

    async def find(
        self,
        name: FunctionName,
        namespace: str,
        caller: Caller,  # noqa: ARG002
    ) -> StandsFor:
        if not self.templates.synced.is_set():
            raise Unavailable("the TaskTemplates have not been listed yet")
        seen = self.seen(namespace)
        try:
            return task_templates.function(task_templates.standing_for(name, seen), seen)
        except (NoFunction, FunctionUnfit):
            asked = await self._asked(name, namespace)
            return task_templates.function(task_templates.standing_for(name, asked), asked)

    def seen(self, namespace: str) -> Seen:
        """What is known of a namespace."""
        return Seen(
            namespace,
            lambda name: self.templates.get(namespace, name),
            lambda function: self.templates.by_index(f"{namespace}/{function}"),
            lambda name: self.services.get(namespace, name),
        )

    async def _asked(self, name: FunctionName, namespace: str) -> Seen:
        """What there is in a namespace for this function at this moment. Raises Unavailable."""
        templates: dict[str, Template] = {}
        services: dict[str, Service] = {}
        try:
            path = path_of(API_VERSION, "tasktemplates", namespace)
            found, _ = await lists.whole(self._api, path, page_size=_PAGE)
            templates = {each.metadata.name: each for each in map(decoder(Template).decode, found)}
            seen = _of(namespace, templates, services)
            http = task_templates.standing_for(name, seen).spec.http
            if http is not None:
                path = path_of("v1", "services", namespace, http.service.name)
                services[http.service.name] = await self._api.get(path, into=Service)
        except (NotFound, NoFunction):
            pass
        except ApiError as error:
            raise Unavailable(f"TaskTemplates cannot be read: {error}") from error
        return _of(namespace, templates, services)

    def _template_changed(self, old: Template | None, new: Template | None) -> None:
        self._any.set()
        changed = new or old
        if changed is None:
            return
        self._on_change(changed.metadata.namespace)
        if old is None or new is None or old.spec.lambda_ != new.spec.lambda_:
            self._on_names(changed.metadata.namespace)

    def _service_changed(self, old: Service | None, new: Service | None) -> None:
        changed = new or old
        if changed is not None and (old is None or new is None or old.spec != new.spec):
            self._on_change(changed.metadata.namespace)


def _of(namespace: str, templates: dict[str, Template], services: dict[str, Service]) -> Seen:
    def claiming(function: str) -> Iterable[Template]:
        key = f"{namespace}/{function}"
        return [each for each in templates.values() if key in _claims(each)]

    return Seen(namespace, templates.get, claiming, services.get)


def _claims(template: Template) -> list[str]:
    names = (template.spec.lambda_ and template.spec.lambda_.names) or ()
    return [f"{template.metadata.namespace}/{name}" for name in names]
