BEGIN TRANSACTION;
CREATE TABLE activities (
    arn TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    tags TEXT NOT NULL,
    encryption TEXT NOT NULL DEFAULT '{"type":"AWS_OWNED_KEY"}'
) WITHOUT ROWID
;
CREATE TABLE aliases (
    machine_arn TEXT NOT NULL,
    name TEXT NOT NULL,
    routes TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    description TEXT,
    PRIMARY KEY (machine_arn, name)
) WITHOUT ROWID
;
CREATE TABLE answers (
    uid TEXT NOT NULL,
    task INTEGER NOT NULL,
    output TEXT,
    error TEXT,
    cause TEXT,
    PRIMARY KEY (uid, task)
) WITHOUT ROWID
;
CREATE TABLE child_events (
    child INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    bodies TEXT NOT NULL,
    PRIMARY KEY (child, first)
) WITHOUT ROWID
;
CREATE TABLE child_executions (
    position INTEGER NOT NULL PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    run INTEGER NOT NULL,
    revision TEXT NOT NULL,
    item_count INTEGER NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    cause TEXT,
    started INTEGER NOT NULL,
    stopped INTEGER,
    redrives INTEGER NOT NULL,
    redriven INTEGER
);
CREATE TABLE events (
    uid TEXT NOT NULL,
    id INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (uid, id)
) WITHOUT ROWID
;
INSERT INTO "events" VALUES('ended',1,'{"timestamp":"2026-11-29T08:40:00.060Z","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"[]","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/any"}}');
INSERT INTO "events" VALUES('ended',2,'{"timestamp":"2026-11-29T08:40:00.060Z","type":"MapStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"Each","input":"[]","inputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('ended',3,'{"timestamp":"2026-11-29T08:40:00.060Z","type":"MapStateStarted","id":3,"previousEventId":2,"mapStateStartedEventDetails":{"length":0}}');
INSERT INTO "events" VALUES('ended',4,'{"timestamp":"2026-11-29T08:40:00.060Z","type":"MapStateSucceeded","id":4,"previousEventId":3}');
INSERT INTO "events" VALUES('ended',5,'{"timestamp":"2026-11-29T08:40:00.060Z","type":"MapStateExited","id":5,"previousEventId":3,"stateExitedEventDetails":{"name":"Each","output":"[]","outputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('ended',6,'{"timestamp":"2026-11-29T08:40:00.060Z","type":"ExecutionSucceeded","id":6,"previousEventId":5,"executionSucceededEventDetails":{"output":"[]","outputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('waits',1,'{"timestamp":"2026-11-29T08:40:00.100Z","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"[86400]","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/any"}}');
INSERT INTO "events" VALUES('waits',2,'{"timestamp":"2026-11-29T08:40:00.100Z","type":"MapStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"Each","input":"[86400]","inputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('waits',3,'{"timestamp":"2026-11-29T08:40:00.100Z","type":"MapStateStarted","id":3,"previousEventId":2,"mapStateStartedEventDetails":{"length":1}}');
INSERT INTO "events" VALUES('waits',4,'{"timestamp":"2026-11-29T08:40:00.100Z","type":"MapIterationStarted","id":4,"previousEventId":3,"mapIterationStartedEventDetails":{"name":"Each","index":0}}');
INSERT INTO "events" VALUES('waits',5,'{"timestamp":"2026-11-29T08:40:00.100Z","type":"WaitStateEntered","id":5,"previousEventId":4,"stateEnteredEventDetails":{"name":"Waits","input":"86400","inputDetails":{"truncated":false}}}');
CREATE TABLE executions (
    position INTEGER NOT NULL PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    arn TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    machine_arn TEXT NOT NULL,
    machine_name TEXT NOT NULL,
    revision TEXT NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    cause TEXT,
    started INTEGER NOT NULL,
    stopped INTEGER,
    trace_header TEXT,
    version_arn TEXT,
    alias_arn TEXT,
    redrives INTEGER NOT NULL DEFAULT 0,
    redriven INTEGER,
    redrivable BOOLEAN,
    bare_tokens BOOLEAN NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL,
    commit_id TEXT,
    settled BOOLEAN NOT NULL,
    waiting_until INTEGER,
    stop TEXT
);
INSERT INTO "executions" VALUES(1,'ended','arn:aws:states:us-east-1:123456789012:execution:each:ended','ended','arn:aws:states:us-east-1:123456789012:stateMachine:each','each','r-each','SUCCEEDED','[]','[]',NULL,NULL,1795941600040,1795941600080,NULL,NULL,NULL,0,NULL,0,0,1,'82cad7e1185443f58c618ef5c7b3a069',1,NULL,NULL);
INSERT INTO "executions" VALUES(2,'waits','arn:aws:states:us-east-1:123456789012:execution:each:waits','waits','arn:aws:states:us-east-1:123456789012:stateMachine:each','each','r-each','RUNNING','[86400]',NULL,NULL,NULL,1795941600090,NULL,NULL,NULL,NULL,0,NULL,NULL,0,1,'cd8e8e9053d74e6da92018b7d716f99c',0,1796028000100,NULL);
CREATE TABLE machines (
    arn TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    created INTEGER NOT NULL,
    revision TEXT NOT NULL,
    tags TEXT NOT NULL,
    newest_version INTEGER NOT NULL,
    deleting BOOLEAN NOT NULL DEFAULT 0,
    since INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
;
INSERT INTO "machines" VALUES('arn:aws:states:us-east-1:123456789012:stateMachine:each','each','STANDARD',1795941600010,'r-each','{}',0,0,1);
CREATE TABLE map_runs (
    position INTEGER NOT NULL PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    machine_arn TEXT NOT NULL,
    status TEXT NOT NULL,
    started INTEGER NOT NULL,
    stopped INTEGER,
    max_concurrency INTEGER NOT NULL,
    tolerated_count INTEGER,
    tolerated_percentage FLOAT,
    item_counts TEXT NOT NULL,
    execution_counts TEXT NOT NULL,
    redrives INTEGER NOT NULL DEFAULT 0,
    redriven INTEGER
);
CREATE TABLE mocked_tasks (
    uid TEXT NOT NULL,
    task INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (uid, task)
) WITHOUT ROWID
;
CREATE TABLE parts (
    uid TEXT NOT NULL,
    part TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (uid, part)
) WITHOUT ROWID
;
INSERT INTO "parts" VALUES('waits','branch/0','{"kind":"branch","number":0,"scope":"","state":"Each","input":"[86400]","previous":3,"phase":"open","entered":2,"enteredAt":1795941600100}');
INSERT INTO "parts" VALUES('waits','branch/1','{"kind":"branch","number":1,"scope":"/States/Each/ItemProcessor","state":"Waits","input":"86400","previous":5,"prefix":"Each[0]/","parent":0,"phase":"open","entered":5,"enteredAt":1795941600100,"timer":{"id":"wait:5","due":1796028000100}}');
INSERT INTO "parts" VALUES('waits','fork/0','{"kind":"fork","branch":0,"width":1,"limit":40,"previous":3,"cursor":1,"live":[1]}');
INSERT INTO "parts" VALUES('waits','head','{"kind":"head","version":1,"lastEventId":5,"nextBranch":2,"deadline":1827477600100,"historyBytes":1066}');
INSERT INTO "parts" VALUES('waits','items/0','{"kind":"items","branch":0,"items":"[86400]"}');
INSERT INTO "parts" VALUES('waits','start','{"kind":"start","uid":"waits","executionId":"arn:aws:states:us-east-1:123456789012:execution:each:waits","name":"waits","roleArn":"arn:aws:iam::123456789012:role/any","stateMachineId":"arn:aws:states:us-east-1:123456789012:stateMachine:each","stateMachineName":"each","input":"[86400]","started":1795941600100}');
CREATE TABLE payloads (
    digest TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
);
CREATE TABLE redrive_tokens (
    uid TEXT NOT NULL,
    token TEXT NOT NULL,
    made INTEGER NOT NULL,
    PRIMARY KEY (uid, token)
) WITHOUT ROWID
;
CREATE TABLE revisions (
    id TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    created INTEGER NOT NULL,
    settings TEXT NOT NULL,
    first BOOLEAN NOT NULL
);
INSERT INTO "revisions" VALUES('r-each','{"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": {"StartAt": "Waits", "States": {"Waits": {"Type": "Wait", "SecondsPath": "$", "End": true}}}, "End": true}}}','arn:aws:iam::123456789012:role/any',1795941600020,'{}',0);
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE takings (
    uid TEXT NOT NULL,
    task INTEGER NOT NULL,
    worker TEXT,
    PRIMARY KEY (uid, task)
) WITHOUT ROWID
;
CREATE TABLE test_cases (
    uid TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
) WITHOUT ROWID
;
CREATE TABLE versions (
    machine_arn TEXT NOT NULL,
    number INTEGER NOT NULL,
    revision TEXT NOT NULL,
    made INTEGER NOT NULL,
    description TEXT,
    PRIMARY KEY (machine_arn, number)
) WITHOUT ROWID
;
CREATE INDEX executions_listed ON executions (machine_arn, coalesce(stopped, redriven, started), position);
CREATE INDEX executions_unsettled ON executions (position) WHERE settled IS 0;
CREATE INDEX map_runs_of_execution ON map_runs (execution_arn, position);
CREATE INDEX map_runs_by_status ON map_runs (status);
CREATE INDEX children_listed ON child_executions (run, coalesce(stopped, redriven, started), position);
PRAGMA user_version = 7;
COMMIT;
