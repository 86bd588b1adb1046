// Generated from operator/stepwright/console/models.py by `make generate`: change it there.

/** The body of every answer that is an error. */
export interface Problem {
  /** For programs: one of AWS's, or one of those in docs/console.md. */
  readonly code: string;
  readonly message: string;
  /** Where in what was sent, as a JSON pointer. */
  readonly pointer?: string;
}

/** The body of `POST v1/session`: an access key as SDKs have it, or the token of an account of the cluster. */
export interface Credentials {
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly token?: string;
}

/** Whether a person may perform an operation of AWS's API on anything of a tenant. */
export interface Right {
  readonly allowed: boolean;
  /** Why not, for people. */
  readonly reason?: string;
}

/** Whose state machines and executions: a namespace, which is an account in ARNs. */
export interface Tenant {
  readonly name: string;
  readonly account: string;
  /** By operation: those that the console has buttons for. */
  readonly rights: Readonly<Record<string, Right>>;
}

/** Which parts of the API this server has. */
export interface Features {
  /** `v1/executions` and what is below it. */
  readonly executions?: boolean;
  readonly stream?: boolean;
  /** Child executions of Map Runs are listed. */
  readonly children?: boolean;
  readonly logs?: boolean;
  readonly definitions?: boolean;
  readonly expressions?: boolean;
  readonly fields?: boolean;
  readonly resources?: boolean;
  readonly blueprints?: boolean;
  readonly metrics?: boolean;
  /** Published versions of state machines, and aliases, by AWS's operations. */
  readonly versions?: boolean;
  readonly activities?: boolean;
  readonly files?: boolean;
  /** Express state machines. */
  readonly express?: boolean;
  /** Roles are accounts of a cluster (ServiceAccounts), and the log that a state machine asks for is the operator's. */
  readonly accounts?: boolean;
  /** Executions have labels. */
  readonly labels?: boolean;
}

/** Bounds that pages have to know. */
export interface Limits {
  /** Of a request to `v1/aws`. */
  readonly bodyBytes: number;
  /** After how much time without a request a person has to log in again. */
  readonly idleMinutes?: number;
}

/** `GET v1/me`. Without a `person` one has to log in as `login` says, and nothing else is served until then. */
export interface Me {
  readonly person: string | null;
  /** `oidc`: at a provider, to which `v1/oidc/login` leads, or with a token. */
  readonly login: "accessKey" | "oidc" | "token" | null;
  /** To be sent in the header X-Stepwright-Console with everything that changes something. */
  readonly token: string;
  readonly tenants: readonly Tenant[];
  /** Where things are that no ARN names. */
  readonly region: string;
  readonly features: Features;
  readonly limits: Limits;
  readonly version: string;
}

/** The body of `POST v1/definitions/check`: a definition, or a manifest or template that has some. */
export interface ToCheck {
  readonly text: string;
  /** Without it, a text that begins with a brace or a bracket is JSON. */
  readonly format?: "json" | "yaml";
  /** What stands for `${Name}`, beside what a manifest says itself. */
  readonly values?: Readonly<Record<string, string | number | boolean>>;
}

/** What is wrong or doubtful in a definition: its `pointer` there, and where that is in the text, from 1. */
export interface Finding {
  readonly severity: "ERROR" | "WARNING";
  readonly code: string;
  readonly message: string;
  readonly pointer: string;
  /** The field of the object at `pointer` that is meant: one that is missing or must not be there. */
  readonly member?: string;
  readonly line?: number;
  readonly column?: number;
}

/** A Resource, and the fields that name it. */
export interface NamedResource {
  readonly resource: string;
  readonly pointers: readonly string[];
  /** Why nothing here runs it; absent if something does. */
  readonly lacks?: string;
}

/** A `${Name}` that nothing was put in for, and its first place. */
export interface Substitution {
  readonly name: string;
  readonly pointer: string;
  readonly line?: number;
  readonly column?: number;
}

