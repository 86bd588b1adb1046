"""What people write in files: definitions and manifests, JSON or YAML, and where in a file each part of them
is.

Belongs here: reading and locating. Not: opening files and reporting what was found; the command line does
that.
"""
