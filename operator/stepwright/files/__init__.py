"""What people write in files: definitions and manifests, JSON or YAML, and where in a file each part of them
is.

Belongs here: reading and locating, which files of a folder have definitions, and changing those of a checkout. Not:
reporting what was found, which the command line and the console do.
"""
