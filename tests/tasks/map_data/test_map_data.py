"""What ItemReaders read from S3 and ResultWriters write there, played by moto's server."""

from __future__ import annotations

import gzip
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pyarrow.parquet
import pytest
from msgspec.structs import replace

from stepwright.asl.failure.errors import StateError
from stepwright.asl.map_data import reader_config
from stepwright.asl.map_data.requests import Reading, Window, Writing
from stepwright.tasks.calls.remote_files import NotRead
from stepwright.tasks.map_data import files, objects, readers, sources, writing
from tests.tasks.aws_calls import REGION, client_of, use_endpoint

CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
ARN = "arn:aws:states:us-east-1:123456789012:mapRun:orders/Each:5f1c"


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    use_endpoint(monkeypatch, moto)
    return boto3.client(
        "s3", endpoint_url=moto, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b"
    )


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"data-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


def answer_to(wanted: Reading) -> Any:
    config = reader_config.of(wanted.reader_config)
    source_of = sources.of_list if wanted.resource.endswith(":listObjectsV2") else sources.of_object
    return readers.read(wanted, config, source_of(wanted, config, client_of))


def read(resource: str, config: dict[str, Any], **parameters: Any) -> Any:
    wanted = Reading(f"arn:aws:states:::s3:{resource}", parameters, config)
    answer: Any = answer_to(wanted)
    return answer["items"]


def cause(error: type[Exception], resource: str, config: dict[str, Any], **parameters: Any) -> str:
    with pytest.raises(error) as failed:
        read(resource, config, **parameters)
    return str(getattr(failed.value, "cause", None) or failed.value)


@pytest.mark.parametrize(
    ("key", "config", "content", "expected"),
    [
        pytest.param("a.csv", CSV, "b,a\n1,2\n3,4\n", [{"a": "2", "b": "1"}, {"a": "4", "b": "3"}], id="CSV"),
        pytest.param("a.jsonl", {"InputType": "JSONL"}, '{"n": 1}\n2\n', [{"n": 1}, 2], id="JSON Lines"),
        pytest.param(
            "a.json", {"InputType": "JSON", "ItemsPointer": "/of/all"}, '{"of": {"all": [1]}}', [1], id="JSON"
        ),
        pytest.param("a.csv", CSV, "", [], id="an empty object"),
        pytest.param("a", CSV | {"MaxItems": 1}, "a\n1\n2\n", [{"a": "1"}], id="MaxItems"),
    ],
)
def test_items_are_read_from_an_object(
    s3: Any, bucket: str, key: str, config: dict[str, Any], content: str, expected: list[Any]
) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=content.encode())

    assert read("getObject", config, Bucket=bucket, Key=key) == expected


def test_a_long_object_is_read_in_pieces(s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 7)
    rows = "".join(f'"{n}\r\né",{n}\r\n' for n in range(30))
    s3.put_object(Bucket=bucket, Key="long.csv", Body=f"a,b\r\n{rows}".encode())

    assert read("getObject", CSV, Bucket=bucket, Key="long.csv") == [
        {"a": f"{n}\r\né", "b": str(n)} for n in range(30)
    ]


def test_what_is_packed_is_unpacked(s3: Any, bucket: str) -> None:
    packed = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n")
    s3.put_object(Bucket=bucket, Key="packed.csv.gz", Body=packed)
    s3.put_object(Bucket=bucket, Key="cut.csv.gz", Body=packed[:-5])

    assert read("getObject", CSV, Bucket=bucket, Key="packed.csv.gz") == [{"a": "1"}, {"a": "2"}]
    assert "ends within a file of gzip" in cause(NotRead, "getObject", CSV, Bucket=bucket, Key="cut.csv.gz")


