"""``stepwright run`` with a Connection: an HTTP task against a real server, its credentials in no output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.tasks.http.tls_server import TlsServer, issue

MACHINE = {
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::http:invoke",
            "Parameters": {
                "ApiEndpoint": "URL/echo",
                "Method": "POST",
                "Authentication": {
                    "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/shop/1"
                },
                "RequestBody.$": "$",
            },
            "ResultSelector": {"said.$": "$.ResponseBody"},
            "End": True,
        }
    },
}


async def test_an_http_task_runs_with_a_connection_from_a_file(tmp_path: Path) -> None:
    certificates = issue(tmp_path)
    async with TlsServer(certificates.context()) as server:
        definition, connections = tmp_path / "charge.json", tmp_path / "connections.json"
        definition.write_text(json.dumps(MACHINE).replace("URL", server.url))
        token = {"secretKeyRef": {"name": "shop", "key": "token"}}
        http = {
            "allow": [f"{server.url}/"],
            "tls": {"ca": certificates.text("ca.crt")},
            "auth": {"bearer": {"tokenFrom": token}},
        }
        connections.write_text(
            json.dumps(
                {
                    "apiVersion": "stepwright.dev/v1",
                    "kind": "Connection",
                    "metadata": {"name": "shop"},
                    "spec": {"http": http},
                }
            )
        )
        run = await asyncio.create_subprocess_exec(
            *(
                str(Path(sys.executable).with_name("stepwright")),
                "run",
                str(definition),
                "--connections",
                str(connections),
                "--input",
                '{"a": 1}',
            ),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"STEPWRIGHT_SECRET_SHOP_TOKEN": "canary-token"},
        )
        out, err = await run.communicate()

        assert run.returncode == 0, err.decode()
        said = json.loads(out)["said"]
        assert json.loads(said["body"]) == {"a": 1}
        assert said["headers"]["Authorization"] == "Bearer ***"
        assert server.seen[0].header("Authorization") == "Bearer canary-token"
        assert b"canary" not in out + err