/** What was found in one definition. */
export interface CheckedDefinition {
  readonly valid: boolean;
  readonly findings: readonly Finding[];
  /** Of its StateMachine or template; absent for a definition by itself. */
  readonly name?: string;
  readonly resources?: readonly NamedResource[];
  /** Those that the states of a scope assign, by its pointer. A state may read those of its scope and of all around it. */
  readonly variables?: Readonly<Record<string, readonly string[]>>;
  /** Variables by the states that read them, of a valid definition. */
  readonly reads?: Readonly<Record<string, readonly string[]>>;
  readonly substitutions?: readonly Substitution[];
}

/** The answer of `POST v1/definitions/check`. */
export interface CheckedText {
  readonly definitions: readonly CheckedDefinition[];
}

/** The body of `POST v1/expressions/try`. All values are JSON as text, so that numbers stay as they are written. */
export interface ToTry {
  readonly language: "JSONPath" | "JSONata";
  /** That of the field. In JSONata texts between `{%` and `%}` are expressions. */
  readonly value: string;
  /** In JSONPath, whether it is a payload template; else it is a path or the call of an intrinsic function. */
  readonly isTemplate?: boolean;
  readonly input?: string;
  readonly context?: string;
  readonly variables?: string;
  /** What `$states.result` is, in fields that have it. */
  readonly result?: string;
  readonly errorOutput?: string;
}

/** The answer of `POST v1/expressions/try`: a value, the error that a state would fail with, or what is wrong. */
export interface Tried {
  /** As JSON. */
  readonly value?: string;
  /** How many characters the value has, if only its beginning is here. */
  readonly cut?: number;
  readonly error?: string;
  readonly cause?: string;
  /** Why it is not an expression; pointers are within the value. */
  readonly findings?: readonly Finding[];
}

/** The body of `POST v1/definitions/convert`: a state, or a definition, as JSON. Its JSONPath becomes JSONata. */
export interface ToConvert {
  readonly value: string;
}

/** What a person has to look at. */
export interface ConversionRemark {
  /** In the value as it is then. */
  readonly pointer: string;
  readonly message: string;
  /** It was converted, but does not do quite the same; else an expression stands there that fails. */
  readonly isDone?: boolean;
}

/** The answer of `POST v1/definitions/convert`. */
export interface Conversion {
  /** As JSON. */
  readonly value: string;
  readonly remarks?: readonly ConversionRemark[];
}

/** A workflow to begin with. */
export interface Blueprint {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What of the language one can see in it. */
  readonly shows: readonly string[];
  /** What must be there for it to run; none: it runs at once. */
  readonly needs: readonly string[];
  /** With which to try it, as JSON. */
  readonly input: string;
  /** YAML, with comments. */
  readonly definition: string;
  /** For `stepwright test`, beside the definition. */
  readonly tests: string;
}

/** The answer of `GET v1/blueprints`. */
export interface Blueprints {
  readonly blueprints: readonly Blueprint[];
}

/** What people may choose a task from. */
export interface Offer {
  /** Without a pattern. */
  readonly resource: string;
  readonly title: string;
  /** Which row of docs/integrations.md serves it; what belongs together has the same. */
  readonly driver: string;
  /** Of docs/. */
  readonly page: string;
  /** With which it is served here: none (`""`), `.sync`, `.waitForTaskToken`. */
  readonly patterns: readonly string[];
  readonly help?: string;
}

/** The answer of `GET v1/resources`. */
export interface Resources {
  readonly offers: readonly Offer[];
  /** Of `aws-sdk`: `GET v1/resources?service=` has the actions of one. */
  readonly services?: readonly string[];
}

/** The answer of `GET v1/resources/{resource}`. */
export interface ResourceForm {
  readonly resource: string;
  /** JSON Schema of Parameters or Arguments; null if nothing is known of them. */
  readonly parameters: unknown;
  /** A state to begin with in JSONPath. */
  readonly jsonPath: unknown;
  /** The same in JSONata. */
  readonly jsonata: unknown;
  /** Those that are known by name, for Retry and Catch, beside those of the language. */
  readonly errors?: readonly string[];
}

