"""The output of ``stepwright test``: a line for each test, and for each failure the expected and actual
values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from stepwright.testing import durations, trace
from stepwright.testing.cases import Case
from stepwright.testing.expectations import Difference, differences
from stepwright.testing.result import Result
from stepwright.testing.workflow import UnmockedTask

_NOT_SHOWN: Final = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that neither XML (https://www.w3.org/TR/xml/#charsets) nor a terminal may get."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``result`` None: nothing was run. ``unmocked``: the message of UnmockedTask."""

    case: Case
    result: Result | None
    found: Sequence[Difference] = ()
    unmocked: str | None = None

    @property
    def passed(self) -> bool:
        return not self.found and self.unmocked is None


def judge(case: Case) -> Verdict:
    try:
        result = case.workflow.run(case.input, start=case.start)
    except UnmockedTask as error:
        return Verdict(case, error.result, unmocked=str(error))
    return Verdict(case, result, differences(case.expectation, result))


def line(verdict: Verdict) -> str:
    result = verdict.result
    told = (
        ""
        if result is None
        else f"  ({_counted(len(result.visits), 'state')}, {durations.text(result.seconds)})"
    )
    return f"  {'✓' if verdict.passed else '✗'} {verdict.case.name}{told}"


def details(verdict: Verdict) -> list[str]:
    """Of a test that failed."""
    told = [f"{verdict.case.place}: {verdict.case.name}", ""]
    told += [f"  {text}" for text in _reasons(verdict)]
    if verdict.result is not None and verdict.result.visits:
        told += ["", "  how it went:", *(f"    {text}" for text in trace.lines(verdict.result))]
    return told


def _reasons(verdict: Verdict) -> Iterator[str]:
    if verdict.unmocked is not None:
        yield verdict.unmocked
    for difference in verdict.found:
        yield difference.where
        if difference.expected:
            yield f"  expected  {_indented(difference.expected)}"
        yield f"  came      {_indented(difference.came)}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n              ")


def summary(verdicts: Sequence[Verdict], elapsed_seconds: float) -> str:
    failed = sum(not verdict.passed for verdict in verdicts)
    virtual = sum(verdict.result.seconds for verdict in verdicts if verdict.result is not None)
    parts = [f"{failed} failed"] if failed else []
    parts.append(f"{len(verdicts) - failed} passed")
    return (
        f"{', '.join(parts)} in {elapsed_seconds:.2f} s ({durations.text(round(virtual, 3))} of virtual time)"
    )


def junit(verdicts: Sequence[Verdict], elapsed_seconds: float) -> str:
    """The XML that CI systems read. Errors and causes are other people's text: control characters are
    escaped."""
    suite = ET.Element(
        "testsuite",
        name="stepwright",
        tests=str(len(verdicts)),
        failures=str(sum(not verdict.passed for verdict in verdicts)),
        errors="0",
        time=f"{elapsed_seconds:.3f}",
    )
    for verdict in verdicts:
        file = verdict.case.place.rsplit(":", 2)[0]
        case = ET.SubElement(
            suite, "testcase", classname=_told(Path(file).as_posix()), name=_told(verdict.case.name)
        )
        if not verdict.passed:
            failure = ET.SubElement(case, "failure", message=_told(next(_reasons(verdict))))
            failure.text = _told("\n".join(details(verdict)))
    root = ET.Element("testsuites")
    root.append(suite)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _told(text: str) -> str:
    return _NOT_SHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
