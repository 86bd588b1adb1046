"""docs/aws.md says which optimised integrations there are, and which of their patterns are served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stepwright.asl.resource import Pattern, parse
from stepwright.aws import optimized
from stepwright.tasks import table

PAGE: Final = Path(__file__).parents[2] / "docs" / "aws.md"
BEGIN: Final = "<!-- optimised: kept by tests/project/test_aws_page.py -->\n"
END: Final = "<!-- end -->"
LETTERS: Final[dict[Pattern, str]] = {"": "R", ".sync": "S", ".sync:2": "S2", ".waitForTaskToken": "T"}


def rows() -> Iterator[str]:
    yield "| service | served | not yet | errors begin with |"
    yield "| --- | --- | --- | --- |"
    for name, service in sorted(optimized.SERVICES.items()):
        served: list[tuple[str, str]] = []
        others: list[tuple[str, str]] = []
        for action, patterns in service.actions.items():
            for pattern, letter in LETTERS.items():
                if pattern in patterns:
                    resource = parse(f"arn:aws:states:::{name}:{action}{pattern}")
                    (served if table.serves(resource, "dev") else others).append((action, letter))
        yield f"| `{name}` | {_told(served)} | {_told(others)} | `{service.prefix}.` |"


def _told(found: list[tuple[str, str]]) -> str:
    letters: dict[str, list[str]] = {}
    for action, letter in found:
        letters.setdefault(action, []).append(letter)
    return ", ".join(f"`{action}` {' '.join(those)}" for action, those in letters.items())


def test_the_table_of_optimised_integrations_is_that_of_the_code() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    told, _, _ = rest.partition(END)

    expected = "".join(f"{row}\n" for row in rows())

    assert told.strip() == expected.strip(), f"in {PAGE.name} between the two comments:\n{expected}"
