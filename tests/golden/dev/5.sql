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
CREATE TABLE children (
    uid TEXT NOT NULL PRIMARY KEY,
    map_run_arn TEXT NOT NULL,
    item_count INTEGER NOT NULL
) WITHOUT ROWID
;
CREATE TABLE events (
    uid TEXT NOT NULL,
    id INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (uid, id)
) WITHOUT ROWID
;
INSERT INTO "events" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb',1,'{"timestamp":"2026-11-29T08:40:57.274Z","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"{\"name\":\"of-stopped\"}","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/any"}}');
INSERT INTO "events" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb',2,'{"timestamp":"2026-11-29T08:40:57.274Z","type":"TaskStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"Call","input":"{\"name\":\"of-stopped\"}","inputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb',3,'{"timestamp":"2026-11-29T08:40:57.274Z","type":"TaskScheduled","id":3,"previousEventId":2,"taskScheduledEventDetails":{"resourceType":"states","resource":"startExecution.sync","region":"us-east-1","parameters":"{\"StateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:child\",\"Name\":\"of-stopped\"}"}}');
INSERT INTO "events" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb',4,'{"timestamp":"2026-11-29T08:40:57.318Z","type":"TaskStarted","id":4,"previousEventId":3,"taskStartedEventDetails":{"resourceType":"states","resource":"startExecution.sync"}}');
INSERT INTO "events" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb',5,'{"timestamp":"2026-11-29T08:40:58.330Z","type":"TaskSubmitted","id":5,"previousEventId":4,"taskSubmittedEventDetails":{"resourceType":"states","resource":"startExecution.sync","output":"{\"ExecutionArn\":\"arn:aws:states:us-east-1:123456789012:execution:child:of-stopped\",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"connection\":[\"keep-alive\"],\"Content-Length\":[\"109\"],\"Content-Type\":[\"application/x-amz-json-1.0\"],\"Date\":[\"Sun, 29 Nov 2026 08:40:57 GMT\"],\"x-amzn-RequestId\":[\"db4a0cb0-0260-5d03-8296-296937ff0e02\"]},\"HttpHeaders\":{\"connection\":\"keep-alive\",\"Content-Length\":\"109\",\"Content-Type\":\"application/x-amz-json-1.0\",\"Date\":\"Sun, 29 Nov 2026 08:40:57 GMT\",\"x-amzn-RequestId\":\"db4a0cb0-0260-5d03-8296-296937ff0e02\"},\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"db4a0cb0-0260-5d03-8296-296937ff0e02\"},\"StartDate\":1795941657343}","outputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb',6,'{"timestamp":"2026-11-29T08:40:58.330Z","type":"ExecutionAborted","id":6,"previousEventId":0,"executionAbortedEventDetails":{}}');
INSERT INTO "events" VALUES('5b671da2-c8ee-5878-b40b-9f7ee4d8ad15',1,'{"timestamp":"2026-11-29T08:40:57.466Z","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"{}","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/any"}}');
INSERT INTO "events" VALUES('5b671da2-c8ee-5878-b40b-9f7ee4d8ad15',2,'{"timestamp":"2026-11-29T08:40:57.466Z","type":"WaitStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"A","input":"{}","inputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('c7cb204c-9501-4c11-8517-51997c114548',1,'{"timestamp":"2026-11-29T08:40:57.236Z","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"{\"name\":\"of-waits\"}","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/any"}}');
INSERT INTO "events" VALUES('c7cb204c-9501-4c11-8517-51997c114548',2,'{"timestamp":"2026-11-29T08:40:57.236Z","type":"TaskStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"Call","input":"{\"name\":\"of-waits\"}","inputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('c7cb204c-9501-4c11-8517-51997c114548',3,'{"timestamp":"2026-11-29T08:40:57.236Z","type":"TaskScheduled","id":3,"previousEventId":2,"taskScheduledEventDetails":{"resourceType":"states","resource":"startExecution.sync","region":"us-east-1","parameters":"{\"StateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:child\",\"Name\":\"of-waits\"}"}}');
INSERT INTO "events" VALUES('c7cb204c-9501-4c11-8517-51997c114548',4,'{"timestamp":"2026-11-29T08:40:57.290Z","type":"TaskStarted","id":4,"previousEventId":3,"taskStartedEventDetails":{"resourceType":"states","resource":"startExecution.sync"}}');
INSERT INTO "events" VALUES('c7cb204c-9501-4c11-8517-51997c114548',5,'{"timestamp":"2026-11-29T08:41:12.354Z","type":"TaskSubmitted","id":5,"previousEventId":4,"taskSubmittedEventDetails":{"resourceType":"states","resource":"startExecution.sync","output":"{\"ExecutionArn\":\"arn:aws:states:us-east-1:123456789012:execution:child:of-waits\",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"connection\":[\"keep-alive\"],\"Content-Length\":[\"107\"],\"Content-Type\":[\"application/x-amz-json-1.0\"],\"Date\":[\"Sun, 29 Nov 2026 08:40:57 GMT\"],\"x-amzn-RequestId\":[\"5b671da2-c8ee-5878-b40b-9f7ee4d8ad15\"]},\"HttpHeaders\":{\"connection\":\"keep-alive\",\"Content-Length\":\"107\",\"Content-Type\":\"application/x-amz-json-1.0\",\"Date\":\"Sun, 29 Nov 2026 08:40:57 GMT\",\"x-amzn-RequestId\":\"5b671da2-c8ee-5878-b40b-9f7ee4d8ad15\"},\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"5b671da2-c8ee-5878-b40b-9f7ee4d8ad15\"},\"StartDate\":1795941657334}","outputDetails":{"truncated":false}}}');
INSERT INTO "events" VALUES('db4a0cb0-0260-5d03-8296-296937ff0e02',1,'{"timestamp":"2026-11-29T08:40:57.378Z","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"{}","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/any"}}');
INSERT INTO "events" VALUES('db4a0cb0-0260-5d03-8296-296937ff0e02',2,'{"timestamp":"2026-11-29T08:40:57.378Z","type":"WaitStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"A","input":"{}","inputDetails":{"truncated":false}}}');
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
INSERT INTO "executions" VALUES(1,'c7cb204c-9501-4c11-8517-51997c114548','arn:aws:states:us-east-1:123456789012:execution:parent:waits','waits','arn:aws:states:us-east-1:123456789012:stateMachine:parent','parent','4c8de281-c2fe-498b-9b89-c03f554a61e0','RUNNING','{"name":"of-waits"}',NULL,NULL,NULL,1795941657171,NULL,NULL,NULL,NULL,0,NULL,NULL,0,3,'655ac6f3fb7c40d186d07d465fc91262',0,NULL,NULL);
INSERT INTO "executions" VALUES(2,'55db7137-60dd-4b76-94e8-0c570371fceb','arn:aws:states:us-east-1:123456789012:execution:parent:stopped','stopped','arn:aws:states:us-east-1:123456789012:stateMachine:parent','parent','4c8de281-c2fe-498b-9b89-c03f554a61e0','ABORTED','{"name":"of-stopped"}',NULL,NULL,NULL,1795941657259,1795941658331,NULL,NULL,NULL,0,NULL,1,0,3,'148d1b0e62384b72a060f8f075c7a2af',0,NULL,'{"error":null,"cause":null}');
INSERT INTO "executions" VALUES(3,'db4a0cb0-0260-5d03-8296-296937ff0e02','arn:aws:states:us-east-1:123456789012:execution:child:of-stopped','of-stopped','arn:aws:states:us-east-1:123456789012:stateMachine:child','child','21ac4dc5-997a-4956-b228-f6a682ca9cde','RUNNING','{}',NULL,NULL,NULL,1795941657343,NULL,NULL,NULL,NULL,0,NULL,NULL,0,1,'79bf84e0a2574c538890fd434a19ce70',0,1795945257378,NULL);
INSERT INTO "executions" VALUES(4,'5b671da2-c8ee-5878-b40b-9f7ee4d8ad15','arn:aws:states:us-east-1:123456789012:execution:child:of-waits','of-waits','arn:aws:states:us-east-1:123456789012:stateMachine:child','child','21ac4dc5-997a-4956-b228-f6a682ca9cde','RUNNING','{}',NULL,NULL,NULL,1795941657334,NULL,NULL,NULL,NULL,0,NULL,NULL,0,1,'bcbaa3a89cd44a04be705aa27c953ef9',0,1795945257466,NULL);
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
INSERT INTO "machines" VALUES('arn:aws:states:us-east-1:123456789012:stateMachine:child','child','STANDARD',1795941657060,'21ac4dc5-997a-4956-b228-f6a682ca9cde','{}',0,0,1);
INSERT INTO "machines" VALUES('arn:aws:states:us-east-1:123456789012:stateMachine:parent','parent','STANDARD',1795941657140,'4c8de281-c2fe-498b-9b89-c03f554a61e0','{}',0,0,1);
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
CREATE TABLE nested (
    uid TEXT NOT NULL,
    task INTEGER NOT NULL,
    PRIMARY KEY (uid, task)
) WITHOUT ROWID
;
INSERT INTO "nested" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb',3);
INSERT INTO "nested" VALUES('c7cb204c-9501-4c11-8517-51997c114548',3);
CREATE TABLE parts (
    uid TEXT NOT NULL,
    part TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (uid, part)
) WITHOUT ROWID
;
INSERT INTO "parts" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb','branch/0','{"kind":"branch","number":0,"scope":"","state":"Call","input":"{\"name\":\"of-stopped\"}","previous":5,"phase":"open","entered":2,"enteredAt":1795941657274,"task":{"id":3,"scheduled":1795941657274,"parameters":"{\"StateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:child\",\"Name\":\"of-stopped\"}","started":true,"submitted":"{\"ExecutionArn\":\"arn:aws:states:us-east-1:123456789012:execution:child:of-stopped\",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"connection\":[\"keep-alive\"],\"Content-Length\":[\"109\"],\"Content-Type\":[\"application/x-amz-json-1.0\"],\"Date\":[\"Sun, 29 Nov 2026 08:40:57 GMT\"],\"x-amzn-RequestId\":[\"db4a0cb0-0260-5d03-8296-296937ff0e02\"]},\"HttpHeaders\":{\"connection\":\"keep-alive\",\"Content-Length\":\"109\",\"Content-Type\":\"application/x-amz-json-1.0\",\"Date\":\"Sun, 29 Nov 2026 08:40:57 GMT\",\"x-amzn-RequestId\":\"db4a0cb0-0260-5d03-8296-296937ff0e02\"},\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"db4a0cb0-0260-5d03-8296-296937ff0e02\"},\"StartDate\":1795941657343}"},"lastTask":3}');
INSERT INTO "parts" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb','head','{"kind":"head","version":1,"lastEventId":6,"nextBranch":1,"ended":"ABORTED","historyBytes":2112}');
INSERT INTO "parts" VALUES('55db7137-60dd-4b76-94e8-0c570371fceb','start','{"kind":"start","uid":"55db7137-60dd-4b76-94e8-0c570371fceb","executionId":"arn:aws:states:us-east-1:123456789012:execution:parent:stopped","name":"stopped","roleArn":"arn:aws:iam::123456789012:role/any","stateMachineId":"arn:aws:states:us-east-1:123456789012:stateMachine:parent","stateMachineName":"parent","tokenKey":"423b60bb6bcc50047bb229a35f075d806c01aa4a8885973571a61c83fcd15945","input":"{\"name\":\"of-stopped\"}","started":1795941657274}');
INSERT INTO "parts" VALUES('5b671da2-c8ee-5878-b40b-9f7ee4d8ad15','branch/0','{"kind":"branch","number":0,"scope":"","state":"A","input":"{}","previous":2,"phase":"open","entered":2,"enteredAt":1795941657466,"timer":{"id":"wait:2","due":1795945257466}}');
INSERT INTO "parts" VALUES('5b671da2-c8ee-5878-b40b-9f7ee4d8ad15','head','{"kind":"head","version":1,"lastEventId":2,"nextBranch":1,"deadline":1827477657466,"historyBytes":439}');
INSERT INTO "parts" VALUES('5b671da2-c8ee-5878-b40b-9f7ee4d8ad15','start','{"kind":"start","uid":"5b671da2-c8ee-5878-b40b-9f7ee4d8ad15","executionId":"arn:aws:states:us-east-1:123456789012:execution:child:of-waits","name":"of-waits","roleArn":"arn:aws:iam::123456789012:role/any","stateMachineId":"arn:aws:states:us-east-1:123456789012:stateMachine:child","stateMachineName":"child","input":"{}","started":1795941657466}');
INSERT INTO "parts" VALUES('c7cb204c-9501-4c11-8517-51997c114548','branch/0','{"kind":"branch","number":0,"scope":"","state":"Call","input":"{\"name\":\"of-waits\"}","previous":5,"phase":"open","entered":2,"enteredAt":1795941657236,"task":{"id":3,"scheduled":1795941657236,"parameters":"{\"StateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:child\",\"Name\":\"of-waits\"}","started":true,"submitted":"{\"ExecutionArn\":\"arn:aws:states:us-east-1:123456789012:execution:child:of-waits\",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"connection\":[\"keep-alive\"],\"Content-Length\":[\"107\"],\"Content-Type\":[\"application/x-amz-json-1.0\"],\"Date\":[\"Sun, 29 Nov 2026 08:40:57 GMT\"],\"x-amzn-RequestId\":[\"5b671da2-c8ee-5878-b40b-9f7ee4d8ad15\"]},\"HttpHeaders\":{\"connection\":\"keep-alive\",\"Content-Length\":\"107\",\"Content-Type\":\"application/x-amz-json-1.0\",\"Date\":\"Sun, 29 Nov 2026 08:40:57 GMT\",\"x-amzn-RequestId\":\"5b671da2-c8ee-5878-b40b-9f7ee4d8ad15\"},\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"5b671da2-c8ee-5878-b40b-9f7ee4d8ad15\"},\"StartDate\":1795941657334}"},"lastTask":3}');
INSERT INTO "parts" VALUES('c7cb204c-9501-4c11-8517-51997c114548','head','{"kind":"head","version":1,"lastEventId":5,"nextBranch":1,"deadline":1827477657236,"historyBytes":1904}');
INSERT INTO "parts" VALUES('c7cb204c-9501-4c11-8517-51997c114548','start','{"kind":"start","uid":"c7cb204c-9501-4c11-8517-51997c114548","executionId":"arn:aws:states:us-east-1:123456789012:execution:parent:waits","name":"waits","roleArn":"arn:aws:iam::123456789012:role/any","stateMachineId":"arn:aws:states:us-east-1:123456789012:stateMachine:parent","stateMachineName":"parent","tokenKey":"1c8dcddd505fd78420670d5705912c29ca36e267a97b8563fa232f65875ea54a","input":"{\"name\":\"of-waits\"}","started":1795941657236}');
INSERT INTO "parts" VALUES('db4a0cb0-0260-5d03-8296-296937ff0e02','branch/0','{"kind":"branch","number":0,"scope":"","state":"A","input":"{}","previous":2,"phase":"open","entered":2,"enteredAt":1795941657378,"timer":{"id":"wait:2","due":1795945257378}}');
INSERT INTO "parts" VALUES('db4a0cb0-0260-5d03-8296-296937ff0e02','head','{"kind":"head","version":1,"lastEventId":2,"nextBranch":1,"deadline":1827477657378,"historyBytes":439}');
INSERT INTO "parts" VALUES('db4a0cb0-0260-5d03-8296-296937ff0e02','start','{"kind":"start","uid":"db4a0cb0-0260-5d03-8296-296937ff0e02","executionId":"arn:aws:states:us-east-1:123456789012:execution:child:of-stopped","name":"of-stopped","roleArn":"arn:aws:iam::123456789012:role/any","stateMachineId":"arn:aws:states:us-east-1:123456789012:stateMachine:child","stateMachineName":"child","input":"{}","started":1795941657378}');
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
INSERT INTO "revisions" VALUES('21ac4dc5-997a-4956-b228-f6a682ca9cde','{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":3600,"End":true}}}','arn:aws:iam::123456789012:role/any',1795941657060,'{"loggingConfiguration":{"level":"OFF","includeExecutionData":false},"tracingConfiguration":{"enabled":false},"encryptionConfiguration":{"type":"AWS_OWNED_KEY"}}',1);
INSERT INTO "revisions" VALUES('4c8de281-c2fe-498b-9b89-c03f554a61e0','{"StartAt":"Call","States":{"Call":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync","Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Name.$":"$.name"},"End":true}}}','arn:aws:iam::123456789012:role/any',1795941657140,'{"loggingConfiguration":{"level":"OFF","includeExecutionData":false},"tracingConfiguration":{"enabled":false},"encryptionConfiguration":{"type":"AWS_OWNED_KEY"}}',1);
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO "secrets" VALUES('task-tokens','88e4ef7ff820538d514efe820f3198d3799b4f8c96384a5032bcf55aa37b5b99');
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
CREATE INDEX children_of_map_run ON children (map_run_arn);
COMMIT;
PRAGMA user_version = 5;
