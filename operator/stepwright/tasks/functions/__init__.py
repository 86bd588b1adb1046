"""Lambda functions: ``arn:aws:states:::lambda:invoke`` and functions' own ARNs."""
