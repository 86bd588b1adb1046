"""``python -m stepwright.cli``."""

from stepwright.cli import main

main()