/** Why a state machine is not ready: its executions do not start, or a task of it cannot run. */
export interface Unready {
  /** For programs: that of the condition Ready, or the code of a finding. */
  readonly reason: string;
  readonly message: string;
  readonly since: number;
  /** The place in its definition, if it is one. */
  readonly pointer?: string;
}

/** How a state machine is not what stands in Git. */
export interface Drift {
  /** Of its spec: what somebody has changed in the cluster. */
  readonly fields: readonly string[];
  /** Who, as Kubernetes calls programs: `kubectl-edit`. */
  readonly by?: string;
  readonly at?: number;
  /** Its definition in Git, where that is known and another one. */
  readonly applied?: string;
}

/** `GET v1/machines/{id}`: what AWS's API does not tell of a state machine. */
export interface MachineFacts {
  /** What keeps it as it stands in Git: whatever is changed here is soon changed back. */
  readonly managedBy?: string;
  readonly drift?: Drift;
  /** Of the operations on one state machine those that the person may perform on this one. */
  readonly may?: readonly string[];
  readonly unready?: Unready;
}

/** A state machine that is not ready. */
export interface UnreadyMachine {
  readonly arn: string;
  readonly name: string;
  readonly unready: Unready;
}

/** `GET v1/machines`: how many state machines a tenant has, and those that are not ready, by name. */
export interface Machines {
  /** 1,000 at most: more are not looked at. */
  readonly count: number;
  /** 100 at most. */
  readonly unready: readonly UnreadyMachine[];
}

/** How many tasks the workers of one name have. */
export interface WorkerTasks {
  /** Empty where they gave none. */
  readonly worker: string;
  readonly tasks: number;
}

/** Who waits for whom, now. */
export interface ActivityRow {
  readonly arn: string;
  readonly name: string;
  readonly created: number;
  /** How many workers ask for a task. */
  readonly asking: number;
  /** How many tasks nobody has taken. */
  readonly waiting: number;
  /** Some of those that wait longest, by ARN. */
  readonly executions?: readonly string[];
  readonly taken?: readonly WorkerTasks[];
}

/** `GET v1/activities`: by name. `next`: the `cursor` of the page that follows. */
export interface ActivityPage {
  readonly rows: readonly ActivityRow[];
  readonly next?: string;
}

/** A file with a definition. `path`: in the folder, with slashes. */
export interface FileRow {
  readonly path: string;
  readonly bytes: number;
  readonly modified: number;
}

/** The answer of `GET v1/files`: of the folder that was given to be edited. */
export interface FileList {
  readonly folder: string;
  readonly files: readonly FileRow[];
}

/** The answer of `GET` and `PUT v1/files/{path}`. `tag` is another one for another text. */
export interface KeptFile {
  readonly path: string;
  readonly text: string;
  readonly tag: string;
}

/** The body of `PUT v1/files/{path}`. `tag`: of the text that is replaced; without it there must be no such file. */
export interface ToKeep {
  readonly text: string;
  readonly tag?: string;
}

/** A text that was recorded, usually JSON, exactly as it is stored. `cut`: it is longer than what is given. */
export interface Text {
  readonly text: string;
  /** Its whole length in UTF-8. */
  readonly bytes: number;
  readonly cut?: boolean;
}

/** An execution in a list. Its id in paths of the API is its `arn`, URL-encoded. */
export interface ExecutionRow {
  readonly arn: string;
  readonly name: string;
  /** The ARN of its state machine. */
  readonly machine: string;
  readonly status: "ABORTED" | "FAILED" | "RUNNING" | "SUCCEEDED" | "TIMED_OUT";
  readonly started: number;
  readonly stopped?: number;
  readonly error?: string;
  readonly version?: string;
  /** The ARN of the version or the alias that it was started with. */
  readonly alias?: string;
  readonly redrives?: number;
  readonly redriven?: number;
  /** Only timers are open, and this is when the earliest is due. */
  readonly waitingUntil?: number;
  /** Where it is: the states that it entered last, three at most. */
  readonly paths?: readonly string[];
  /** In order, each `KEY=VALUE`. */
  readonly labels?: readonly string[];
}

