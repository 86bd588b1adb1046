"""The console of ``stepwright server`` on a real cluster, for people who log in at a real provider."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from stepwright.cluster.places import account_of
from tests.console.logins import at_provider
from tests.e2e.test_server_in_a_cluster import EVERYTHING, PASS, WAIT, Page
from tests.on_cluster import acting
from tests.on_cluster.kubectl import Kube, phase
from tests.processes import in_a_browser
from tests.processes.oidc import CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.processes.server import AUDIENCE, ServerAccount, ServerProcess
from tests.testcluster import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(420)]

SETTINGS: Final = "provider.yaml"
BACK: Final = "/console/api/v1/oidc/callback"
LOOKS: Final = (("statemachines", "get,list"), ("executions", "get,list"), ("executionhistories", "get"))
PEOPLE: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "dana": EVERYTHING,
    "ben": EVERYTHING,
    "rita": LOOKS,
    "eve": LOOKS,
    "nora": (),
}
"""Whom ``console/tests/cluster`` knows, and what each may do in the first of two namespaces."""


@pytest.fixture(scope="module")
def account(installed: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAccount]:
    made = ServerAccount(installed, tmp_path_factory.mktemp("account"))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def process(account: ServerAccount, tmp_path_factory: pytest.TempPathFactory) -> ServerProcess:
    folder = tmp_path_factory.mktemp("server")
    return ServerProcess(account.kubeconfig(), folder, f"--login-provider={folder / SETTINGS}")


@pytest.fixture(scope="module")
def provider(process: ServerProcess) -> Iterator[OidcProvider]:
    with OidcProvider(f"{process.url}{BACK}") as started:
        yield started


@pytest.fixture(scope="module")
def server(process: ServerProcess, provider: OidcProvider) -> Iterator[ServerProcess]:
    folder = process.certificate.parent
    said = {"issuer": provider.issuer, "clientId": CLIENT_ID, "clientSecretFile": "secret"}
    said |= {"redirectUri": f"{process.url}{BACK}"}
    (folder / SETTINGS).write_text(json.dumps({**said, "scopes": ["openid", "groups"]}))
    (folder / "secret").write_text(f"{CLIENT_SECRET}\n")
    process.start()
    yield process
    process.kill()


def test_people_who_log_in_at_a_provider_see_the_namespaces_that_their_groups_may(
    stepwright: Kube, server: ServerProcess
) -> None:
    acting.group(stepwright, "oidc:buyers", ("executions", "get,list"))
    page = Page(server)
    assert page.me()["login"] == "oidc"

    page.cookie = asyncio.run(logged_in(server, "ana+buyers"))
    told = page.me()
    assert told["person"] == "oidc:ana+buyers"
    assert [tenant["name"] for tenant in told["tenants"]] == [stepwright.namespace]
    assert page.ask(f"executions?ns={stepwright.namespace}") == (200, {"rows": []})
    assert page.ask(f"aws/ListStateMachines?ns={stepwright.namespace}", {}, "POST")[0] == 400
    assert page.ask("executions?ns=kube-system") == (403, "AccessDeniedException")

    page.cookie = asyncio.run(logged_in(server, "ben"))
    told = page.me()
    assert (told["person"], told["tenants"]) == ("oidc:ben", [])


def test_people_log_in_look_around_and_lose_nothing_in_a_browser(
    stepwright: Kube,
    server: ServerProcess,
    provider: OidcProvider,
    new_namespace: Callable[[], str],
    tmp_path: Path,
) -> None:
    """What they do there is in ``console/tests/cluster``."""
    shop, stock = stepwright, Kube(stepwright.cluster, new_namespace())
    for name, rights in PEOPLE.items():
        acting.account(shop, name, *rights)
    dana = {"kind": "ServiceAccount", "name": "dana", "namespace": shop.namespace}
    acting.let(stock, "dana", dana, *LOOKS)
    acting.group(shop, "oidc:sellers", *LOOKS)
    shop.machine("greets", PASS)
    shop.machine("patient", WAIT)
    shop.start("patient-1", "patient")
    shop.until("execution", "patient-1", lambda found: phase(found) == "Running")
    tokens = {name: shop.token(name, AUDIENCE) for name in PEOPLE}
    cluster = shop.cluster
    kubectl = [str(cluster.kubectl_path), f"--kubeconfig={cluster.kubeconfig}", "-n", shop.namespace]
    served = {
        "address": server.url,
        "issuer": provider.issuer,
        "shop": shop.namespace,
        "account": account_of(shop.namespace),
        "stock": stock.namespace,
        "tokens": tokens,
        "kubectl": kubectl,
    }
    in_a_browser.look(served, tmp_path)


async def logged_in(server: ServerProcess, name: str) -> str:
    """The cookie of a browser that has been at the provider."""
    trusted = ssl.create_default_context(cafile=str(server.certificate))
    navigation = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def open(url: str, cookie: str) -> tuple[str, str]:
            headers = {**navigation, "Cookie": cookie}
            async with session.get(url, ssl=trusted, headers=headers, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
                return answer.headers["Location"], answer.headers["Set-Cookie"].partition(";")[0]

        address, begun = await open(f"{server.url}/console/api/v1/oidc/login", "")
        where, cookie = await open(await at_provider(address, name, server.url), begun)
        assert where == "/console/"
        return cookie
