//! Every key of the configuration, once: its name, type, default and docs. The structs, the reader, the
//! environment names and `docs/config.md` all come from these tables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use corelog_types::{ByteSize, Dialect};

use super::aws::AwsCredentials;
use super::names::{HttpUrl, Name, ProxyUrl, StoreUrl};
use super::reader::Reader;
use super::secret::{HookUrl, Secret};
use super::value::{Value, choice};

/// What the table says of one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) default: Option<&'static str>,
    pub(crate) docs: &'static [&'static str],
}

/// A table of keys that can be read.
pub(super) trait Section: Sized {
    const DOCS: &'static [&'static str];
    const KEYS: &'static [Key];
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// How a section stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The keys before any table.
    Root,
    /// `[name]`.
    Table,
    /// `[[name]]`, each with a `name` key.
    Named,
    /// `[[name]]`, told apart by their order.
    Listed,
}

/// A section as the docs and the reader see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SectionInfo {
    pub(crate) path: &'static str,
    pub(crate) form: Form,
    pub(crate) docs: &'static [&'static str],
    pub(crate) keys: &'static [Key],
}

impl SectionInfo {
    const fn of<S: Section>(path: &'static str, form: Form) -> Self {
        Self {
            path,
            form,
            docs: S::DOCS,
            keys: S::KEYS,
        }
    }

    /// The environment name of a key; `id` is the block's name or number.
    pub(crate) fn env_name(&self, id: Option<&str>, key: &str) -> String {
        let mut name = crate::environment::PREFIX.trim_end_matches('_').to_owned();
        let path = self.path.split('.').filter(|part| !part.is_empty());
        for part in path.chain(id).chain([key]) {
            name.push('_');
            name.push_str(&part.to_ascii_uppercase().replace('-', "_"));
        }
        name
    }
}

/// Every section, in the order of the docs.
pub(crate) const SECTIONS: [SectionInfo; 21] = [
    SectionInfo::of::<Root>("", Form::Root),
    SectionInfo::of::<Provider>("provider", Form::Named),
    SectionInfo::of::<Destination>("destination", Form::Named),
    SectionInfo::of::<Notifier>("notifier", Form::Named),
    SectionInfo::of::<Subscriber>("subscriber", Form::Named),
    SectionInfo::of::<Store>("store", Form::Table),
    SectionInfo::of::<Query>("query", Form::Table),
    SectionInfo::of::<Prices>("prices", Form::Table),
    SectionInfo::of::<Budget>("budget", Form::Named),
    SectionInfo::of::<Metrics>("metrics", Form::Table),
    SectionInfo::of::<Anomalies>("anomalies", Form::Table),
    SectionInfo::of::<CallerKey>("key", Form::Named),
    SectionInfo::of::<Capture>("capture", Form::Table),
    SectionInfo::of::<CaptureRule>("capture.rule", Form::Listed),
    SectionInfo::of::<Spool>("spool", Form::Table),
    SectionInfo::of::<Limits>("limits", Form::Table),
    SectionInfo::of::<S3>("s3", Form::Table),
    SectionInfo::of::<Tls>("tls", Form::Table),
    SectionInfo::of::<Proxy>("proxy", Form::Table),
    SectionInfo::of::<Account>("account", Form::Table),
    SectionInfo::of::<Log>("log", Form::Table),
];

macro_rules! default {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

macro_rules! sections {
    ($( $(#[doc = $doc:literal])* $vis:vis $name:ident { $( $(#[doc = $key_doc:literal])* $key:ident: $kind:ty $(= $default:literal)?, )* } )*) => { $(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $name { $( $(#[doc = $key_doc])* pub $key: $kind, )* }

        impl Section for $name {
            const DOCS: &'static [&'static str] = &[$($doc),*];
            const KEYS: &'static [Key] = &[ $( Key {
                name: stringify!($key),
                kind: <$kind as Value>::KIND,
                default: default!($($default)?),
                docs: &[$($key_doc),*],
            } ),* ];

            // Every key is read before any is missed, so that all problems are reported at once.
            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                $( let $key = reader.value::<$kind>(stringify!($key), default!($($default)?)); )*
                Some(Self { $( $key: $key? ),* })
            }
        }
    )* };
}

