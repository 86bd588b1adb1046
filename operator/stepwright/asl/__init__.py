"""The Amazon States Language as a pure function.

Belongs here: everything that the States Language defines, from parsing a definition to the exact history
events of an execution. Not: I/O, clocks, threads, randomness, asyncio. Time and a random seed arrive in
signals, so the same definition, checkpoint and signal give the same step on every machine.

Source: https://states-language.net/spec.html and the AWS Step Functions developer guide.
"""
