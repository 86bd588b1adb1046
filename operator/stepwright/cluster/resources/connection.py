"""The kind Connection: what tasks may call beyond the cluster, and with which credentials."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from stepwright.cluster.resources.model import Conditions, Name, ObjectMeta, Observed, Written, rules

Url = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^https?://[^/?#@\\]+(/[^?#\\]*)?$")]
HeaderName = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
Text = Annotated[str, Field(max_length=8192)]
Networks = Annotated[
    list[Annotated[str, Field(max_length=64, pattern=r"^[0-9a-fA-F.:]+/[0-9]{1,3}$")]],
    Field(max_length=32),
]


class SecretKeySelector(Written):
    """A key of a Secret in this namespace."""

    name: Name
    """The Secret's name."""
    key: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
    """The key in it."""


class FromSecret(Written):
    """Where a value is kept."""

    secret_key_ref: SecretKeySelector
    """A key of a Secret in this namespace. It is read for each request, as serviceAccountName, and never stored."""


class NamedValue(Written):
    """A name with its value, or with where that is kept."""

    model_config = ConfigDict(
        json_schema_extra=rules(("has(self.value) != has(self.valueFrom)", "give either value or valueFrom"))
    )

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """The name."""
    value: Text | None = None
    """The value."""
    value_from: FromSecret | None = None
    """Where the value is kept, if it is secret."""


class Header(NamedValue):
    """A header with its value, or with where that is kept."""

    name: HeaderName
    """The header's name."""


class BasicAuth(Written):
    """A user and a password."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.username) != has(self.usernameFrom)", "give either username or usernameFrom")
        )
    )

    username: Text | None = None
    """The user."""
    username_from: FromSecret | None = None
    """Where the user is kept."""
    password_from: FromSecret
    """Where the password is kept."""


class ApiKeyAuth(Written):
    """A key in a header."""

    header: HeaderName
    """The header's name, such as X-API-Key."""
    value_from: FromSecret
    """Where the key is kept."""


class BearerAuth(Written):
    """A token in the header Authorization."""

    token_from: FromSecret
    """Where the token is kept."""


class OAuthClientCredentials(Written):
    """Tokens that a server gives to this client (RFC 6749, 4.4)."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.clientId) != has(self.clientIdFrom)", "give either clientId or clientIdFrom")
        )
    )

    token_url: Url
    """Where tokens come from. It need not be in allow."""
    client_id: Text | None = None
    """The client's id."""
    client_id_from: FromSecret | None = None
    """Where the client's id is kept."""
    client_secret_from: FromSecret
    """Where the client's secret is kept."""
    client_authentication: Literal["Header", "Body"] = "Header"
    """Whether the client names itself in the header Authorization or in the body."""
    scopes: Annotated[list[Text], Field(max_length=64)] = Field(default_factory=list)
    """What the token is for."""
    parameters: Annotated[list[NamedValue], Field(max_length=32)] = Field(default_factory=list)
    """Further parameters that the server asks for, such as audience."""


class ServiceAccountToken(Written):
    """A token of serviceAccountName, made by the API server, in the header Authorization."""

    audience: Annotated[str, Field(min_length=1, max_length=1024)]
    """Whom the token is for."""


class ClientCertificate(Written):
    """A certificate of the client's own (mutual TLS)."""

    certificate_from: FromSecret
    """Where the certificate is kept, in PEM."""
    key_from: FromSecret
    """Where its key is kept, in PEM, without a password."""


_ONE_OF = ("basic", "apiKey", "bearer", "oauthClientCredentials", "serviceAccountToken")


class Auth(Written):
    """What proves who calls: at most one of basic, apiKey, bearer, oauthClientCredentials and serviceAccountToken, and a
    certificate beside it or alone."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                f"[{', '.join(f'has(self.{name})' for name in _ONE_OF)}].filter(given, given).size() <= 1",
                f"give at most one of {', '.join(_ONE_OF)}",
            )
        )
    )

    basic: BasicAuth | None = None
    """A user and a password."""
    api_key: ApiKeyAuth | None = None
    """A key in a header."""
    bearer: BearerAuth | None = None
    """A token in the header Authorization."""
    oauth_client_credentials: OAuthClientCredentials | None = None
    """Tokens that a server gives to this client (RFC 6749, 4.4)."""
    service_account_token: ServiceAccountToken | None = None
    """A token of serviceAccountName, made by the API server, in the header Authorization."""
    mtls: ClientCertificate | None = None
    """A certificate of the client's own (mutual TLS)."""