sections! {
    /// Where Corelog listens and keeps its data. These keys stand before the first table.
    pub(super) Root {
        /// Address to serve on. Any address that is not loopback needs at least one `[[key]]`. Flag: `--listen`.
        listen: SocketAddr = "127.0.0.1:4600",
        /// Directory of the spool and the state; one process owns it at a time. Where it is not set and
        /// `XDG_DATA_HOME` is, `$XDG_DATA_HOME/corelog`. Flag: `--data`.
        data: PathBuf = "~/.local/share/corelog",
    }

    /// A server of models that calls are forwarded to, under `/{name}/…` and under its dialect's own paths.
    /// Without a block of a dialect, the public service of that dialect is reachable under the dialect's name.
    pub Provider {
        /// Path prefix, and the name in records and metrics.
        name: Name,
        /// The wire language it speaks.
        dialect: Dialect,
        /// Where it listens. Left out, the dialect's public service: `https://api.openai.com/v1`,
        /// `https://api.anthropic.com` or `https://bedrock-runtime.{region}.amazonaws.com`; `generic` needs one.
        base_url: Option<HttpUrl>,
        /// AWS region: part of the public address, of the signature, and of the record. Left out,
        /// `account.region`.
        region: Option<String>,
        /// Model names it serves, as globs with `*`: tells several providers of one dialect apart where the
        /// path does not. A provider without globs serves what no other claims.
        models: Vec<String>,
        /// The list of prices that its calls are billed by: `anthropic`, `openai`, `bedrock`, `gemini`, or one of
        /// `prices.file`. Left out, the list that knows the address it listens at, if there is one.
        prices: Option<String>,
        /// Key sent upstream instead of the caller's own, in the header the dialect uses.
        api_key: Option<Secret>,
        /// Bedrock: key sent upstream as `authorization: Bearer` instead of a signature.
        bearer: Option<Secret>,
        /// Bedrock: what the gateway signs upstream calls with. Left out, the caller's own authorization
        /// passes through.
        credentials: Option<AwsCredentials>,
        /// Speak HTTP/2 to a cleartext upstream without asking first. With TLS the two sides agree themselves.
        http2: bool = "false",
        /// PEM file of certificate authorities to trust instead of the system's.
        ca_file: Option<PathBuf>,
        /// Most connections to this upstream. Left out, `limits.connections_per_upstream_max`.
        connections_max: Option<u32>,
        /// Left out, `limits.connect_timeout`.
        connect_timeout: Option<Duration>,
        /// Left out, `limits.first_byte_timeout`.
        first_byte_timeout: Option<Duration>,
        /// Left out, `limits.idle_timeout`.
        idle_timeout: Option<Duration>,
        /// Left out, `limits.total_timeout`.
        total_timeout: Option<Duration>,
        /// `false` takes it out of service and keeps its block.
        enabled: bool = "true",
    }

    /// A place that records are delivered to. Without any, one named `bucket` is the directory `bucket` in the
    /// data directory.
    pub Destination {
        /// The name in metrics and of its cursor: a new name starts with the next record.
        name: Name,
        /// The kind of place.
        kind: DestinationKind = "s3",
        /// `s3`, needed: `file:///directory` or `s3://bucket/prefix`.
        url: Option<StoreUrl>,
        /// `cloudwatch-logs`, needed: the log group that records become events of. It is made where it is missing.
        log_group: Option<String>,
        /// `cloudwatch-logs`: the log stream. It is made where it is missing. The default is Bedrock's.
        log_stream: String = "aws/bedrock/modelinvocations",
        /// `cloudwatch-logs`: the region of the service. Left out, `account.region`.
        region: Option<String>,
        /// `cloudwatch-logs`: where the service is. Left out, AWS's own address in the region; any other server that
        /// speaks the API will do, another Corelog too. `otlp`, needed: the receiver's base URL, which `/v1/traces` and
        /// `/v1/metrics` follow.
        endpoint: Option<HttpUrl>,
        /// `otlp`: headers of each request, as `OTEL_EXPORTER_OTLP_HEADERS` has them: `name=value,name=value`, values
        /// percent-encoded.
        headers: Option<Secret>,
        /// `otlp`: PEM file of certificate authorities to trust instead of the system's.
        ca_file: Option<PathBuf>,
        /// `otlp`: how long a request may take.
        timeout: Duration = "10s",
        /// `otlp`: send prompts and answers too. Those over 256 kB are left out.
        content: bool = "false",
        /// `otlp`: send the `gen_ai.client.*` histograms too.
        metrics: bool = "true",
        /// `otlp`: send the calls too that came in over OTLP. Who reported them may well report to the same receiver.
        reported: bool = "false",
        /// `cloudwatch-logs`: who we are to the service. Left out, the keys of `[s3]`, and without those the machine's
        /// role.
        credentials: Option<AwsCredentials>,
        /// `cloudwatch-logs`: the largest event. Of a record that would be larger, bodies over `inline_bytes_max` are
        /// left out, then all bodies, and `corelog.cut` says so. The default is the most that the service takes.
        event_bytes_max: ByteSize = "1048550B",
        /// The longest a record waits for its batch.
        interval: Duration = "30s",
        /// A batch is written once its records hold this many bytes, before compression.
        batch_bytes: ByteSize = "5MiB",
        /// A batch is written once it holds this many records.
        batch_records: u32 = "10000",
        /// `s3`: a body larger than this becomes an object of its own; `cloudwatch-logs`: it is the first to be left out of
        /// an event that is too large. The default is Bedrock's.
        inline_bytes_max: ByteSize = "102400B",
        /// Write the `corelog` object into each record. `false` leaves Bedrock's own fields alone.
        extension: bool = "true",
        /// `s3`, `otlp`: compression of batches and requests, 0 (none) to 9 (smallest).
        gzip_level: u32 = "1",
        /// `s3`: server-side encryption asked of the store. Left out, the bucket's own default.
        sse: Option<Sse>,
        /// `s3`: key for `sse = "aws:kms"`.
        sse_kms_key_id: Option<String>,
        /// Deliver text bodies. Bedrock's `textDataDeliveryEnabled`.
        text: bool = "true",
        /// Deliver image bodies. Bedrock's `imageDataDeliveryEnabled`.
        image: bool = "true",
        /// Deliver embeddings. Bedrock's `embeddingDataDeliveryEnabled`.
        embedding: bool = "true",
        /// Deliver video bodies. Bedrock's `videoDataDeliveryEnabled`.
        video: bool = "true",
        /// Deliver audio bodies. Bedrock's `audioDataDeliveryEnabled`.
        audio: bool = "true",
    }

    /// Somebody who hears of alarms. The end of an action's ARN names one: `arn:aws:sns:REGION:ACCOUNT:NAME` or
    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`. See `docs/notifications.md`.
    pub Notifier {
        /// The name that actions end with.
        name: Name,
        /// How they are told. `sns`: what SNS delivers, to a webhook; `webhook` and `command`: what a Lambda function is
        /// invoked with; `eventbridge`: not what alarms' actions say, but the events of all alarms, to a webhook.
        kind: NotifierKind,
        /// Topics and functions that it stands for besides those of its name: their names, or whole ARNs.
        topics: Vec<String>,
        /// `slack`, `sns`, `webhook`, `eventbridge`, needed: where to. `env:NAME` and `file:PATH` are read, since a URL
        /// may be a secret; it is shown without its path. `pagerduty`: left out, the public service.
        url: Option<HookUrl>,
        /// `sns`, `webhook`, `eventbridge`: what requests are signed with, as Standard Webhooks says.
        secret: Option<Secret>,
        /// `pagerduty`, needed: the integration key of the service.
        routing_key: Option<Secret>,
        /// `pagerduty`: what an alarm is to whoever is paged.
        severity: NotifierSeverity = "critical",
        /// `email`, needed: the mail server.
        smtp_host: Option<String>,
        /// `email`: its port. Left out, 587, 465 with `smtp_encryption = "tls"`, 25 with `"none"`.
        smtp_port: Option<u32>,
        /// `email`: how the connection is encrypted.
        smtp_encryption: SmtpEncryption = "starttls",
        /// `email`: the user, where the server asks for one.
        smtp_user: Option<String>,
        /// `email`: the password.
        smtp_password: Option<Secret>,
        /// `email`, needed: who it is from, such as `Corelog <corelog@example.org>`.
        from: Option<String>,
        /// `email`, needed: whom it is to.
        to: Vec<String>,
        /// `command`, needed: the program's path, and its arguments. No shell reads it.
        command: Vec<String>,
        /// PEM file of certificate authorities to trust instead of the system's.
        ca_file: Option<PathBuf>,
        /// How long one attempt may take; for `email` each step of it.
        timeout: Duration = "10s",
        /// How long a notification is tried. What has not arrived by then is given up, and the alarm's history says why.
        retry_for: Duration = "1h",
        /// How many are under way at one time.
        concurrency_max: u32 = "4",
        /// More alarms than that within `burst_window` are one message that says which they are; `0` never. Left out, 10
        /// for `slack` and `email`, else 0. Not for `eventbridge`.
        burst_max: Option<u32>,
        /// See `burst_max`.
        burst_window: Duration = "1m",
    }

    /// Somebody who gets log events through subscription filters. The end of a filter's destination names one:
    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`,
    /// `arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME` or `arn:aws:logs:REGION:ACCOUNT:destination:NAME`. See
    /// `docs/subscriptions.md`.
    pub Subscriber {
        /// The name that destinations end with.
        name: Name,
        /// Where events go.
        kind: SubscriberKind = "http",
        /// Functions, streams and destinations that it stands for besides those of its name: their names, or whole ARNs.
        arns: Vec<String>,
        /// `http`, `opensearch`, needed: where to; for `opensearch` the cluster, which `/_bulk` follows. `env:NAME` and
        /// `file:PATH` are read, since a URL may be a secret; it is shown without its path.
        url: Option<HookUrl>,
        /// `http`, `opensearch`: headers of each request, `name=value,name=value`, values percent-encoded.
        headers: Option<Secret>,
        /// `http`, `nats`: how a message is written, `json`, `gzip` or `awslogs`; left out, as the destination of the
        /// filter gets it: `awslogs` for a function of Lambda, else `gzip`. `file`: `awslogs` or, left out, `json`.
        payload: Option<SubscriberPayload>,
        /// `file`, needed: the file whose lines are messages.
        path: Option<PathBuf>,
        /// `file`: a file that would become larger is put aside as `NAME.1`, the one before it as `NAME.2`.
        rotate_bytes: ByteSize = "64MiB",
        /// `file`: how many files there are at most, the one that is written included. The oldest is removed.
        files_max: u32 = "10",
        /// `opensearch`: the index; `%Y`, `%m` and `%d` are the day of the event.
        index: String = "cwl-%Y.%m.%d",
        /// `nats`, needed: the server, `nats://HOST:PORT`, or `tls://HOST:PORT` for an encrypted connection.
        server: Option<String>,
        /// `nats`, needed: the subject that messages are published to.
        subject: Option<String>,
        /// `nats`: a message has arrived once a stream of JetStream acknowledges it. `false`: once the server has read
        /// it, whoever listens then.
        jetstream: bool = "true",
        /// `nats`: the user, with `password`.
        user: Option<String>,
        /// `nats`: the password.
        password: Option<Secret>,
        /// `nats`: the token, instead of a user.
        token: Option<Secret>,
        /// PEM file of certificate authorities to trust instead of the system's.
        ca_file: Option<PathBuf>,
        /// How long one attempt may take.
        timeout: Duration = "10s",
        /// The longest an event waits for others to be sent with it.
        interval: Duration = "1s",
        /// The most bytes of the events of a message, before compression. One event may be larger by itself.
        message_bytes: ByteSize = "1MiB",
        /// How old events become before they are given up.
        retry_for: Duration = "24h",
    }

    /// The table of log events: every record lands in it whole, as open Delta Lake files.
    pub Store {
        /// `false` keeps no table.
        enabled: bool = "true",
        /// `file:///directory` or `s3://bucket/prefix`. Left out, `tables/events` in the data directory.
        url: Option<StoreUrl>,
        /// The log group that records are events of.
        log_group: String = "/corelog/invocations",
        /// The longest an event waits for its file.
        interval: Duration = "10s",
        /// A file is written once its records hold this many bytes, before compression.
        batch_bytes: ByteSize = "8MiB",
        /// Time between looks at whether small files are worth merging. Files that no version of the last hour has
        /// are deleted then, too.
        compaction_interval: Duration = "1m",
        /// The most memory for events that are not in the table yet, so that queries and tails have them at once. What
        /// is beyond it while the store is away is read from the spool instead.
        recent_bytes: ByteSize = "64MiB",
    }

    /// Questions about log events.
    pub Query {
        /// How many run at once; the others wait for their turn. As many plans, estimates and questions for the fields of
        /// a log group are answered besides.
        running_max: u32 = "4",
        /// Answers of finished queries that are kept in memory, for a week at most. One answer may have half of it;
        /// those that nobody asked about for the longest time go first.
        answers_bytes_max: ByteSize = "128MiB",
        /// Memory that queries may take together while they run. What sorts and aggregations need beyond goes to disk,
        /// below `data`.
        memory_bytes: ByteSize = "512MiB",
        /// How much of it may go to disk.
        spill_bytes: ByteSize = "4GiB",
        /// Finished queries that are remembered.
        kept_max: u32 = "1000",
        /// How many may be started a second. More are refused with `ThrottlingException`, which AWS's clients answer by
        /// trying again a little later; `0` is no limit.
        starts_per_second: u32 = "10",
    }

    /// What models cost: each call's record has its cost, by the prices of its time.
    pub Prices {
        /// TOML file of prices that count before those that come with Corelog: discounts, models that these do not know,
        /// servers of your own. `docs/cost.md` has its form.
        file: Option<PathBuf>,
    }

    /// What calls may cost in a time, for `corelog cost budgets`. Every condition that is set must hold for a call to
    /// count.
    pub Budget {
        /// Its name.
        name: Name,
        /// How much, in the currency of the prices: `250` or `99.50`.
        amount: String,
        /// The time it is for, in UTC.
        per: BudgetPeriod = "month",
        /// Glob of the model's name, with `*`.
        model: Option<String>,
        /// Name of the caller's `[[key]]`.
        caller: Option<String>,
        /// The end user that calls name.
        user: Option<String>,
        /// Name of the provider.
        provider: Option<String>,
        /// A tag that calls carry: `team=search`.
        tag: Option<String>,
    }

    /// Metrics as `CloudWatch` has them: counted of every record, and put by whoever has some.
    pub Metrics {
        /// `false` keeps none: nothing is counted, and operations on metrics are refused.
        enabled: bool = "true",
        /// The longest a record waits until it is counted.
        interval: Duration = "2s",
        /// The most metrics there may be. Records go on to be counted in those that are there; new ones that are put are
        /// refused.
        metrics_max: u32 = "200000",
        /// How many values of each dimension are told apart: models, callers, users, sessions, error codes, and each of
        /// `tags`. More are counted together, as the value `Other`; those not seen for a day make room again.
        values_max: u32 = "1000",
        /// Tags of records (`x-corelog-tag-team: search`) that usage is counted by, in a dimension of the tag's name.
        tags: Vec<String>,
    }

    /// What is looked out for in the records: bursts of calls, tokens, cost, latency and errors by caller and model; calls
    /// that loop; answers that drift.
    pub Anomalies {
        /// `false` looks for nothing.
        enabled: bool = "true",
        /// The notifier that hears of each finding, once: the name of a `[[notifier]]`. Without one nobody does.
        notify: Option<String>,
        /// The log group that findings are written to.
        log_group: String = "/corelog/anomalies",
        /// How many callers with a model are followed: the one that called least recently makes room. Each takes up to
        /// 240 kB of memory once it is two weeks old.
        subjects_max: u32 = "200",
    }

    /// A caller who may use the gateway. With one block, every call needs a key; without any, the gateway is
    /// open and serves loopback alone.
    pub CallerKey {
        /// The name in records and metrics.
        name: Name,
        /// What the caller sends: in the header `x-corelog-key`, or, where the gateway holds the provider's
        /// credentials, as its API key (`authorization: Bearer`, `x-api-key`, …).
        secret: Option<Secret>,
        /// For callers that sign with AWS credentials, such as boto3: the id of a key made up for them.
        access_key_id: Option<String>,
        /// For callers that sign with AWS credentials: the secret half. Signatures are checked with it.
        secret_access_key: Option<Secret>,
        /// Capture policy for this caller's calls. Left out, what `[[capture.rule]]` and `capture.policy` say.
        capture: Option<CapturePolicy>,
    }

    /// What of each call is recorded.
    pub Capture {
        /// Which bodies are kept: `full` both, `input` the prompt, `output` the answer, `metadata` neither;
        /// `none` makes no record at all.
        policy: CapturePolicy = "full",
        /// Keep the raw frames of streams with their arrival times beside the record.
        events: bool = "false",
        /// Bodies to this size are recorded whole; what is larger is cut, and the record says so.
        body_max: ByteSize = "100MB",
        /// What an exchange may hold in memory before its bodies go to disk.
        memory_max: ByteSize = "256kB",
        /// A compressed body is decoded for the record to at most this size.
        decoded_max: ByteSize = "200MB",
        /// Headers to record beside the built-in list. Headers that carry credentials are refused.
        headers: Vec<String>,
        /// Let text bodies out to destinations, the control API's included; the spool keeps them for `corelog get`.
        text: bool = "true",
        /// Let image bodies out to destinations, the control API's included; the spool keeps them for `corelog get`.
        image: bool = "true",
        /// Let embeddings out to destinations, the control API's included; the spool keeps them for `corelog get`.
        embedding: bool = "true",
        /// Let video bodies out to destinations, the control API's included; the spool keeps them for `corelog get`.
        video: bool = "true",
        /// Let audio bodies out to destinations, the control API's included; the spool keeps them for `corelog get`.
        audio: bool = "true",
    }

    /// A capture policy for some calls. Every condition that is set must hold; the first rule that matches
    /// wins, before the caller's `key.capture` and `capture.policy`.
    pub CaptureRule {
        /// Name of the provider, or what OpenTelemetry calls one whose calls are reported (`mistral_ai`).
        provider: Option<String>,
        /// Glob of the model's name, with `*`.
        model: Option<String>,
        /// Name of the caller's `[[key]]`.
        key: Option<String>,
        /// A request header: `name` (present) or `name: value` (equal).
        header: Option<String>,
        /// What holds for these calls.
        policy: CapturePolicy,
    }

    /// The durable log on local disk that every record passes through.
    pub Spool {
        /// `strict`: the end of an answer waits until its record is on disk. `relaxed`: it does not, and a
        /// power failure may take the last `sync_interval` with it.
        durability: Durability = "strict",
        /// Time between syncs when `durability` is `relaxed`.
        sync_interval: Duration = "200ms",
        /// When the disk is full or failing: `refuse` answers 503 before anything is sent upstream, `relay`
        /// lets the call go on and counts the record that is missing.
        on_full: OnFull = "refuse",
        /// A segment is sealed at this size.
        segment_bytes: ByteSize = "64MiB",
        /// Segments and large bodies together hold at most this much.
        bytes_max: ByteSize = "10GiB",
        /// Free space on the disk below which the spool counts as full.
        free_bytes_min: ByteSize = "256MiB",
        /// How much of what every destination has is kept, for `corelog get` and `corelog tail`.
        retain_bytes: ByteSize = "1GiB",
        /// For how long it is kept.
        retain_age: Duration = "7d",
    }

    /// A maximum for everything that could grow. Each has a metric, and an answer in the caller's dialect when
    /// it is reached.
    pub Limits {
        /// Exchanges at one time; one more is answered with 503.
        exchanges_max: u32 = "10000",
        /// Calls turned away at the door (no key, one that nobody has, a wrong signature) that are recorded in a
        /// second, without bodies; what is more is counted alone.
        denied_records_per_second: u32 = "10",
        /// Size of a request's head; a larger one is answered with 431.
        header_bytes_max: ByteSize = "64KiB",
        /// Size of a request's body; a larger one is answered with 413.
        body_bytes_max: ByteSize = "1GB",
        /// Time to reach an upstream.
        connect_timeout: Duration = "10s",
        /// Time from a request's end to the first byte of its answer.
        first_byte_timeout: Duration = "10m",
        /// Longest silence inside an answer.
        idle_timeout: Duration = "5m",
        /// Longest exchange.
        total_timeout: Duration = "1h",
        /// Connections to one upstream; a call waits for a free one.
        connections_per_upstream_max: u32 = "10000",
        /// After a caller has hung up, at most this much more is read from the upstream for the record.
        drain_bytes_max: ByteSize = "100MB",
        /// After a caller has hung up, the upstream is read for at most this long.
        drain_timeout: Duration = "5m",
        /// Subscription filters of a log group; one more is refused with `LimitExceededException`.
        subscription_filters_max: u32 = "2",
        /// Time for calls in flight to finish after SIGTERM.
        shutdown_timeout: Duration = "30s",
    }

    /// Access to the object store of `s3://` destinations.
    pub S3 {
        /// Endpoint of an S3-compatible store. Left out, AWS.
        endpoint: Option<HttpUrl>,
        /// Region of the buckets. Left out, `account.region`.
        region: Option<String>,
        /// Id of the access key. Left out together with the key, `AWS_ACCESS_KEY_ID` and the rest of the
        /// environment are used, where they are set.
        access_key_id: Option<Secret>,
        /// The access key.
        secret_access_key: Option<Secret>,
        /// Token of temporary credentials.
        session_token: Option<Secret>,
        /// Allow a cleartext endpoint, here and in `[[destination]]`. One on loopback is always allowed.
        allow_http: bool = "false",
        /// Put the bucket into the path, as most S3-compatible stores want it, rather than into the host name.
        path_style: bool = "true",
    }

    /// TLS towards callers. Both files or neither.
    pub Tls {
        /// PEM file of the certificate chain.
        cert_file: Option<PathBuf>,
        /// PEM file of the private key.
        key_file: Option<PathBuf>,
    }

    /// Proxies towards upstreams. Left out, `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment, in
    /// either case.
    pub Proxy {
        /// Proxy for `http` upstreams.
        http: Option<ProxyUrl>,
        /// Proxy for `https` upstreams.
        https: Option<ProxyUrl>,
        /// Hosts that are reached directly: names, suffixes such as `.internal`, or `*`.
        no_proxy: Vec<String>,
    }

    /// What records say about where they were made.
    pub Account {
        /// The record's `accountId`: twelve digits.
        id: String = "000000000000",
        /// The record's `region`, and the region of everything that names none.
        region: String = "us-east-1",
    }

    /// Corelog's log of itself, on standard error.
    pub Log {
        /// What is logged, as in `info,corelog_gateway=debug`.
        filter: String = "info",
        /// `auto` is `text` on a terminal and `json` elsewhere.
        format: LogFormat = "auto",
    }
}

