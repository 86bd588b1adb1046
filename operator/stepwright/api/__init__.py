"""The AWS Step Functions API: JSON 1.0 over HTTP, as boto3 and the aws CLI speak it.

Belongs here: requests, answers, errors in AWS's words. Not: where executions live (``catalog.ports``), and how they run.
"""
