"""The optimised integrations of Step Functions whose actions are operations of AWS's services: which there are, with which
patterns, and the names that AWS's SDK for Java v1 has for them, which cannot be derived.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html; names that AWS's documentation does not
show are those of the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from stepwright.asl.resource import Pattern, Resource
from stepwright.aws import around_emr, around_harness, around_models, execute_api

_REQUEST: Final[frozenset[Pattern]] = frozenset({""})
_SYNC: Final[frozenset[Pattern]] = frozenset({"", ".sync"})
_TOKEN: Final[frozenset[Pattern]] = frozenset({"", ".waitForTaskToken"})

_AROUND: Final[Mapping[str, str]] = MappingProxyType(
    {module.AROUND: module.NAME for module in (around_emr, around_harness, around_models)}
)
"""The API that Step Functions has around a service's, by its name in ``aws.models``, whose operations the actions are."""


@dataclass(frozen=True, slots=True)
class Service:
    """``botocore``: its name there. ``prefix``: what stands before the dot in the names of its errors. ``named``: as causes have
    it. ``base``: the error of whatever the model has no exception for. ``has_all_lists``: its answers have lists that the
    service has left out, empty. ``actions`` with their patterns; ``elsewhere``: actions of another service of botocore's.
    ``is_plain``: answers and errors are HTTP's own, without anything that the SDK says of them. ``has_metadata``: its results have
    what the SDK says of the HTTP response."""

    botocore: str
    prefix: str
    named: str
    base: str
    actions: Mapping[str, frozenset[Pattern]]
    has_all_lists: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    is_plain: bool = False
    has_metadata: bool = True

    def of(self, action: str) -> str:
        """botocore's name of the service that has the action."""
        return self.elsewhere.get(action, self.botocore)

    def model_of(self, action: str) -> str:
        """The model, in ``aws.models``, that has the action's operation."""
        service = self.of(action)
        return _AROUND.get(service, service)


def _each(patterns: frozenset[Pattern], names: str) -> dict[str, frozenset[Pattern]]:
    return dict.fromkeys(names.split(), patterns)


SERVICES: Final[Mapping[str, Service]] = MappingProxyType(
    {
        "apigateway": Service(
            execute_api.NAME,
            "ApiGateway",
            "",
            "",
            _each(_TOKEN, "invoke"),
            is_plain=True,
            has_metadata=False,
        ),
        "athena": Service(
            "athena",
            "Athena",
            "AmazonAthena",
            "AmazonAthenaException",
            _each(_SYNC, "startQueryExecution")
            | _each(_REQUEST, "stopQueryExecution getQueryExecution getQueryResults"),
        ),
        "batch": Service("batch", "Batch", "AWSBatch", "AWSBatchException", _each(_SYNC, "submitJob")),
        "bedrock": Service(
            "bedrock",
            "Bedrock",
            "Bedrock",
            "BedrockException",
            _each(_TOKEN, "invokeModel") | _each(_SYNC, "createModelCustomizationJob"),
            elsewhere={"invokeModel": "bedrock-runtime"},
        ),
        "bedrockagentcore": Service(
            around_harness.AROUND,
            "BedrockAgentCore",
            "BedrockAgentCore",
            "BedrockAgentCoreException",
            _each(_REQUEST, "invokeHarness"),
            has_metadata=False,
        ),
        "codebuild": Service(
            "codebuild",
            "CodeBuild",
            "AWSCodeBuild",
            "AWSCodeBuildException",
            _each(_SYNC, "startBuild startBuildBatch retryBuildBatch")
            | _each(_REQUEST, "stopBuild stopBuildBatch batchDeleteBuilds deleteBuildBatch batchGetReports"),
        ),
        "databrew": Service(
            "databrew",
            "DataBrew",
            "AWSGlueDataBrew",
            "AWSGlueDataBrewException",
            _each(_SYNC, "startJobRun"),
        ),
        "dynamodb": Service(
            "dynamodb",
            "DynamoDB",
            "AmazonDynamoDBv2",
            "AmazonDynamoDBException",
            _each(_REQUEST, "getItem putItem updateItem deleteItem"),
        ),
        "ecs": Service(
            "ecs",
            "ECS",
            "AmazonECS",
            "AmazonECSException",
            _each(_SYNC | _TOKEN, "runTask"),
            has_all_lists=True,
        ),
        "eks": Service(
            "eks",
            "EKS",
            "AmazonEKS",
            "AmazonEKSException",
            _each(
                _SYNC,
                "createCluster deleteCluster createFargateProfile deleteFargateProfile createNodegroup deleteNodegroup",
            ),
        ),
        "elasticmapreduce": Service(
            around_emr.AROUND,
            "ElasticMapReduce",
            "AmazonElasticMapReduce",
            "AmazonElasticMapReduceException",
            _each(_SYNC, "createCluster terminateCluster addStep")
            | _each(
                _REQUEST,
                "cancelStep setClusterTerminationProtection modifyInstanceFleetByName modifyInstanceGroupByName",
            ),
        ),
        "emr-containers": Service(
            "emr-containers",
            "EMRContainers",
            "AmazonEMRContainers",
            "AmazonEMRContainersException",
            _each(_SYNC, "startJobRun deleteVirtualCluster") | _each(_REQUEST, "createVirtualCluster"),
        ),
        "emr-serverless": Service(
            "emr-serverless",
            "EmrServerless",
            "AmazonEMRServerless",
            "EmrServerlessException",
            _each(
                _SYNC,
                "createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun",
            ),
        ),
        "events": Service(
            "events",
            "EventBridge",
            "AmazonEventBridge",
            "AmazonEventBridgeException",
            _each(_TOKEN, "putEvents"),
        ),
        "glue": Service("glue", "Glue", "AWSGlue", "AWSGlueException", _each(_SYNC, "startJobRun")),
        "lambda": Service(
            "lambda", "Lambda", "AWSLambda", "AWSLambdaException", _each(_TOKEN, "invoke"), has_all_lists=True
        ),
        "mediaconvert": Service(
            "mediaconvert",
            "MediaConvert",
            "AWSMediaConvert",
            "AWSMediaConvertException",
            _each(_SYNC, "createJob"),
        ),
        "sagemaker": Service(
            "sagemaker",
            "SageMaker",
            "AmazonSageMaker",
            "AmazonSageMakerException",
            _each(
                _SYNC,
                "createTrainingJob createTransformJob createProcessingJob createHyperParameterTuningJob createLabelingJob",
            )
            | _each(_REQUEST, "createModel createEndpoint createEndpointConfig updateEndpoint"),
        ),
        "sns": Service(
            "sns",
            "SNS",
            "AmazonSNS",
            "AmazonSNSException",
            _each(_TOKEN, "publish"),
            has_all_lists=True,
        ),
        "sqs": Service(
            "sqs",
            "SQS",
            "AmazonSQS",
            "AmazonSQSException",
            _each(_TOKEN, "sendMessage"),
            has_all_lists=True,
        ),
        "states": Service(
            "stepfunctions",
            "StepFunctions",
            "AWSStepFunctions",
            "AWSStepFunctionsException",
            _each(frozenset({"", ".sync", ".sync:2", ".waitForTaskToken"}), "startExecution"),
        ),
    }
)
"""By their names in Resources."""


def find(resource: Resource) -> Service | None:
    """Whose action a Resource names, if it is an optimised integration that is here."""
    return SERVICES.get(resource.service) if resource.kind == "integration" else None