choice! {
    /// How log lines look.
    LogFormat {
        /// Text on a terminal, JSON elsewhere.
        Auto = "auto",
        /// One readable line each.
        Text = "text",
        /// One JSON object each.
        Json = "json",
    }
}

choice! {
    /// Which bodies are kept.
    CapturePolicy {
        /// Prompt and answer.
        Full = "full",
        /// The prompt alone.
        Input = "input",
        /// The answer alone.
        Output = "output",
        /// Neither; the rest of the record is made.
        Metadata = "metadata",
        /// No record.
        None = "none",
    }
}

choice! {
    /// The time a budget is for.
    BudgetPeriod {
        /// A day.
        Day = "day",
        /// A calendar month.
        Month = "month",
    }
}

choice! {
    /// What an answer's end waits for.
    Durability {
        /// The record is on disk.
        Strict = "strict",
        /// The record is with the operating system.
        Relaxed = "relaxed",
    }
}

choice! {
    /// What happens to a call that cannot be recorded.
    OnFull {
        /// It is answered with 503 before anything is sent upstream.
        Refuse = "refuse",
        /// It goes on, and the gap is counted.
        Relay = "relay",
    }
}

choice! {
    /// The kinds of destination.
    DestinationKind {
        /// An S3-compatible store or a local directory.
        S3 = "s3",
        /// A log group of an AWS account, or of another server that speaks its API.
        CloudWatchLogs = "cloudwatch-logs",
        /// A receiver of OpenTelemetry's protocol over HTTP: records as spans, and counted in histograms.
        Otlp = "otlp",
    }
}

