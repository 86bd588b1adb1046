"""What goes wrong is logged without what it went wrong with: inputs, outputs and secrets stay out of logs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stepwright.engine.ports import Unavailable
from stepwright.sql.database import Database

ROOT = Path(__file__).resolve().parents[2]

DEFECT = """
import structlog
from stepwright.cli import logs

logs.plainly("info")

def act(secret):
    raise ValueError("boom")

try:
    act("swordfish")
except ValueError:
    structlog.get_logger().exception("request failed")
"""


def test_the_trace_of_a_defect_shows_no_values() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEFECT.replace('act("swordfish")', 'act("sword" + "fish")')],
        cwd=ROOT,
        env={"PYTHONPATH": "operator", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "request failed" in done.stderr
    assert "ValueError: boom" in done.stderr
    assert "swordfish" not in done.stderr


async def test_what_the_database_refuses_is_not_repeated(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "data")
    try:
        with pytest.raises(Unavailable) as error:
            await database.call(
                lambda connection: connection.execute("INSERT INTO missing VALUES (:a)", {"a": "swordfish"})
            )
    finally:
        await database.close()

    assert "missing" in str(error.value)
    assert "swordfish" not in str(error.value)
