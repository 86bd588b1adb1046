"""What cannot be derived from the models of AWS's services: where its SDKs for Java, or Step Functions, differ from them.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html, and what AWS's SDK for Java v2
customises.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ATTRIBUTE_VALUE: Final = "AttributeValue"
"""DynamoDB's structure whose members are named by types."""

MEMBERS: Final[Mapping[tuple[str, str], str]] = MappingProxyType({(ATTRIBUTE_VALUE, "NULL"): "Nul"})
"""By structure and member: the name in ``aws-sdk`` tasks."""

ALSO: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "CopyObjectRequest": MappingProxyType({"DestinationBucket": "Bucket", "DestinationKey": "Key"}),
        "UploadPartCopyRequest": MappingProxyType({"DestinationBucket": "Bucket", "DestinationKey": "Key"}),
    }
)
"""By structure: other names that tasks may use for members of the model."""

COPIES: Final = frozenset(ALSO)
"""Structures whose ``CopySource`` tasks may give in parts, by ``SOURCE_PARTS``."""
COPY_SOURCE: Final = "CopySource"
SOURCE_PARTS: Final = ("SourceBucket", "SourceKey", "SourceVersionId")

BYTES: Final = frozenset(
    {
        ("kms", "CiphertextBlob"),
        ("kms", "CiphertextForRecipient"),
        ("kms", "EncryptedKeyMaterial"),
        ("kms", "ImportToken"),
        ("kms", "Mac"),
        ("kms", "PrivateKeyCiphertextBlob"),
        ("kms", "PublicKey"),
        ("kms", "Signature"),
        ("kms", "SourceCiphertext"),
        ("lambda", "ZipFile"),
        ("rekognition", "Bytes"),
        ("textract", "Bytes"),
    }
)
"""By botocore's name of the service, and member: bytes that mean nothing as text. Tasks give them, and get them, in base64."""

NOT_SERVED: Final = frozenset(
    {
        ("bedrockagentruntime", "invokeAgent"),
        ("comprehendmedical", "detectEntities"),
        ("efs", "createTags"),
        ("emr", "describeJobFlows"),
        ("iot", "attachPrincipalPolicy"),
        ("iot", "detachPrincipalPolicy"),
        ("iot", "listPolicyPrincipals"),
        ("iot", "listPrincipalPolicies"),
        ("lambda", "invokeAsync"),
        ("mediapackage", "rotateChannelCredentials"),
        ("rdsdata", "executeSql"),
    }
)
"""By service and action, as Resources name them: deprecated operations that AWS does not offer. Those that answer in a stream of
events, or take one, it does not offer either; the models say which those are."""

OF_HEAD: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {("s3", "HeadObject"): "NoSuchKey", ("s3", "HeadBucket"): "NoSuchBucket"}
)
"""By botocore's service and operation: the exception that a 404 without a body means."""

RETIRED: Final = frozenset(
    (
        "alexaforbusiness",
        "backupstorage",
        "codestar",
        "elastictranscoder",
        "evidently",
        "finspace",
        "finspacedata",
        "gamesparks",
        "honeycode",
        "iot1clickdevices",
        "iot1clickprojects",
        "iotanalytics",
        "iotevents",
        "ioteventsdata",
        "iotfleethub",
        "iotroborunner",
        "lookoutmetrics",
        "lookoutvision",
        "macie",
        "mobile",
        "nimble",
        "opsworks",
        "opsworkscm",
        "panorama",
        "privatenetworks",
        "qldb",
        "qldbsession",
        "robomaker",
        "simspaceweaver",
        "sms",
        "worklink",
    )
)
"""Services, as Resources name them, that AWS has ended, so that botocore has no model of them any more."""