choice! {
    /// The kinds of notifier.
    NotifierKind {
        /// A channel of Slack, or of what takes the same.
        Slack = "slack",
        /// What SNS delivers, to a webhook.
        Sns = "sns",
        /// E-mail.
        Email = "email",
        /// A service of PagerDuty.
        PagerDuty = "pagerduty",
        /// A document to a webhook.
        Webhook = "webhook",
        /// The events of all alarms to a webhook.
        EventBridge = "eventbridge",
        /// A program.
        Command = "command",
    }
}

choice! {
    /// How bad an alarm is to whoever is paged.
    NotifierSeverity {
        /// The worst.
        Critical = "critical",
        /// Bad.
        Error = "error",
        /// Not yet.
        Warning = "warning",
        /// Good to know.
        Info = "info",
    }
}

choice! {
    /// How the connection to a mail server is encrypted.
    SmtpEncryption {
        /// After `STARTTLS`, without which nothing is sent.
        StartTls = "starttls",
        /// From the first byte.
        Tls = "tls",
        /// Not at all.
        None = "none",
    }
}

choice! {
    /// The kinds of subscriber.
    SubscriberKind {
        /// Requests to an HTTP server.
        Http = "http",
        /// Lines of a file.
        File = "file",
        /// Messages to a NATS server.
        Nats = "nats",
        /// Documents of OpenSearch, or of Elasticsearch.
        OpenSearch = "opensearch",
    }
}

choice! {
    /// How a message of a subscription is written.
    SubscriberPayload {
        /// As JSON.
        Json = "json",
        /// As compressed JSON, as Kinesis and Firehose get it.
        Gzip = "gzip",
        /// As a Lambda function is invoked.
        AwsLogs = "awslogs",
    }
}

choice! {
    /// Server-side encryption.
    Sse {
        /// With keys of the store.
        Aes256 = "AES256",
        /// With a key of the key management service.
        Kms = "aws:kms",
    }
}