class Idempotency(Written):
    """How the other side recognizes a request that is repeated."""

    header: HeaderName = "Idempotency-Key"
    """The header that says so: the same for each repeat of one task's request, never for another's."""


class Tls(Written):
    """Whose certificates are trusted. Without it those that the operator's image trusts."""

    ca: Annotated[str, Field(max_length=65536)] | None = None
    """Certificates of the authorities to trust instead, in PEM."""
    ca_from: FromSecret | None = None
    """Where they are kept."""
    server_name: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Whose certificate is expected, if not that of the URL's host."""


class Http(Written):
    """What may be called over HTTP, and how."""

    allow: Annotated[list[Url], Field(min_length=1, max_length=64)]
    """What may be called: beginnings of URLs, with scheme, host and path (https://api.example.com/v1/). Nothing else is
    called, and no redirect is followed."""
    networks: Networks = Field(default_factory=list)
    """Private networks in which hosts of allow may be (10.20.0.0/16). Other hosts are called at public addresses only; Services
    (NAME.NAMESPACE.svc) and addresses that allow names need no network. This machine's own and link-local addresses, where
    clouds hand out credentials, are never called."""
    auth: Auth = Field(default_factory=Auth)
    """The credentials that prove who calls."""
    headers: Annotated[list[Header], Field(max_length=32)] = Field(default_factory=list)
    """Headers of each request, in place of those of the same name that a task gives."""
    query: Annotated[list[NamedValue], Field(max_length=32)] = Field(default_factory=list)
    """Parameters of each request's query, likewise."""
    body: Annotated[list[NamedValue], Field(max_length=32)] = Field(default_factory=list)
    """Members of each request's body, likewise."""
    idempotency: Idempotency | None = None
    """How the other side recognizes a request that is repeated. Without it, a POST or PATCH is not repeated after the operator
    that made it was lost: the task fails with States.Http.Socket."""
    tls: Tls = Field(default_factory=Tls)
    """Whose certificates are trusted. Without it, those that the operator's image trusts."""
    timeout_seconds: Annotated[int, Field(ge=1, le=900)] = 60
    """How long an answer may take."""


RoleArn = Annotated[str, Field(max_length=2048, pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+$")]


class AccessKey(Written):
    """A key of AWS, or of what stands in for it."""

    access_key_id_from: FromSecret
    """Where its id is kept."""
    secret_access_key_from: FromSecret
    """Where its secret is kept."""
    session_token_from: FromSecret | None = None
    """Where the session's token is kept, if it is one of a session."""


class WebIdentity(Written):
    """A role that serviceAccountName assumes with a token that the API server makes."""

    role_arn: RoleArn
    """The role."""
    audience: Annotated[str, Field(min_length=1, max_length=1024)] = "sts.amazonaws.com"
    """Whom the token is for."""


class AwsCredentials(Written):
    """Who calls: either accessKey or webIdentity."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.accessKey) != has(self.webIdentity)", "give either accessKey or webIdentity")
        )
    )

    access_key: AccessKey | None = None
    """A key of AWS, or of what stands in for it."""
    web_identity: WebIdentity | None = None
    """A role that serviceAccountName assumes with a token that the API server makes."""


class AwsService(Written):
    """One of AWS's services."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.endpointUrl) || has(self.jobs)", "give endpointUrl, or jobs, or both")
        )
    )

    endpoint_url: Url | None = None
    """Where it is called."""
    jobs: Annotated[dict[str, Name], Field(max_length=64)] | None = None
    """Of batch and ecs: what runs as a Job in this cluster instead, by the TaskTemplate that stands for a job definition of Batch or
    a task definition of ECS. Definitions are named as in ARNs, with a revision (report:3) or for all others without (report)."""


class AwsTls(Written):
    """Whose certificates are trusted for endpoints that this names. Without it those that the operator's image trusts."""

    ca: Annotated[str, Field(max_length=65536)] | None = None
    """Certificates of the authorities to trust instead, in PEM."""
    ca_from: FromSecret | None = None
    """Where they are kept."""


