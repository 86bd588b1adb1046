"""What stands in for the work of Task states: in ``stepwright run --mock`` and in tests of workflows.

Belongs here: the answers of mocked tasks as data, and AWS's file format for them. Not: running anything.
"""
