"""The models of AWS's services that botocore has, by the names that Step Functions has for them.

They are read from botocore's own files, whatever models the user of this process has beside, so that a definition means the
same everywhere. Models are large (up to some 20 MB in memory), so only the newest used are kept.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from stepwright.aws import around_emr, around_harness, around_models, execute_api, names

KEPT: Final = 16
"""Models that are kept in memory."""

_FILE: Final = "service-2.json.gz"
_AROUND: Final = MappingProxyType(
    {module.NAME: module for module in (around_emr, around_harness, around_models)}
)
"""APIs of Step Functions' own around services of botocore."""
_HEAD_BYTES: Final = 4096
_SERVICE_ID: Final = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')


@lru_cache(maxsize=1)
def services() -> Mapping[str, str]:
    """botocore's name of each service by that in ``aws-sdk`` Resources: ``stepfunctions`` by ``sfn``. It reads the heads of all
    models once: some tenths of a second."""
    found: dict[str, str] = {}
    for folder in sorted(_data().iterdir()):
        if (file := _newest(folder)) is not None:
            with gzip.open(file) as opened:
                said = _SERVICE_ID.search(opened.read(_HEAD_BYTES))
            if said is not None:
                # Two folders may hold one service under its old name and under its new one; the first will do.
                found.setdefault(names.in_resources(said[1].decode()), folder.name)
    return found


@lru_cache(maxsize=KEPT)
def service(name: str) -> Any:
    """botocore's ``ServiceModel`` by botocore's name, or one of our own by its ``NAME``. Raises KeyError."""
    import botocore.model  # noqa: PLC0415 - nothing needs it before the first task that calls AWS

    if (own := _AROUND.get(name)) is not None:
        loaded = own.model(_read(own.AROUND))
    else:
        loaded = execute_api.model() if name == execute_api.NAME else _read(name)
    return botocore.model.ServiceModel(loaded, name)


def text(name: str) -> bytes:
    """botocore's own as JSON. Raises KeyError."""
    file = _newest(_data() / name)
    if file is None:
        raise KeyError(name)
    return gzip.decompress(file.read_bytes())


def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = msgspec.json.decode(text(name))
    return loaded


@lru_cache(maxsize=KEPT)
def operations(name: str) -> Mapping[str, str]:
    """The operations of a service by the actions that tasks name: ``DescribeDBInstances`` by ``describeDBInstances``. Raises
    KeyError."""
    return {names.action(operation): operation for operation in service(name).operation_names}


def service_name(model: Any) -> str:
    """The service as ``aws-sdk`` errors name it."""
    return names.service(model.metadata["serviceId"])


def error_shape(model: Any, code: str) -> str | None:
    """The exception that the service's model has for the code of an answer; None where it has none."""
    return _errors(model.service_name).get(code)


@lru_cache(maxsize=KEPT)
def _errors(name: str) -> Mapping[str, str]:
    shapes = service(name).error_shapes
    return {shape.error_code: shape.name for shape in shapes} | {shape.name: shape.name for shape in shapes}


@lru_cache(maxsize=1)
def _data() -> Path:
    import botocore  # noqa: PLC0415 - as above

    return Path(botocore.__file__).parent / "data"


def _newest(folder: Path) -> Path | None:
    """The model of the newest version of a service's API."""
    versions = sorted(folder.glob(f"[0-9]*/{_FILE}")) if folder.is_dir() else ()
    return versions[-1] if versions else None
