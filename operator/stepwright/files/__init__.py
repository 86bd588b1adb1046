"""What people write in files: definitions and manifests, JSON or YAML, and where in a file each part of them stands.

Belongs here: reading and locating. Not: opening files, and saying what was found, which is the command line's.
"""