def test_the_version_is_read_that_was_asked_for(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="a.json", Body=b"[1]")["VersionId"]
    s3.put_object(Bucket=bucket, Key="a.json", Body=b"[2]")

    assert read("getObject", {}, Bucket=bucket, Key="a.json", VersionId=first) == [1]
    assert read("getObject", {}, Bucket=bucket, Key="a.json") == [2]


def test_an_object_that_changes_while_it_is_read_is_an_error(
    s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PIECE_BYTES", 4)
    s3.put_object(Bucket=bucket, Key="a.jsonl", Body=b"1\n2\n3\n4\n")
    file = objects.Bucket(client_of, bucket).object("a.jsonl")
    pieces = file.pieces()
    assert next(pieces) == b"1\n2\n"

    s3.put_object(Bucket=bucket, Key="a.jsonl", Body=b"5\n6\n7\n8\n")

    with pytest.raises(NotRead, match=r"The object a\.jsonl was changed while it was read\."):
        next(pieces)


def test_all_listed_objects_are_items_and_their_content_where_it_is_to_be_loaded(
    s3: Any, bucket: str
) -> None:
    for n in range(3):
        s3.put_object(Bucket=bucket, Key=f"in/{n}.jsonl", Body=f"{n}\n1{n}\n".encode())
    s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"")

    listed = read("listObjectsV2", {}, Bucket=bucket, Prefix="in/", MaxKeys=2)
    assert [item["Key"] for item in listed] == ["in/0.jsonl", "in/1.jsonl", "in/2.jsonl"]
    assert set(listed[0]) == {"Etag", "Key", "LastModified", "Size", "StorageClass"}
    assert isinstance(listed[0]["LastModified"], int)
    assert len(read("listObjectsV2", {"MaxItems": 2}, Bucket=bucket, Prefix="in/")) == 2

    loaded = {"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"}
    assert read("listObjectsV2", loaded, Bucket=bucket, Prefix="in/") == [0, 10, 1, 11, 2, 12]


@pytest.mark.parametrize("config", [{"InputType": "MANIFEST"}, {"ManifestType": "S3_INVENTORY"}])
def test_an_inventory_is_read_by_its_manifest(s3: Any, bucket: str, config: dict[str, Any]) -> None:
    s3.put_object(
        Bucket=bucket, Key="inv/1.csv.gz", Body=gzip.compress(b'"of","a.txt","1"\n"of","b.txt","2"\n')
    )
    manifest = {
        "destinationBucket": f"arn:aws:s3:::{bucket}",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "inv/1.csv.gz", "size": 1, "MD5checksum": "x"}],
    }
    s3.put_object(Bucket=bucket, Key="inv/manifest.json", Body=json.dumps(manifest).encode())

    assert read("getObject", config, Bucket=bucket, Key="inv/manifest.json") == [
        {"Bucket": "of", "Key": "a.txt", "Size": "1"},
        {"Bucket": "of", "Key": "b.txt", "Size": "2"},
    ]


def test_files_that_athena_has_left_are_read_by_their_manifest(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="out/0 a.gz", Body=gzip.compress(b'{"n": 1}\n'))
    s3.put_object(Bucket=bucket, Key="out/1", Body=b'{"n": 2}\n')
    s3.put_object(
        Bucket=bucket, Key="m.csv", Body=f"s3://{bucket}/out/0 a.gz\ns3://{bucket}/out/1\n".encode()
    )
    config = {"ManifestType": "ATHENA_DATA", "InputType": "JSONL"}

    assert read("getObject", config, Bucket=bucket, Key="m.csv") == [{"n": 1}, {"n": 2}]


