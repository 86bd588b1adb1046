"""What a distributed Map reads its items from and leaves its results in, as data.

Belongs here: how the content of a file becomes items. Not: fetching it, or what a Map does with the items.
"""
