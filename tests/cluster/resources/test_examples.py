"""The examples are objects that the CRDs take; that they run is the business of the tests on a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from stepwright.cluster.resources import Execution, StateMachine

EXAMPLES = Path(__file__).parents[3] / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/statemachine.yaml"))
"""Of what a cluster runs; others are for machines without one, or packages."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_example_is_complete(folder: str) -> None:
    files = {name: (EXAMPLES / folder / name).read_text() for name in ("statemachine.yaml", "execution.yaml")}
    machine = StateMachine.model_validate(yaml.safe_load(files["statemachine.yaml"]))
    execution = Execution.model_validate(yaml.safe_load(files["execution.yaml"]))
    expected = yaml.safe_load((EXAMPLES / folder / "expected.yaml").read_text())

    assert machine.metadata.name == execution.spec.state_machine_ref.name
    assert {"phase", "output"} == set(expected)
    assert f"({folder})" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_example_holds_no_null(folder: str) -> None:
    """kubectl apply leaves fields out that are null: a ResultPath of null would silently become the default."""
    text = (EXAMPLES / folder / "statemachine.yaml").read_text()

    assert "null" not in text