def in_parquet(columns: dict[str, Any]) -> bytes:
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns), sink)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def test_rows_of_parquet_are_items(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a.parquet", Body=in_parquet({"n": [1, 2], "t": ["a", None]}))
    s3.put_object(Bucket=bucket, Key="none.parquet", Body=b"no parquet at all")
    config = {"InputType": "PARQUET"}

    assert read("getObject", config, Bucket=bucket, Key="a.parquet") == [
        {"n": 1, "t": "a"},
        {"n": 2, "t": None},
    ]
    assert "cannot be read as Parquet" in cause(
        StateError, "getObject", config, Bucket=bucket, Key="none.parquet"
    )


def test_values_of_parquet_that_json_does_not_have_become_some_that_it_has(s3: Any, bucket: str) -> None:
    columns = {
        "moment": [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)],
        "date": [date(2026, 1, 2)],
        "duration": [timedelta(seconds=3)],
        "price": [Decimal("1.10")],
        "count": [Decimal("2.00")],
        "bytes": [b"a\xff"],
        "no number": [float("nan")],
        "nested": [[{"infinite": float("inf")}]],
    }
    s3.put_object(Bucket=bucket, Key="a.parquet", Body=in_parquet(columns))

    assert read("getObject", {"InputType": "PARQUET"}, Bucket=bucket, Key="a.parquet") == [
        {
            "moment": "2026-01-02T03:04:05+00:00",
            "date": "2026-01-02",
            "duration": "PT3S",
            "price": 1.1,
            "count": 2,
            "bytes": "a\ufffd",
            "no number": None,
            "nested": [{"infinite": None}],
        }
    ]


def test_reasons_of_s3_are_told_as_aws_tells_them(bucket: str) -> None:
    said = cause(NotRead, "getObject", {}, Bucket=bucket, Key="missing")

    assert said.startswith(
        "The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: NoSuchKey; "
    )


@pytest.mark.parametrize(
    ("resource", "config", "parameters", "expected"),
    [
        ("getObject", {}, {"Bucket": "b"}, "The Key of an ItemReader must be a text that is not empty."),
        (
            "getObject",
            {"ManifestType": "X"},
            {"Bucket": "b", "Key": "k"},
            "ManifestType is S3_INVENTORY or ATHENA_DATA",
        ),
        (
            "getObject",
            {"ManifestType": "ATHENA_DATA", "InputType": "JSON"},
            {"Bucket": "b", "Key": "k"},
            "With the ManifestType ATHENA_DATA, InputType is CSV, JSONL or PARQUET.",
        ),
    ],
)
def test_what_cannot_be_read_so_fails_with_its_reason(
    s3: Any,  # noqa: ARG001 - where nothing is asked
    resource: str,
    config: dict[str, Any],
    parameters: dict[str, Any],
    expected: str,
) -> None:
    assert cause(StateError, resource, config, **parameters).startswith(expected)


def test_results_are_written_with_a_manifest_that_names_them(s3: Any, bucket: str) -> None:
    done = [
        {"Name": "a", "Status": "SUCCEEDED", "Output": "[1,2]"},
        {"Name": "b", "Status": "FAILED", "Error": "E"},
    ]
    where = {"Bucket": bucket, "Prefix": "day"}
    wanted = Writing("arn:aws:states:::s3:putObject", where, {"Transformation": "FLATTEN"}, ARN, results=done)

    details: Any = writing.write(wanted, client_of)

    def at(key: str) -> Any:
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    assert details == {"Bucket": bucket, "Key": "day/5f1c/manifest.json"}
    named = at(details["Key"])["ResultFiles"]
    assert named["SUCCEEDED"] == [{"Key": "day/5f1c/SUCCEEDED_0.json", "Size": 5}]
    assert at("day/5f1c/SUCCEEDED_0.json") == [1, 2]
    assert at("day/5f1c/FAILED_0.json") == [done[1] | {"RedriveStatus": "REDRIVABLE_BY_MAP_RUN"}]


