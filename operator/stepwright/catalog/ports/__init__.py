"""What faces need from a store of state machines and executions, as protocols: one module for each kind of
thing. Stores implement them.

Any call to a store that cannot answer now raises one of the ``JournalError`` of ``engine.ports``. A list
comes in pages of at most ``limit`` items, and continues at the cursor that came with the previous page; a
cursor of another list raises NoSuchCursor.
"""

from stepwright.catalog.ports.access import Access
from stepwright.catalog.ports.activities import Activities
from stepwright.catalog.ports.answers import Answers
from stepwright.catalog.ports.calls import CallingTask, Calls
from stepwright.catalog.ports.connection_objects import ConnectionObject, ConnectionObjects, NoObject
from stepwright.catalog.ports.connections import Connection, Connections
from stepwright.catalog.ports.errors import (
    CallRefused,
    FunctionUnfit,
    LimitReached,
    MachineGone,
    NameTaken,
    NoConnection,
    NoFunction,
    NoLogs,
    NoSuchCursor,
    NoSuchTask,
    NoSuchVersion,
    NotAllowed,
    NoTestCase,
    NotRedrivable,
    TaskOver,
    VersionInUse,
)
from stepwright.catalog.ports.execution_rows import ExecutionQuery, ExecutionRows
from stepwright.catalog.ports.executions import Executions, StartedExecutions
from stepwright.catalog.ports.express import Express
from stepwright.catalog.ports.functions import (
    LARGEST_RESULT_BYTES,
    Function,
    FunctionJob,
    FunctionName,
    Functions,
    FunctionWork,
    Speech,
    StandsFor,
)
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.ports.logs import LogLine, LogSource, TaskLogs
from stepwright.catalog.ports.machines import KnownMachines, Machines
from stepwright.catalog.ports.map_runs import MapRuns
from stepwright.catalog.ports.overviews import FEW, OverviewQuery, Overviews
from stepwright.catalog.ports.shards import NotBegun, ShardEnd, Shards, ShardTask
from stepwright.catalog.ports.test_cases import TestCases
from stepwright.catalog.ports.versions import Versions
from stepwright.catalog.ports.visits import VisitQuery, Visits
from stepwright.catalog.ports.watching import Change, Following, Watching
from stepwright.catalog.ports.work import Work

__all__ = [
    "FEW",
    "LARGEST_RESULT_BYTES",
    "Access",
    "Activities",
    "Answers",
    "CallRefused",
    "CallingTask",
    "Calls",
    "Change",
    "Connection",
    "ConnectionObject",
    "ConnectionObjects",
    "Connections",
    "Cursor",
    "ExecutionQuery",
    "ExecutionRows",
    "Executions",
    "Express",
    "Following",
    "Function",
    "FunctionJob",
    "FunctionName",
    "FunctionUnfit",
    "FunctionWork",
    "Functions",
    "KnownMachines",
    "LimitReached",
    "LogLine",
    "LogSource",
    "MachineGone",
    "Machines",
    "MapRuns",
    "NameTaken",
    "NoConnection",
    "NoFunction",
    "NoLogs",
    "NoObject",
    "NoSuchCursor",
    "NoSuchTask",
    "NoSuchVersion",
    "NoTestCase",
    "NotAllowed",
    "NotBegun",
    "NotRedrivable",
    "OverviewQuery",
    "Overviews",
    "Page",
    "ShardEnd",
    "ShardTask",
    "Shards",
    "Speech",
    "StandsFor",
    "StartedExecutions",
    "TaskLogs",
    "TaskOver",
    "TestCases",
    "VersionInUse",
    "Versions",
    "VisitQuery",
    "Visits",
    "Watching",
    "Work",
]
