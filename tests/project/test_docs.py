"""What the README and docs/ say is true as far as a machine can tell: links, commands, names, manifests."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from stepwright.asl.definition import compile_definition
from stepwright.asl.definition.substitutions import definition_text
from stepwright.asl.failure import errors as language_errors
from stepwright.cli import application
from stepwright.cluster import conditions
from stepwright.cluster.resources import StateMachine, TaskDefaults
from stepwright.controllers.metrics import Metrics
from stepwright.tasks import table
from stepwright.tasks.job import errors as job_errors
from stepwright.tasks.job import parameters

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")])
DOCS = ROOT / "docs"

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def blocks(page: Path, *languages: str) -> Iterator[str]:
    for indent, language, content in _FENCED.findall(page.read_text(encoding="utf-8")):
        if language in languages:
            yield "\n".join(line.removeprefix(indent) for line in content.splitlines())


def code(page: Path) -> list[str]:
    """Lines of shell, and code within sentences."""
    lines = [line for block in blocks(page, "sh", "console") for line in block.splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", prose(page))


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def first_cells(content: str, pattern: str) -> set[str]:
    """Names in the first column of tables."""
    rows = re.findall(r"^\|([^|]+)\|", content, re.MULTILINE)
    return {name for row in rows for name in re.findall(f"`({pattern})`", row)}


# --- Links ------------------------------------------------------------------------------------------------------------


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(prose(page)):
        if target.startswith(("https://", "http://")):
            continue
        name, _, fragment = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        if not found.exists() or (fragment and fragment not in map(anchor, _HEADING.findall(prose(found)))):
            broken.append(target)

    assert broken == []


def test_the_readme_names_every_page() -> None:
    linked = {Path(target).name for target in _LINK.findall(prose(ROOT / "README.md"))}

    assert {page.name for page in DOCS.glob("*.md")} <= linked


# --- Commands ---------------------------------------------------------------------------------------------------------


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        name
        for page in PAGES
        for line in code(page)
        for name in re.findall(r"(?:^|[$`] ?|&& )make ([a-z-]+)", line)
    }

    assert named - targets == set()
    assert {"demo", "test"} <= named


def test_every_command_and_option_of_stepwright_exists() -> None:
    group = typer.main.get_command(application())
    assert hasattr(group, "commands")
    commands: dict[str, Any] = group.commands
    wrong = []
    for page in PAGES:
        for line in code(page):
            found = re.match(r"(?:\$ )?(?:uv run )?stepwright ([a-z]+)(.*)", line)
            if found is None:
                continue
            if found[1] not in commands:
                wrong.append(line)
                continue
            command, rest = commands[found[1]], found[2]
            if (below := getattr(command, "commands", None)) is not None:
                word = rest.split()[0] if rest.split() else ""
                command = below.get(word, command)
                wrong += [] if word in below else [line]
            options = {option for parameter in command.params for option in parameter.opts}
            wrong += [line for option in re.findall(r"(?<=\s)(--[a-z-]+)", rest) if option not in options]

    assert wrong == []


def test_every_option_named_by_itself_exists() -> None:
    """In the pages for people who run it; other tools' options follow their names."""
    group = typer.main.get_command(application())
    assert hasattr(group, "commands")
    known = {
        option
        for command in group.commands.values()
        for parameter in command.params
        for option in parameter.opts
    }
    named = {
        match
        for page in ("operations.md", "definitions.md", "identity.md", "development.md")
        for match in re.findall(r"`(--[a-z-]+)(?: [^`]*)?`", prose(DOCS / page))
    }

    assert named - known - {"--server-side"} == {"--build-arg"} & named


def test_every_environment_variable_is_in_the_table() -> None:
    used = {
        name
        for folder in ("tests/testcluster", "tests/cluster/resources", "bench", "examples")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"STEPWRIGHT_[A-Z]+(?:_[A-Z]+)*", path.read_text(encoding="utf-8"))
    }
    used |= set(
        re.findall(r"\"(STEPWRIGHT_[A-Z_]+)\"", (ROOT / "tests/processes/fixtures.py").read_text("utf-8"))
    )
    used |= set(
        re.findall(r"\"(STEPWRIGHT_[A-Z_]+)\"", (ROOT / "tests/data/conformance.py").read_text("utf-8"))
    )
    of_tasks = {"STEPWRIGHT_INPUT_FILE", "STEPWRIGHT_OUTPUT_FILE"}

    assert first_cells(text("development.md"), "STEPWRIGHT_[A-Z_]+") == used - of_tasks


