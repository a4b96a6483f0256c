//! The shape of `homeward.toml`, with its defaults. Nothing here is checked yet: see `check`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use homeward_contract::feed::Feed;
use homeward_sql::Limits;
use serde::Deserialize;

use super::secret::{Secret, is_secret_property};

/// `[lake]`: where facts and results are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LakeSettings {
    /// Folder of the Delta tables; created when missing.
    pub path: PathBuf,
}

impl Default for LakeSettings {
    fn default() -> Self {
        Self { path: PathBuf::from("homeward-lake") }
    }
}

/// `[kafka]`: the broker and the feeds' topics.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaSettings {
    /// `host:port`, several separated by commas.
    pub brokers: String,
    /// Stem of the consumer groups; each feed has its own, `{group}.{feed}`.
    #[serde(alias = "group_id")]
    pub group: String,
    /// Longest time that the broker holds an empty fetch back, in milliseconds.
    pub fetch_wait_max_ms: u32,
    /// Feed name to topic name.
    pub topics: BTreeMap<String, String>,
    /// Passed to librdkafka as they are: `security.protocol`, `sasl.mechanism`, `ssl.ca.location` ...
    pub properties: BTreeMap<String, String>,
    /// Properties whose value is a file's content, such as `sasl.password`; a trailing line end is ignored.
    pub property_files: BTreeMap<String, PathBuf>,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            brokers: String::new(),
            group: "homeward".to_owned(),
            fetch_wait_max_ms: 5,
            topics: BTreeMap::new(),
            properties: BTreeMap::new(),
            property_files: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for KafkaSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties: BTreeMap<&str, &str> = self
            .properties
            .iter()
            .map(|(name, value)| (name.as_str(), if is_secret_property(name) { "<secret>" } else { value.as_str() }))
            .collect();
        formatter
            .debug_struct("KafkaSettings")
            .field("brokers", &self.brokers)
            .field("group", &self.group)
            .field("fetch_wait_max_ms", &self.fetch_wait_max_ms)
            .field("topics", &self.topics)
            .field("properties", &properties)
            .field("property_files", &self.property_files)
            .finish()
    }
}

/// `[ingest]`: pace and limits of the way in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestSettings {
    /// Feeds that this process takes, by name; all of them unless it says otherwise.
    pub feeds: Vec<String>,
    /// Longest time between two commits while data flows, in seconds.
    pub commit_interval_seconds: f64,
    /// A feed stops when more than this share of a batch is refused (0 to 1).
    pub poison_share: f64,
    /// Batches smaller than this never stop a feed.
    pub poison_minimum_records: usize,
    /// Bytes that may wait in memory between the broker and the lake, a feed.
    #[serde(alias = "buffer_bytes_max")]
    pub buffer_bytes: usize,
    /// List of the wards that HL7 messages name, with the kind of each.
    pub wards_file: Option<PathBuf>,
    /// A stay that is over leaves memory so many days after its newest HL7 message.
    pub adt_held_days: u32,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self {
            feeds: Feed::ALL.map(|feed| feed.name().to_owned()).to_vec(),
            commit_interval_seconds: 0.25,
            poison_share: 0.5,
            poison_minimum_records: 100,
            buffer_bytes: 64 * 1024 * 1024,
            wards_file: None,
            adt_held_days: 30,
        }
    }
}

/// `[submissions]`: what the calendar of CSDS does not say by rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubmissionSettings {
    /// Working day of the month on which a window closes.
    pub deadline_working_day: usize,
    /// Bank holidays of England that were proclaimed after this Homeward was built, `CCYY-MM-DD`.
    pub bank_holidays: Vec<String>,
    /// For single months, `CCYY-MM`: the last day of the window that closes in them, `CCYY-MM-DD`.
    pub deadlines: BTreeMap<String, String>,
}

impl Default for SubmissionSettings {
    fn default() -> Self {
        Self { deadline_working_day: 10, bank_holidays: Vec::new(), deadlines: BTreeMap::new() }
    }
}

/// `[keys]`: the secrets. Each comes from a file or, as `HOMEWARD_KEYS__...`, from the environment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeySettings {
    /// File with the pseudonym key (at least 16 bytes; a trailing line end is ignored).
    pub pseudonym_file: Option<PathBuf>,
    /// The pseudonym key itself; meant for the environment.
    pub pseudonym: Option<Secret>,
    /// Version written beside every pseudonym; starts at 1.
    pub pseudonym_version: Option<u32>,
    /// File with the quarantine key: 64 hexadecimal digits, or 32 raw bytes.
    pub quarantine_file: Option<PathBuf>,
    /// The quarantine key itself, 64 hexadecimal digits; meant for the environment.
    pub quarantine: Option<Secret>,
    /// Version written beside every sealed record; starts at 1.
    pub quarantine_version: Option<u32>,
}

