"""Connections from files: what a cluster would have, and where their Secrets are."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwright.assembly import connection_files
from stepwright.assembly.connection_files import BadFile
from stepwright.catalog.ports import NoObject
from stepwright.engine.ports import ExecutionRef, Uid

REF = ExecutionRef(Uid("u"), "local", "x", "m")
CONNECTION = """
apiVersion: stepwright.dev/v1
kind: Connection
metadata: {name: NAME}
spec: {http: {allow: ["https://api.example.com/v1/"]}}
"""


def written(tmp_path: Path, text: str, name: str = "connections.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


async def test_connections_of_all_files_are_found_and_other_kinds_left_alone(tmp_path: Path) -> None:
    first = written(
        tmp_path,
        CONNECTION.replace("NAME", "a")
        + "---\nkind: Secret\napiVersion: v1\n---\n"
        + CONNECTION.replace("NAME", "b"),
    )
    second = written(tmp_path, '{"apiVersion": "stepwright.dev/v1", "kind": "Connection", "metadata": {"name": "c"}, '
                     '"spec": {"http": {"allow": ["http://localhost:80/"]}}}', "c.json")  # fmt: skip

    found = connection_files.read([first, second])

    assert sorted(found.known) == ["a", "b", "c"]
    assert (await found.find(REF, "c")).spec == {"http": {"allow": ["http://localhost:80/"]}}
    with pytest.raises(NoObject, match=r"^There is no Connection 'd'; there are a, b, c\.$"):
        await found.find(REF, "d")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CONNECTION.replace("NAME", "a").replace("allow", "alow"), "/spec/http/allow: Field required"),
        (CONNECTION.replace("NAME", "a").replace("https", "gopher"), "/spec/http/allow/0: "),
        (
            CONNECTION.replace("NAME", "a").replace("https://api.", "https://api.%2e"),
            "'https://api.%2eexample.com/v1/' has a host",
        ),
        (
            CONNECTION.replace("NAME", "a") + "---" + CONNECTION.replace("NAME", "a"),
            "there is a Connection 'a' already.",
        ),
        (CONNECTION.replace("{name: NAME}", "{}"), "a Connection has no metadata.name."),
        ("{", ""),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        connection_files.read([written(tmp_path, text)])

    assert message in str(refused.value)
    assert "connections.yaml" in str(refused.value)


async def test_a_secret_is_in_the_environment_or_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await connection_files.read([written(tmp_path, CONNECTION.replace("NAME", "a"))]).find(REF, "a")
    with pytest.raises(NoObject) as lacking:
        await found.secret("my.billing", "api-key")
    assert lacking.value.cause == (
        "The key api-key of the Secret my.billing is neither in the variable STEPWRIGHT_SECRET_MY_BILLING_API_KEY nor in "
        f"the file {tmp_path}/secrets/my.billing/api-key."
    )

    (tmp_path / "secrets/my.billing").mkdir(parents=True)
    (tmp_path / "secrets/my.billing/api-key").write_text("of the file")
    assert await found.secret("my.billing", "api-key") == "of the file"
    monkeypatch.setenv("STEPWRIGHT_SECRET_MY_BILLING_API_KEY", "of the environment")
    assert await found.secret("my.billing", "api-key") == "of the environment"