@pytest.mark.parametrize(
    ("resource", "config", "named"),
    [
        ("getObject", CSV, {"Key": "in/0.csv"}),
        ("getObject", CSV | {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"]}, {"Key": "in/0.csv"}),
        ("getObject", CSV | {"MaxItems": 7}, {"Key": "in/0.csv"}),
        ("getObject", {"InputType": "JSONL"}, {"Key": "0.jsonl"}),
        ("getObject", {"InputType": "JSON", "ItemsPointer": "/all"}, {"Key": "0.json"}),
        ("getObject", CSV, {"Key": "0.csv.gz"}),
        ("listObjectsV2", {}, {"Prefix": "in/", "MaxKeys": 4}),
        ("listObjectsV2", CSV | {"Transformation": "LOAD_AND_FLATTEN"}, {"Prefix": "in/"}),
        ("getObject", CSV | {"ManifestType": "ATHENA_DATA"}, {"Key": "m.csv"}),
    ],
)
@pytest.mark.parametrize("step", [1, 2])
def test_windows_give_what_is_read_at_once(
    s3: Any, bucket: str, resource: str, config: dict[str, Any], named: dict[str, Any], step: int
) -> None:
    rows = "n,t\n" + "".join(f'{n},"a\n{n}"\n' for n in range(11))
    for n in range(5):
        s3.put_object(Bucket=bucket, Key=f"in/{n}.csv", Body=rows.encode())
    s3.put_object(Bucket=bucket, Key="0.csv.gz", Body=gzip.compress(rows.encode()))
    s3.put_object(Bucket=bucket, Key="0.jsonl", Body=b"".join(b'{"n": %d}\n' % n for n in range(11)))
    s3.put_object(Bucket=bucket, Key="0.json", Body=json.dumps({"x": [1], "all": list(range(11))}).encode())
    files = "".join(f"s3://{bucket}/in/{n}.csv\n" for n in range(2))
    s3.put_object(Bucket=bucket, Key="m.csv", Body=files.encode())

    found: list[Any] = []
    window: Window | None = Window(pieces=2, items=3, step=step)
    while window is not None:
        wanted = Reading(
            f"arn:aws:states:::s3:{resource}", {"Bucket": bucket, **named}, config, window=window
        )
        answer: Any = answer_to(wanted)
        for piece in answer["pieces"]:
            about = piece["piece"]
            items = about.get("items")
            if items is None:
                of_piece: Any = answer_to(replace(wanted, window=None, piece=about))
                items = of_piece["items"]
            assert len(items) == piece["count"]
            found += items
        # As it is stored in between.
        after = json.loads(json.dumps(answer["after"]))
        window = None if after is None else Window(pieces=2, items=3, step=step, after=after)

    assert found == read(resource, config, Bucket=bucket, **named)


def test_a_window_over_little_gives_the_items_themselves(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a.jsonl", Body=b"1\n2\n")
    s3.put_object(Bucket=bucket, Key="none.jsonl", Body=b"")

    def answered(resource: str, **named: str) -> Any:
        wanted = Reading(
            f"arn:aws:states:::s3:{resource}",
            {"Bucket": bucket, **named},
            {"InputType": "JSONL"},
            window=Window(pieces=2, items=3),
        )
        return answer_to(wanted)

    assert answered("getObject", Key="a.jsonl") == {"items": [1, 2]}
    assert answered("getObject", Key="none.jsonl") == {"items": []}
    assert [item["Key"] for item in answered("listObjectsV2")["items"]] == ["a.jsonl", "none.jsonl"]


def test_a_piece_of_an_object_that_was_changed_is_not_read(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a.jsonl", Body=b"1\n2\n3\n4\n")
    wanted = Reading(
        "arn:aws:states:::s3:getObject",
        {"Bucket": bucket, "Key": "a.jsonl"},
        {"InputType": "JSONL"},
        window=Window(pieces=2, items=2),
    )
    cut: Any = answer_to(wanted)

    s3.put_object(Bucket=bucket, Key="a.jsonl", Body=b"5\n6\n7\n8\n")

    with pytest.raises(NotRead, match="was changed while it was read"):
        answer_to(replace(wanted, window=None, piece=cut["pieces"][1]["piece"]))
