"""docs/integrations.md and docs/aws-services.md are written from the code (``make verify`` compares them); here is what their
generator takes for true."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from stepwright.asl.resource import parse
from stepwright.aws import models, optimized
from stepwright.tasks import map_data, table
from stepwright.tasks.aws import operations
from stepwright.tasks.aws.operations import NoOperation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "generate_integrations", ROOT / "docs" / "generate_integrations.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # msgspec looks the names in annotations up there
    spec.loader.exec_module(module)
    return module


def test_every_driver_has_an_example_that_is_there() -> None:
    for row in table.TABLE:
        folder = ROOT / "examples" / row.example
        definitions = [*folder.glob("statemachine.yaml"), *folder.glob("*.asl.yaml")]
        examples = definitions if row.example else [ROOT / "docs" / row.page]
        named = {parse(resource).service for resource in row.examples}

        content = "".join(example.read_text(encoding="utf-8") for example in examples)
        assert any(f"{service}:" in content for service in named), row.name


def test_the_page_has_all_that_maps_read() -> None:
    named = [row.resource for row in table.OF_MAPS if row.field == "ItemReader"]

    assert sorted(map(str, named)) == sorted(map(str, map_data.READERS))
    for row in table.OF_MAPS:
        text = row.resource.text.removeprefix("arn:aws:states:::")
        assert text in (ROOT / "docs" / "maps.md").read_text(encoding="utf-8")
        if row.example:
            definitions = (ROOT / "examples" / row.example).glob("*.asl.yaml")
            assert any(text in each.read_text(encoding="utf-8") for each in definitions), text


def test_services_are_tested_as_the_page_says(generator: ModuleType) -> None:
    for files, services in (
        (("test_aws_services.py",), generator.ON_MOTO),
        (("test_aws_jobs.py", "test_aws_clusters.py"), generator.PLAYED),
    ):
        content = "".join((ROOT / "tests" / "tasks" / "aws" / file).read_text("utf-8") for file in files)
        assert [service for service in services if f'"{service}:' not in content] == []


def test_whatever_aws_offers_is_served_somewhere_as_the_page_says(generator: ModuleType) -> None:
    offered = [
        parse(f"arn:aws:states:::{service}:{action}{pattern}")
        for service in (*optimized.SERVICES, *generator.NO_OPERATIONS)
        for action, pattern in generator._offered(service)
    ]

    assert "All actions and patterns that AWS has." in generator.integrations()
    assert len(offered) > 80
    assert [
        one.text for one in offered if not any(table.serves(one, process) for process in ("operator", "dev"))
    ] == []


@pytest.mark.parametrize(
    "service", ["bedrockruntime", "comprehendmedical", "dynamodb", "kinesis", "lambda", "s3", "sqs"]
)
def test_the_page_counts_the_actions_that_are_served(generator: ModuleType, service: str) -> None:
    served = 0
    for action in models.operations(models.services()[service]):
        try:
            operations.of(parse(f"arn:aws:states:::aws-sdk:{service}:{action}"))
        except NoOperation:
            continue
        served += 1

    assert f"| `{service}` | {served:,} |" in generator.services()