/** `GET v1/executions`: those started last first. `next`: the `cursor` of the page that follows. */
export interface ExecutionPage {
  readonly rows: readonly ExecutionRow[];
  readonly next?: string;
}

export interface ErrorCount {
  readonly error: string;
  readonly count: number;
}

/** `GET v1/executions/counts`. `errors`: with which most of them failed, ten at most. */
export interface ExecutionCounts {
  readonly statuses: Readonly<Partial<Record<"ABORTED" | "FAILED" | "RUNNING" | "SUCCEEDED" | "TIMED_OUT", number>>>;
  readonly errors: readonly ErrorCount[];
}

/**
 * Of some executions. Half of those that succeeded took no longer than `p50`, and 95 of 100 no longer than `p95`
 * (milliseconds); absent where none has.
 */
export interface Figures {
  readonly statuses: Readonly<Partial<Record<"ABORTED" | "FAILED" | "RUNNING" | "SUCCEEDED" | "TIMED_OUT", number>>>;
  readonly p50?: number;
  readonly p95?: number;
}

/** Of those that were started in one part of the time. */
export interface MetricsPart {
  readonly begin: number;
  readonly figures: Figures;
}

export interface MachineMetrics {
  /** The ARN. */
  readonly machine: string;
  readonly figures: Figures;
}

/** `GET v1/metrics`: of the executions that were started since then, in parts that are `step` milliseconds long. */
export interface Metrics {
  readonly span: "day" | "hour" | "week";
  readonly since: number;
  readonly step: number;
  /** How many parts there are. */
  readonly count: number;
  readonly total: Figures;
  /** Those in which executions were started. */
  readonly parts: readonly MetricsPart[];
  /** Of state machines; at first those of which most have failed. */
  readonly machines: readonly MachineMetrics[];
  /** With which most of them failed, ten at most. */
  readonly errors: readonly ErrorCount[];
  /** Those that have failed last, whenever they were started. */
  readonly failed: readonly ExecutionRow[];
  /** Those that have been running longest. */
  readonly longest: readonly ExecutionRow[];
  /** There were too many to be counted; those are that were started then or later. */
  readonly countedSince?: number;
}

/** `GET v1/executions/{id}`. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machine: string;
  readonly status: "ABORTED" | "FAILED" | "RUNNING" | "SUCCEEDED" | "TIMED_OUT";
  readonly started: number;
  readonly stopped?: number;
  readonly error?: string;
  readonly cause?: string;
  readonly version?: string;
  readonly alias?: string;
  readonly redrives?: number;
  readonly redriven?: number;
  /** Whether RedriveExecution would let it go on. */
  readonly redrivable?: boolean;
  /** Why not, if it has ended without success. */
  readonly notRedrivable?: string;
  readonly input: Text;
  readonly output?: Text;
  /** Of the definition that it runs. */
  readonly revision: string;
  /** The ARN of the Map Run of which it is a child execution. */
  readonly mapRun?: string;
  /** For how many items, then. */
  readonly items?: number;
  readonly traceHeader?: string;
  /** Events are numbered from 1, without gaps; 0: there is none yet. */
  readonly lastEvent: number;
  /** Visits that have not ended, twenty at most. */
  readonly current: readonly VisitRow[];
  /** In order, each `KEY=VALUE`. */
  readonly labels?: readonly string[];
}

/** `GET v1/executions/{id}/definition`: what it runs, and what its state machine runs now. */
export interface Definition {
  /** As it was written. */
  readonly text: string;
  readonly revision: string;
  readonly role: string;
  readonly created: number;
  /** Whether executions that are started now run another one. */
  readonly drifted: boolean;
  readonly machineExists: boolean;
}

/** Work of a visit that has failed. */
export type TryRow = readonly [
  /** From 0 on. */
  number: number,
  begun: number,
  ended: number,
  error: string | null,
];

