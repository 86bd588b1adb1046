"""Each blueprint is whole: a definition that is valid, an input to try it with, and tests (which `stepwright test` runs)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stepwright.cluster.resources import StateMachine
from stepwright.console.blueprints import blueprints
from stepwright.console.models import Blueprint
from stepwright.files import documents
from stepwright.files.definitions import check_text
from stepwright.tasks import table

FOLDER = Path(__file__).parents[2] / "examples/blueprints"
ALL = {blueprint.name: blueprint for blueprint in blueprints()}

each = pytest.mark.parametrize("blueprint", ALL.values(), ids=ALL.keys())


def test_every_folder_is_in_the_gallery_and_on_the_page() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    page = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert set(ALL) == folders
    assert [name for name in folders if f"[{name}]({name})" not in page] == []


@each
def test_a_blueprint_is_valid_and_something_runs_all_its_tasks(blueprint: Blueprint) -> None:
    (found,) = check_text("blueprint.yaml", blueprint.definition).definitions

    assert [str(diagnostic) for diagnostic in found.diagnostics] == []
    assert all(table.serves(resource, "dev") for resource in found.machine().resources)


@each
def test_the_input_that_it_offers_is_that_of_its_first_test_which_succeeds(blueprint: Blueprint) -> None:
    first = documents.the_only("a.test.yaml", blueprint.tests).value["tests"][0]  # type: ignore[call-overload,index]

    assert first["input"] == json.loads(blueprint.input)  # type: ignore[index,call-overload]
    assert "error" not in first["expect"]  # type: ignore[index,call-overload,operator]


def test_one_can_be_tried_without_anything_else() -> None:
    first = blueprints()[0]

    assert not first.needs
    assert len(ALL) >= 7


@each
def test_a_blueprint_can_be_a_manifest(blueprint: Blueprint) -> None:
    manifest = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "StateMachine",
        "metadata": {"name": blueprint.name},
        "spec": {"definition": blueprint.definition},
    }

    assert StateMachine.model_validate(manifest).metadata.name == blueprint.name
