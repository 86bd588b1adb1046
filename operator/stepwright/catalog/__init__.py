"""What there is: state machines with their revisions, and executions, as plain data; and the ports behind the AWS API.

Belongs here: records and protocols that faces ask for and adapters implement. Not: where records are stored, how a
request looks.
"""