/// `[transform]`: definitions and pace of the figures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransformSettings {
    /// Folder of indicator definitions; absent means the built-in ones.
    pub definitions: Option<PathBuf>,
    /// Time between two cycles, in seconds. Open clocks age at this pace.
    pub cycle_seconds: f64,
    /// Memory for what is known of referrals and people and was not looked at of late, in MiB; what is beyond lies in a file
    /// beside the lake.
    pub book_memory_mib: usize,
    /// Feed to the first day that it covers, `CCYY-MM-DD`: before it nobody is known to be at home.
    pub first_days: BTreeMap<String, String>,
    /// Deciles of deprivation of the neighbourhoods; absent means the built-in ones, which are simulated.
    pub deprivation_file: Option<PathBuf>,
}

impl Default for TransformSettings {
    fn default() -> Self {
        Self {
            definitions: None,
            cycle_seconds: 1.0,
            book_memory_mib: 1024,
            first_days: BTreeMap::new(),
            deprivation_file: None,
        }
    }
}

/// `[serve]`: the outlets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeSettings {
    /// Address of the page and the JSON API (and of `/metrics`, unless it has its own).
    pub bind: String,
    /// Own address for `/metrics`; absent means that `bind` serves it too.
    pub metrics_bind: Option<String>,
    /// File with the token that `/metrics` asks for (`Authorization: Bearer ...`); absent means that it asks for none.
    pub metrics_bearer_token_file: Option<PathBuf>,
    /// Release policies that callers may ask for; the first is the default of page and API.
    pub releases: Vec<String>,
    /// The lake holds the records of all England. Only then is the nation's sum a national figure, which some policies
    /// show exactly.
    pub covers_england: bool,
    /// Most series that `/metrics` may hold.
    pub series_limit: usize,
    /// The page asks the browser to load it again after so many seconds.
    pub page_refresh_seconds: u32,
    /// Local time at which services open, `HH:MM`.
    pub service_opens: String,
    /// Local time at which services close, `HH:MM`.
    pub service_closes: String,
    /// Silence that is normal for a provider within opening hours, in seconds.
    pub expected_gap_seconds: u32,
    /// The same for single providers, by organisation code.
    pub expected_gap_seconds_by_provider: BTreeMap<String, u32>,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8640".to_owned(),
            metrics_bind: None,
            metrics_bearer_token_file: None,
            releases: ["internal-live", "ucr-publication", "public-hes", "public-csds"].map(str::to_owned).to_vec(),
            covers_england: false,
            series_limit: 10_000,
            page_refresh_seconds: 10,
            service_opens: "08:00".to_owned(),
            service_closes: "20:00".to_owned(),
            expected_gap_seconds: 7_200,
            expected_gap_seconds_by_provider: BTreeMap::new(),
        }
    }
}

/// `[sql]`: SQL over the PostgreSQL wire. Without `bind` the outlet is off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SqlSettings {
    /// Address of the outlet.
    pub bind: Option<String>,
    /// PEM file with the certificate and its chain. With it, connections that are not encrypted are refused.
    pub tls_certificate_file: Option<PathBuf>,
    /// PEM file with the certificate's key.
    pub tls_key_file: Option<PathBuf>,
    /// Most connections at once.
    pub connections_max: usize,
    /// Longest life of a statement, in seconds; clients may ask for less.
    pub statement_timeout_seconds: f64,
    /// Memory of all running statements together, in bytes.
    pub memory_bytes: usize,
    /// Disk that statements may spill to, all together, in bytes; 0 for none.
    pub spill_bytes: u64,
    /// Most rows of one result.
    pub rows_max: usize,
    /// Threads that compute, at lowered priority.
    pub threads: usize,
    /// Who may log in.
    pub role: Vec<SqlRoleSettings>,
}

impl Default for SqlSettings {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            bind: None,
            tls_certificate_file: None,
            tls_key_file: None,
            connections_max: limits.connections_max,
            statement_timeout_seconds: limits.statement_timeout.as_secs_f64(),
            memory_bytes: limits.memory_bytes,
            spill_bytes: limits.spill_bytes,
            rows_max: limits.rows_max,
            threads: limits.threads,
            role: Vec::new(),
        }
    }
}

/// `[[sql.role]]`: one account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlRoleSettings {
    /// Name to log in with.
    pub name: String,
    /// File with its password.
    pub password_file: Option<PathBuf>,
    /// Its password as PostgreSQL keeps it, `SCRAM-SHA-256$...`: see `homeward sql-verifier`.
    pub verifier: Option<Secret>,
    /// Release policy of everything that it sees.
    pub release: String,
    /// How often its figures change: `day`, `hour` or `live`. Left out, exact policies are live and others by the day.
    pub tick: Option<String>,
}

/// Everything in `homeward.toml`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `[lake]`
    pub lake: LakeSettings,
    /// `[kafka]`
    pub kafka: KafkaSettings,
    /// `[ingest]`
    pub ingest: IngestSettings,
    /// `[submissions]`
    pub submissions: SubmissionSettings,
    /// `[keys]`
    pub keys: KeySettings,
    /// `[transform]`
    pub transform: TransformSettings,
    /// `[serve]`
    pub serve: ServeSettings,
    /// `[sql]`
    pub sql: SqlSettings,
}
