"""Step Functions itself as a service: nested executions, and ``aws-sdk:sfn``."""