/** A visit of a state, as an array. */
export type VisitRow = readonly [
  /** That of the event by which the state was entered. */
  id: number,
  /** Where in the execution, for people: `Ship`, `Orders[3]/Ship`, `Both[0]/Check`. */
  path: string,
  /** The state in the definition, as a JSON pointer. */
  pointer: string,
  type: string,
  started: number,
  ended: number | null,
  /** Null: it runs. */
  outcome: "Aborted" | "Caught" | "Failed" | "Succeeded" | "TimedOut" | null,
  attempts: number,
  error: string | null,
  /** The visit before, or that of the state around; 0: the execution began here; null: nobody knows. */
  cameFrom: number | null,
  /** Where that state says so, as a JSON pointer within it: `Next`, `Choices/2/Next`, `Catch/0/Next`. */
  edge: string | null,
  /** The visit of the Map or Parallel state that it is in. */
  within: number | null,
  /** In which of its iterations or branches. */
  index: number | null,
  /** When the attempt under way, or the last one, began; null: it is among `tries`. */
  begun: number | null,
  /** Attempts that have failed, the newest hundred at most. */
  tries: readonly TryRow[],
];

/** `GET v1/executions/{id}/visits`: in the order in which states were entered. `next`: the `after` of what follows. */
export interface VisitPage {
  readonly rows: readonly VisitRow[];
  readonly next?: number;
}

/** Of the visits of one state that stand alike. Times are of those that have ended. */
export interface Tally {
  readonly count: number;
  readonly retries?: number;
  /** How long they took together, and the longest. */
  readonly millis?: number;
  readonly longest?: number;
}

/** `GET v1/executions/{id}/tallies`: by the state's pointer, for each way its visits stand. */
export interface Tallies {
  readonly tallies: Readonly<Record<string, Readonly<Partial<Record<"Aborted" | "Caught" | "Failed" | "Running" | "Succeeded" | "TimedOut", Tally>>>>>;
}

/** An iteration of a Map, or a branch of a Parallel, as an array. It stands as its newest visit does. */
export type IterationRow = readonly [
  index: number,
  standing: "Aborted" | "Caught" | "Failed" | "Running" | "Succeeded" | "TimedOut",
  started: number,
  ended: number | null,
  error: string | null,
  visits: number,
  /** The id of that visit, and the pointer of its state. */
  newest: number,
  pointer: string,
];

/** `GET v1/executions/{id}/iterations`: those that have begun, by index. `next`: the `cursor` of what follows. */
export interface IterationPage {
  readonly rows: readonly IterationRow[];
  readonly next?: string;
  /** Of all of them, whatever was asked for. */
  readonly counts: Readonly<Partial<Record<"Aborted" | "Caught" | "Failed" | "Running" | "Succeeded" | "TimedOut", number>>>;
}

/** An event of the history, as AWS has it, but for its time. */
export interface Event {
  readonly id: number;
  readonly previous: number;
  readonly type: string;
  readonly timestamp: number;
  /** The member that ends with `EventDetails`; without inputs, outputs and parameters unless asked for, and with long texts cut. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** How many bytes texts have that are cut or left out, by name. */
  readonly cut?: Readonly<Record<string, number>>;
}

/** `GET v1/executions/{id}/events`. `next`: the `from` of what follows. */
export interface EventPage {
  readonly events: readonly Event[];
  readonly next?: number;
}

/** One attempt at a Task's work, as its events tell of it. */
export interface Attempt {
  /** The event that scheduled it, and the one that ended it. */
  readonly scheduled: number;
  readonly ended?: number;
  readonly resource?: string;
  readonly parameters?: Text;
  readonly submitted?: Text;
  readonly result?: Text;
  readonly error?: string;
  readonly cause?: Text;
}

