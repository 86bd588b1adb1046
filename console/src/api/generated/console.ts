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
