"""JSONPath as AWS runs it, which is Jayway's dialect: from the text (``parse``, ``lex``, ``filters``) to
steps (``selectors``, ``functions``) to a compiled path (``evaluate``)."""

from stepwright.asl.jsonpath.errors import InvalidPath, NothingFound, PathNotFound
from stepwright.asl.jsonpath.evaluate import CONTEXT, DOCUMENT, Path, compile, compile_jayway
from stepwright.asl.jsonpath.selectors import Index, Property, Step

__all__ = [
    "CONTEXT",
    "DOCUMENT",
    "Index",
    "InvalidPath",
    "NothingFound",
    "Path",
    "PathNotFound",
    "Property",
    "Step",
    "compile",
    "compile_jayway",
]