_CREDENTIALS_OR_NO_ENDPOINT = (
    "has(self.credentials) || !(has(self.endpointUrl) || (has(self.services) && "
    "self.services.exists(name, has(self.services[name].endpointUrl))))"
)


class Aws(Written):
    """Where AWS's services are called, and as whom."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                _CREDENTIALS_OR_NO_ENDPOINT,
                "an endpoint takes credentials of its own: those of state machines are shown to AWS alone",
            )
        )
    )

    region: Annotated[str, Field(max_length=64, pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$")]
    """The region in which all services are called."""
    endpoint_url: Url | None = None
    """What stands in for AWS, such as an emulator. It takes credentials."""
    services: Annotated[dict[str, AwsService], Field(max_length=32)] = Field(default_factory=dict)
    """Services that are called elsewhere, or of which some tasks run as Jobs, by their names in aws-sdk Resources (s3, batch)."""
    networks: Networks = Field(default_factory=list)
    """Private networks in which hosts of endpoints may be (10.20.0.0/16); as for HTTP. AWS's own endpoints need none."""
    tls: AwsTls | None = None
    """Whose certificates are trusted for endpoints that this names."""
    credentials: AwsCredentials | None = None
    """Who calls. Without it the ServiceAccount of each state machine that names this object, as the role that its annotation
    eks.amazonaws.com/role-arn names."""
    roles: Annotated[list[RoleArn], Field(max_length=64)] = Field(default_factory=list)
    """Roles that tasks may act as besides, by Credentials.RoleArn of their states."""


Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[0-9A-Za-z._:-]+$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class ServerAuth(BasicAuth):
    """Who calls."""


class ServerTls(Tls):
    """How the connection is protected."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.certificateFrom) == has(self.keyFrom)",
                "certificateFrom and keyFrom belong together",
            )
        )
    )

    mode: Literal["Required", "Disabled"] = "Required"
    """Required: TLS, with a certificate that is valid for the host. Disabled: none, so that anybody on the way can read everything,
    passwords too."""
    certificate_from: FromSecret | None = None
    """Where the client's own certificate is kept, in PEM, if the server asks for one."""
    key_from: FromSecret | None = None
    """Where its key is kept, in PEM, without a password."""


class Server(Written):
    """A server with a protocol other than HTTP."""

    host: Host
    """Its host: a name or an address. Private addresses need networks, unless the host is a Service (NAME.NAMESPACE.svc) or
    the address itself."""
    networks: Networks = Field(default_factory=list)
    """Private networks in which the host may be (10.20.0.0/16); as for HTTP."""
    auth: ServerAuth | None = None
    """Who calls."""
    tls: ServerTls = Field(default_factory=ServerTls)
    """How the connection is protected."""
    timeout_seconds: Annotated[int, Field(ge=1, le=900)] = 60
    """How long a call may take."""


class SqlIdempotency(Written):
    """Where tasks leave their results, in the transactions in which they write."""

    table: Annotated[
        str, Field(max_length=127, pattern=r"^[a-z_][a-z0-9_]{0,62}([.][a-z_][a-z0-9_]{0,62})?$")
    ]
    """The table's name, with its schema if need be."""


class Sql(Server):
    """A PostgreSQL database."""

    port: Port = 5432
    """Its port."""
    database: Annotated[str, Field(min_length=1, max_length=63)]
    """The database's name."""
    idempotency: SqlIdempotency | None = None
    """Where tasks leave their results. With it, a task that writes is done once, whatever ends in between; without it, one whose
    outcome nobody knows fails with Sql.ConnectionLost."""


MailAddress = Annotated[str, Field(max_length=254, pattern=r"^[^@ ]+@[0-9A-Za-z.-]+$")]


class Sender(Written):
    """The sender of mail."""

    address: MailAddress
    """The address, such as orders@example.com."""
    name: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    """The name that people see."""


