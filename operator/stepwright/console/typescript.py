"""The console's types for TypeScript, generated from ``console.models``: ``python -m stepwright.console.typescript [--check]``.

``--check`` writes nothing and fails when the file differs from the models.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec import inspect as types

from stepwright.console import models
from stepwright.console.models import Model, Row

FILE: Final = Path(__file__).resolve().parents[3] / "console/src/api/generated/console.ts"

_HEADER: Final = (
    "// Generated from operator/stepwright/console/models.py by `make generate`: change it there.\n"
)
_BEGINNINGS: Final = {False: "export interface {} {{\n", True: "export type {} = readonly [\n"}
_ENDS: Final = {False: "}\n", True: "];\n"}
"""By whether it is an array."""


def text() -> str:
    """All models in the order of their module: objects as interfaces, rows as tuples whose members have names."""
    return _HEADER + "".join(f"\n{declaration(model)}" for model in _models())


def _models() -> Iterator[type[Struct]]:
    for found in vars(models).values():
        if inspect.isclass(found) and issubclass(found, (Model, Row)) and found not in (Model, Row):
            yield found


def declaration(model: type[Struct]) -> str:
    shape = types.type_info(model)
    assert isinstance(shape, types.StructType)
    words = _words(model)
    lines = [_comment(model.__doc__, ""), _BEGINNINGS[shape.array_like].format(model.__name__)]
    for field in shape.fields:
        lines.append(_comment(words.get(field.name), "  "))
        if shape.array_like:
            lines.append(f"  {field.encode_name}: {_type(field.type)},\n")
        else:
            written = _type(field.type, absent=not field.required)
            lines.append(f"  readonly {field.encode_name}{'' if field.required else '?'}: {written};\n")
    return "".join([*lines, _ENDS[shape.array_like]])


def _type(of: types.Type, *, absent: bool = False) -> str:
    """``absent``: what is None is left out."""
    match of:
        case types.StructType():
            return of.cls.__name__
        case types.StrType():
            return "string"
        case types.IntType() | types.FloatType():
            return "number"
        case types.BoolType():
            return "boolean"
        case types.NoneType():
            return "null"
        case types.AnyType() | types.RawType():
            return "unknown"
        case types.LiteralType():
            return " | ".join(map(json.dumps, of.values))
        case types.ListType() | types.VarTupleType():
            return f"readonly {_within(of.item_type)}[]"
        case types.TupleType():
            return f"readonly [{', '.join(map(_type, of.item_types))}]"
        case types.DictType():
            return f"Readonly<{_record(of)}>"
        case types.UnionType():
            members = [one for one in of.types if not (absent and isinstance(one, types.NoneType))]
            return " | ".join(map(_type, members))
    raise TypeError(f"{of} has no type in TypeScript yet")


def _record(of: types.DictType) -> str:
    """Not every key of a list of words has a value."""
    record = f"Record<{_type(of.key_type)}, {_type(of.value_type)}>"
    return f"Partial<{record}>" if isinstance(of.key_type, types.LiteralType) else record


def _within(of: types.Type) -> str:
    written = _type(of)
    return f"({written})" if " " in written else written


def _words(model: type[Struct]) -> dict[str, str]:
    """What stands below each field."""
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    words = {}
    for one, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            said: Any = below.value if isinstance(below, ast.Expr) else None
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                words[one.target.id] = said.value
    return words


def _comment(said: str | None, indent: str) -> str:
    if not said:
        return ""
    lines = inspect.cleandoc(said).replace("``", "`").replace("*/", "*\\/").splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return (
        f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"
    )


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    if arguments and not check:
        print("usage: python -m stepwright.console.typescript [--check]", file=sys.stderr)  # noqa: T201 - a command
        return 2
    wanted = text()
    if FILE.exists() and FILE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{FILE.name} {'differs from the models' if check else 'written'}")  # noqa: T201 - a command
    if not check:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(wanted, encoding="utf-8")
    return 1 if check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
