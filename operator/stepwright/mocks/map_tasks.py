"""What a mock gives for the reader and the writer of a distributed Map, made what their tasks answer."""

from __future__ import annotations

from dataclasses import replace

from stepwright.asl.failure.errors import StateError
from stepwright.asl.failure.matching import Failure
from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reading, requests, result_files
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER
from stepwright.asl.step import StartTask
from stepwright.mocks import names
from stepwright.mocks.answers import Answer, NoAnswer, Script


def answer(script: Script, invocation: int, task: StartTask) -> Answer:
    """The script's answer to a task of any kind. Raises NoAnswer."""
    given = script(invocation, task)
    if given.failure is not None or given.never:
        return given
    try:
        if task.resource == ITEM_READER:
            return replace(given, output={"items": _items(task, given.output)})
        if task.resource == RESULT_WRITER:
            return replace(given, output=_details(task, given.output))
    except StateError as error:
        return replace(given, output=None, failure=Failure(error.error, error.cause))
    return given


def _items(task: StartTask, given: Json) -> list[Json]:
    """Items as they are, or the content of a file to find them in."""
    config = requests.reading(task.parameters).reader_config
    if isinstance(given, str):
        return reading.items(config, given)
    if isinstance(given, list):
        return reading.first(config, given)
    raise NoAnswer(
        f"the mock of {names.of_task(task)} gives a list of items, or the text of a file that ReaderConfig describes"
    )


def _details(task: StartTask, given: Json) -> Json:
    """Where the results are: as given, else where AWS would put them."""
    wanted = requests.writing(task.parameters)
    if (
        given is None or wanted.part is not None
    ):  # what is given is for the whole Map, not for each of its shards
        return dict(result_files.of(wanted).details)
    if isinstance(given, dict):
        return given
    raise NoAnswer(f"the mock of {names.of_task(task)} gives nothing, or ResultWriterDetails as an object")
