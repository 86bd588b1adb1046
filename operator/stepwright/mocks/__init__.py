"""What stands in for the work of Task states: in ``stepwright run --mock`` and in tests of workflows.

Belongs here: the answers of mocked tasks as data, AWS's file format for them, and the driver that answers with them.
Not: who runs it, and where it is stored which task was answered.
"""