# --- Names ------------------------------------------------------------------------------------------------------------


def test_errors_of_jobs_are_those_of_the_code() -> None:
    known = {value for value in vars(job_errors).values() if isinstance(value, str) and value[:4] == "Job."}
    assert set(job_errors.NAMES) == known

    assert first_cells(text("tasks.md"), r"Job\.\w+") == known
    for page in PAGES:
        assert set(re.findall(r"\bJob\.[A-Z]\w+", page.read_text(encoding="utf-8"))) <= known


def test_errors_of_the_language_are_those_of_the_code() -> None:
    names = {
        value: name
        for name, value in vars(language_errors).items()
        if isinstance(value, str) and value.startswith("States.")
    }
    names_alone = ROOT / "operator/stepwright/asl/failure/errors.py"
    others = (path for path in (ROOT / "operator/stepwright/asl").rglob("*.py") if path != names_alone)
    source = "".join(path.read_text(encoding="utf-8") for path in others)
    source += inspect.getsource(language_errors.QueryError)
    raised = {value for value, name in names.items() if re.search(rf"\b{name}\b", source)}

    assert first_cells(text("definitions.md"), r"States\.\w+") == raised
    assert first_cells(text("tasks.md"), r"States\.\w+") <= set(names)


def test_parameters_of_jobs_are_those_of_the_code() -> None:
    section = text("tasks.md").split("## Parameters")[1].split("### ")[0]

    assert first_cells(section, r"\w+") == set(parameters._K8S)


def test_task_defaults_are_those_of_the_code() -> None:
    section = text("tasks.md").split("### Defaults")[1].split("## ")[0]
    fields = {field.alias or name for name, field in TaskDefaults.model_fields.items()}

    assert first_cells(section, r"\w+") == fields


def test_reasons_of_conditions_are_those_of_the_code() -> None:
    section = text("status.md").split("## Conditions")[1].split("## ")[0]
    known = {value.name for value in vars(conditions).values() if isinstance(value, conditions.Reason)}

    assert first_cells(section, r"\w+") == known


def test_metrics_are_those_of_the_code() -> None:
    metrics = Metrics()
    known = {
        family.name + ("_total" if family.type == "counter" else "") for family in metrics.registry.collect()
    }

    assert first_cells(text("operations.md"), r"stepwright_\w+") == known


def test_every_policy_has_its_words() -> None:
    policies = yaml.safe_load_all((ROOT / "deploy/policies.yaml").read_text(encoding="utf-8"))
    known = {
        found["metadata"]["name"].removeprefix("stepwright-system-stepwright-")
        for found in policies
        if found["kind"] == "ValidatingAdmissionPolicy"
    }
    named = set(re.findall(r"[Pp]olic(?:y|ies) `([a-z-]+)`", text("identity.md")))

    assert named == known


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *chain.from_iterable(project["project"]["optional-dependencies"].values()),
        *chain.from_iterable(project["dependency-groups"].values()),
    ]
    known = {re.split(r"[<>=\[ ]", requirement)[0] for requirement in wanted}
    page = text("dependencies.md")

    assert first_cells(page.replace(_in_the_browser(page), ""), r"[\w-]+") == known


def test_every_package_of_the_console_has_its_line() -> None:
    packages = json.loads((ROOT / "console/package.json").read_text(encoding="utf-8"))
    section = _in_the_browser(text("dependencies.md"))
    tools = set(re.findall(r"`([^`]+)`", section.rpartition("|\n")[2]))

    assert first_cells(section, r"[\w@/-]+") == set(packages["dependencies"])
    assert {re.sub(r"^@types/.*", "@types/*", name) for name in packages["devDependencies"]} <= tools