class Smtp(Server):
    """A mail server."""

    port: Port | None = None
    """Its port: 587 by default, 465 with tlsAtOnce."""
    tls_at_once: bool = False
    """Begin with TLS, instead of STARTTLS."""
    from_: Annotated[Sender, Field(alias="from")]
    """The sender of all mail: tasks cannot name another."""
    recipients: (
        Annotated[
            list[Annotated[str, Field(max_length=254, pattern=r"^[^@ ]*@[0-9A-Za-z.-]+$")]],
            Field(max_length=64),
        ]
        | None
    ) = None
    """Who may be written to: addresses, and domains such as @example.com. Without it, anybody."""


class Nats(Server):
    """A server of NATS."""

    port: Port = 4222
    """Its port."""


class Amqp(Server):
    """A server of AMQP 0-9-1, such as RabbitMQ."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.auth) || (has(self.tls) && has(self.tls.certificateFrom))",
                "give auth, or a certificate (tls.certificateFrom)",
            )
        )
    )

    port: Port | None = None
    """Its port: 5671 by default, 5672 without TLS."""
    virtual_host: Annotated[str, Field(min_length=1, max_length=255)] = "/"
    """The virtual host."""


class Kafka(Server):
    """A cluster of Kafka: the host is that of the broker which is asked where the others are."""

    port: Port = 9092
    """Its port."""
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """How the password is proved (SASL). PLAIN sends the password itself, and needs TLS."""
    brokers: Annotated[
        list[Annotated[str, Field(max_length=253, pattern=r"^[.]?[0-9A-Za-z_:-][0-9A-Za-z._:-]*$")]],
        Field(max_length=64),
    ] = Field(default_factory=list)
    """Where the brokers that the cluster names may be, beside the domain of the host: hosts, and domains such as .example.com."""


class OwnIntegration(Written):
    """What an integration that somebody else ships needs to know."""

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9-]*$")]
    """The integration, as its Resources begin (acme of acme:charge)."""
    values: Annotated[list[NamedValue], Field(max_length=32)] = Field(default_factory=list)
    """What it asks for, by names of its own."""
    networks: Networks = Field(default_factory=list)
    """Private networks in which the hosts may be that it connects to (10.20.0.0/16); as for HTTP."""


_PARTS = ("http", "aws", "sql", "smtp", "nats", "amqp", "kafka", "integration")


class ConnectionSpec(Written):
    """What may be called, and with which credentials: one of http, aws, sql, smtp, nats, amqp, kafka and integration."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                f"[{', '.join(f'has(self.{name})' for name in _PARTS)}].filter(given, given).size() == 1",
                f"give one of {', '.join(_PARTS)}",
            )
        )
    )

    http: Http | None = None
    """What may be called over HTTP, and how."""
    aws: Aws | None = None
    """Where AWS's services are called, and as whom."""
    sql: Sql | None = None
    """Which database may be queried."""
    smtp: Smtp | None = None
    """Which mail server mail is handed to."""
    nats: Nats | None = None
    """Which server of NATS tasks talk to."""
    amqp: Amqp | None = None
    """Which AMQP server tasks publish messages to."""
    kafka: Kafka | None = None
    """Which cluster of Kafka messages are published to."""
    integration: OwnIntegration | None = None
    """What an integration that somebody else ships needs to know."""
    service_account_name: Name | None = None
    """The ServiceAccount, in this namespace, as which Secrets are read and tokens are requested: its permissions count, the
    operator has none. The operator must be allowed to impersonate it (chart value impersonate), and whoever writes this object, to
    use it."""


class ConnectionStatus(Observed):
    """What the operator found out about this Connection."""

    observed_generation: int = 0
    """The metadata.generation that the rest of the status describes."""
    conditions: Conditions
    """Ready says whether tasks can use it; Stalled that only a change of the spec helps."""


class Connection(Observed):
    """What tasks may call of other people's APIs and of AWS, and with which credentials. State machines name it in
    spec.connections."""

    model_config = ConfigDict(title="Connection")

    api_version: Literal["stepwright.dev/v1"]
    kind: Literal["Connection"]
    metadata: ObjectMeta
    spec: ConnectionSpec
    """What may be called, and with which credentials."""
    status: Annotated[
        ConnectionStatus,
        Field(json_schema_extra={"default": {"observedGeneration": 0}}),
    ] = Field(default_factory=lambda: ConnectionStatus(conditions=[]))
    """What the operator found out about this Connection."""
