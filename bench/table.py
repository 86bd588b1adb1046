"""A table as Markdown text."""

from __future__ import annotations

from collections.abc import Sequence


def show(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    print(f"\n{title}\n\n{text(header, rows)}", flush=True)


def text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Numbers are right-aligned."""
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    right = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = (f"{'-' * (w - 1)}:" if r else "-" * w for w, r in zip(widths, right, strict=True))
    return "\n".join([line(header), f"| {' | '.join(rule)} |", *map(line, cells)])


def _text(cell: object) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
