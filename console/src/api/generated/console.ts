// Generated from operator/stepwright/console/models.py by `make generate`: change it there.

/** The body of every answer that is an error. */
export interface Problem {
  /** For programs: one of AWS's, or one of those in docs/console.md. */
  readonly code: string;
  readonly message: string;
  /** Where in what was sent, as a JSON pointer. */
  readonly pointer?: string;
}

/** The body of `POST v1/session`: an access key as SDKs have it. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
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
  readonly logs?: boolean;
  readonly definitions?: boolean;
  readonly expressions?: boolean;
  readonly fields?: boolean;
  readonly resources?: boolean;
  readonly blueprints?: boolean;
  readonly metrics?: boolean;
  readonly files?: boolean;
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
  readonly login: "accessKey" | null;
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
  /** Why it is no expression; pointers are within the value. */
  readonly findings?: readonly Finding[];
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
