"""The table of goals in docs/performance.md, made of the recorded ratios.

    uv run python -m bench.page [--check]

``make bench-record`` writes both. ``--check`` fails where the page says something else than what is recorded.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench import ratios, table
from bench.goals import BY_SUBJECT

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- goals: begin -->", "<!-- goals: end -->"


def main() -> int:
    written = PAGE.read_text()
    wanted = with_goals(written)
    if "--check" in sys.argv and written != wanted:
        print("docs/performance.md: the goals differ from bench/recorded.json; run `python -m bench.page`")
        return 1
    PAGE.write_text(wanted)
    return 0


def with_goals(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{goals()}\n\n{END}{after}"


def goals() -> str:
    known = ratios.entries()
    rows = []
    for subject, of_subject in BY_SUBJECT.items():
        for name, goal in of_subject.items():
            entry = known.get(name)
            measured = "not recorded yet" if entry is None else f"{entry['ratio']:.2f}"
            where = "" if entry is None else f"{entry['date']}, {entry['machine']}, {entry['versions']}"
            rows.append([name, f"{goal.bound} {goal.value:g}", measured, f"`{subject}`", where])
    return table.text(["ratio", "goal", "measured", "subject", "when and where"], rows)


if __name__ == "__main__":
    sys.exit(main())
