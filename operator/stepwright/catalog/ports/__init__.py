"""What faces ask of the place where state machines and executions live, as protocols: one module for each thing they are
about. Stores implement them.

A store that cannot answer now raises one of the ``JournalError`` of ``engine.ports``, whatever it is asked. A list comes in
pages, each of at most ``limit`` items, and goes on at the cursor that came with the page before; what such a method raises
for a cursor of another list is NoSuchCursor.
"""

from stepwright.catalog.ports.access import Access
from stepwright.catalog.ports.activities import Activities
from stepwright.catalog.ports.answers import Answers
from stepwright.catalog.ports.calls import Calls
from stepwright.catalog.ports.connections import Connection, Connections
from stepwright.catalog.ports.errors import (
    CallRefused,
    MachineGone,
    NoConnection,
    NoSuchCursor,
    NoSuchTask,
    NoSuchVersion,
    NoTestCase,
    NotRedrivable,
    TaskOver,
    VersionInUse,
)
from stepwright.catalog.ports.executions import Executions
from stepwright.catalog.ports.express import Express
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.ports.machines import Machines
from stepwright.catalog.ports.map_runs import MapRuns
from stepwright.catalog.ports.shards import ShardEnd, Shards
from stepwright.catalog.ports.test_cases import TestCases
from stepwright.catalog.ports.versions import Versions
from stepwright.catalog.ports.work import Work

__all__ = [
    "Access",
    "Activities",
    "Answers",
    "CallRefused",
    "Calls",
    "Connection",
    "Connections",
    "Cursor",
    "Executions",
    "Express",
    "MachineGone",
    "Machines",
    "MapRuns",
    "NoConnection",
    "NoSuchCursor",
    "NoSuchTask",
    "NoSuchVersion",
    "NoTestCase",
    "NotRedrivable",
    "Page",
    "ShardEnd",
    "Shards",
    "TaskOver",
    "TestCases",
    "VersionInUse",
    "Versions",
    "Work",
]
