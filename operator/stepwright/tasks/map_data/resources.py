"""Which Resources read items and write results: to the engine, and as ItemReader and ResultWriter name them."""

from __future__ import annotations

from typing import Final

from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, parse

RESOURCES: Final = (ITEM_READER, RESULT_WRITER)

GET: Final = parse("arn:aws:states:::s3:getObject")
LIST: Final = parse("arn:aws:states:::s3:listObjectsV2")
FILE: Final = parse("file:read")
URL: Final = parse("arn:aws:states:::http:invoke")
K8S_LIST: Final = parse("k8s:list")
K8S_GET: Final = parse("k8s:get")
SQL: Final = parse("sql:query")
READERS: Final = (GET, LIST, URL, FILE, SQL, K8S_LIST, K8S_GET)

PUT: Final = parse("arn:aws:states:::s3:putObject")