/** `GET v1/executions/{id}/visits/{visit}/data`. */
export interface VisitData {
  readonly input?: Text;
  readonly output?: Text;
  readonly attempts: readonly Attempt[];
  /** What it assigned. */
  readonly variables: Readonly<Record<string, Text>>;
  readonly error?: string;
  readonly cause?: Text;
  /** The ids of its events, a thousand at most. */
  readonly events: readonly number[];
  /** False: its last events are too far away to be looked for. */
  readonly complete?: boolean;
}

/** What the work of a visit writes to. Its `id` is in the path of its lines, URL-encoded. */
export interface LogSource {
  readonly id: string;
  /** From 1 on. */
  readonly attempt: number;
  /** Of a process of the server's machine: `stdout` or `stderr`. */
  readonly container: string;
  readonly pod: string | null;
  /** More may come. */
  readonly runs: boolean;
}

/** `GET v1/executions/{id}/visits/{visit}/logs`: those of the newest attempt last. `none`: why there are none. */
export interface LogSources {
  readonly sources: readonly LogSource[];
  readonly none?: string;
}

/** A line, as an array. */
export type LogRow = readonly [
  /** When it was written; null: nobody knows. */
  moment: number | null,
  /** As it was written: it may have sequences that terminals take for colours, or anything else. */
  text: string,
];

/** `lines`, an event of `GET v1/executions/{id}/visits/{visit}/logs/{source}`: lines that follow those before. */
export interface LogFrame {
  readonly rows: readonly LogRow[];
}

/**
 * `end`: the last event. `complete`: all was sent; `more`: there is more than is sent at once, open it again without a
 * tail; `gone`: there is no such log any more; `lost`: it cannot be read now; `denied`: the server may not read it; `login`: log in first.
 */
export interface LogEndFrame {
  readonly reason: "complete" | "denied" | "gone" | "login" | "lost" | "more";
  /** For people. */
  readonly message: string;
}

/** What every event of `GET v1/stream` has. `watch`: which of the watches asked for, from 0 on. */
export interface Frame {
  readonly watch: number;
}

/** `ready`: from now on nothing is missed. What was read before may be old: read it again. */
export interface ReadyFrame {
  readonly watches: number;
}

/** `execution`: at the beginning, and whenever it has begun, ended or goes on after a redrive. */
export interface ExecutionFrame {
  readonly watch: number;
  readonly execution: Execution;
}

/** `progress`: something else was recorded. */
export interface ProgressFrame {
  readonly watch: number;
  /** 0: no event is new. */
  readonly lastEvent: number;
  readonly waitingUntil?: number;
}

/** `tallies`: all at the beginning, then of those states whose have changed. */
export interface TalliesFrame {
  readonly watch: number;
  readonly tallies: Readonly<Record<string, Readonly<Partial<Record<"Aborted" | "Caught" | "Failed" | "Running" | "Succeeded" | "TimedOut", Tally>>>>>;
}

/** `visits`: new ones, and those that have changed; of `tries` only those that are new, by number. */
export interface VisitsFrame {
  readonly watch: number;
  readonly rows: readonly VisitRow[];
}

/** `mapRun`: how far a Map Run is. */
export interface MapRunFrame {
  readonly watch: number;
  /** Its ARN. */
  readonly mapRun: string;
  readonly status: "ABORTED" | "FAILED" | "RUNNING" | "SUCCEEDED";
  readonly items: MapRunCounts;
  readonly executions: MapRunCounts;
}

/** What is missing in `total` waits, or is not listed. */
export interface MapRunCounts {
  readonly total: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly aborted?: number;
}

/** `row`: an execution that the list has or should have now; its place is by `started`. */
export interface RowFrame {
  readonly watch: number;
  readonly row: ExecutionRow;
}

/** `gone`: an execution that is no longer what the list is of, or that is in none. */
export interface GoneFrame {
  readonly watch: number;
  readonly arn: string;
}

/** `resync`: more has happened than is reported: read all of it again. */
export interface ResyncFrame {
  readonly watch: number;
}

/** `bye`: the last event. `again`: open it again; `login`: log in first. */
export interface ByeFrame {
  readonly reason: "again" | "login";
}
