"""A folder, and the files in it that hold state machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from stepwright.asl.definition.substitutions import Value
from stepwright.files.checked import CheckedFile
from stepwright.files.definitions import check_text

_SUFFIXES: Final = frozenset((".json", ".yaml", ".yml", ".tf", ".tofu"))
_CERTAIN: Final = (".asl.json", ".asl.yaml", ".asl.yml")
_TESTS: Final = (".test.yaml", ".test.yml", ".test.json")
_LARGEST_BYTES: Final = 16 * 1024 * 1024
_TRACES: Final = ("StartAt", "StateMachine", "stateMachine", "aws_sfn_state_machine")


def definitions(folder: Path, values: Mapping[str, Value]) -> Iterator[CheckedFile]:
    """Files named ``.asl.json``, and others in which a definition is recognised; sorted, without hidden
    folders."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.suffix not in _SUFFIXES or any(
            part.startswith(".") or part == "node_modules" for part in inside
        ):
            continue
        if not path.is_file() or path.name.endswith(_TESTS) or path.stat().st_size > _LARGEST_BYTES:
            continue
        found = _checked(path, values)
        if found is not None:
            yield found


def _checked(path: Path, values: Mapping[str, Value]) -> CheckedFile | None:
    certain = path.name.endswith(_CERTAIN)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if not certain and not any(trace in text for trace in _TRACES):
        return None
    found = check_text(str(path), text, values)
    if certain:
        return found
    found.skipped.clear()  # a search through a folder is not about other kinds
    kept = [each for each in found.definitions if each.name is not None or _is_definition(each.definition)]
    found.definitions[:] = kept
    return found if kept else None


def _is_definition(value: object) -> bool:
    if isinstance(value, str):
        return '"StartAt"' in value and '"States"' in value
    return isinstance(value, dict) and {"StartAt", "States"} <= value.keys()
