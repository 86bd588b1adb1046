"""What the AWS API works with in a cluster: state machines and executions as the catalog has them, read from custom resources and
written there. Nothing here runs anything: operators do, which see what is written.
"""