def _in_the_browser(page: str) -> str:
    return page.split("\n## In the browser\n")[1].split("\n## ", maxsplit=1)[0]


# --- Manifests --------------------------------------------------------------------------------------------------------


def manifests() -> Iterator[Any]:
    for page in PAGES:
        for block in blocks(page, "yaml"):
            for found in yaml.safe_load_all(block):
                if isinstance(found, dict) and found.get("kind") == "StateMachine":
                    yield pytest.param(found, id=f"{page.name}-{found['metadata']['name']}")


@pytest.mark.parametrize("manifest", list(manifests()))
def test_every_state_machine_compiles(manifest: dict[str, Any]) -> None:
    spec = StateMachine.model_validate(manifest).spec
    text = definition_text(spec.definition, spec.definition_substitutions)
    compile_definition(text, task_check=table.check_for({}))


def test_every_block_of_yaml_can_be_read() -> None:
    for page in PAGES:
        for block in blocks(page, "yaml"):
            assert list(yaml.safe_load_all(block))


def test_every_promise_names_a_test_that_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text("security.md"))
    assert len(named) > 40
    for file, function in named:
        source = ROOT / "tests" / file
        assert source.exists(), file
        assert f"def {function}(" in source.read_text(encoding="utf-8"), f"{file}::{function}"


# --- The map of the house ---------------------------------------------------------------------------------------------

_PATH = r"`([\w./-]+/[\w./-]*|\w+\.toml)`"


def section(heading: str) -> str:
    return text("architecture.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(content: str) -> list[tuple[str, str]]:
    """First and second cell of each row of a table, its head aside."""
    found = re.findall(r"^\| (.+?) \| (.+) \|$", content, re.MULTILINE)
    return [(first, second) for first, second in found[1:] if not first.startswith("---")]


def place(path: str) -> Path | None:
    return next((at / path for at in (ROOT / "operator/stepwright", ROOT) if (at / path).exists()), None)


def holds(path: str, name: str) -> bool:
    """Whether it is a name there, in code or data: the word, and no part of one."""
    file = place(path)
    word = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
    return file is not None and re.search(word, file.read_text(encoding="utf-8")) is not None


def test_the_map_names_what_to_touch_for_whatever_is_added() -> None:
    content = section("To add something")
    added = [re.sub(r" \(.*", "", first) for first, _ in rows(content)]
    missing = [path for path in re.findall(_PATH, content) if place(path) is None]

    assert missing == []
    assert added == [
        "a state type",
        "a field of a state",
        "an intrinsic function",
        "a function or an operator of JSONata",
        "a finding in definitions",
        "an integration",
        "an operation of the AWS API",
        "an operation that a server in a cluster serves",
        "a route of the console's API",
        "a page of the console",
        "a field of a custom resource",
        "a part of the checkpoint, or a field of one",
        "a kind of file that a Map reads its items from",
        "a table or a column in SQL",
        "a history event",
        "a metric",
        "a condition, or a reason of one",
        "a right of the operator, or of the server",
        "a command",
        "a value of the chart",
        "a blueprint",
        "a format in which people keep definitions",
        "a figure that is measured",
        "a store",
    ]
    assert all(len(re.findall(_PATH, second)) > 2 for _, second in rows(content))


def test_what_the_map_names_in_a_file_is_there() -> None:
    named = re.findall(rf"{_PATH}: ((?:`[\w-]+`(?:, )?)+)", section("To add something"))

    assert len(named) > 10
    wrong = [
        (path, name)
        for path, names in named
        for name in re.findall(r"`([\w-]+)`", names)
        if not holds(path, name)
    ]
    assert wrong == []


def test_whatever_is_decided_is_decided_where_the_page_says() -> None:
    answers = rows(section("Where it is decided"))
    assert len(answers) >= 24
    for question, answer in answers:
        named = re.findall(rf"{_PATH} \(((?:`[\w-]+`(?:, )?)+)\)", answer)
        assert len(named) == len(re.findall(_PATH, answer)) > 0, (
            f"{question}: each path has its names behind it"
        )
        for path, names in named:
            for name in re.findall(r"`([\w-]+)`", names):
                assert holds(path, name), f"{question}: {path} has no {name}"
