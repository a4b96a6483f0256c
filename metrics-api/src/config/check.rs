//! What settings mean: addresses, keys, policies and limits that can be used as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveTime;
use homeward_contract::calendar::SubmissionCalendar;
use homeward_contract::deprivation::Deprivation;
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_sql::SqlConfig;
use homeward_transform::definition::FirstDays;
use homeward_transform::release::{Coverage, Policy};

use super::fault::{ConfigFaults, Faults};
use super::keys::Keys;
use super::property_files;
use super::secret::Secret;
use super::settings::{KafkaSettings, ServeSettings, Settings};
use homeward_ingest::adt::Wards;
use homeward_ingest::kafka::KafkaConfig;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// Takes records from Kafka into the lake.
    Ingest,
    /// Turns facts of the lake into figures.
    Transform,
    /// Shows the figures: page, JSON, `/metrics`.
    Serve,
    /// Writes to Kafka; no role of `run`, but of the commands that publish.
    #[value(skip)]
    Publish,
}

/// Checked settings of the outlets.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Address of page and API.
    pub bind: SocketAddr,
    /// Own address of `/metrics`, if any.
    pub metrics_bind: Option<SocketAddr>,
    /// The token that `/metrics` asks for, if any.
    pub metrics_bearer_token: Option<Secret>,
    /// Policies that callers may ask for; the first is the default. Never empty.
    pub releases: Vec<&'static Policy>,
    /// Most series in one exposition.
    pub series_limit: usize,
    /// Pace at which the page loads itself again.
    pub page_refresh_seconds: u32,
    /// Local opening time.
    pub service_opens: NaiveTime,
    /// Local closing time (exclusive).
    pub service_closes: NaiveTime,
    /// Normal silence of a provider within opening hours.
    pub expected_gap_seconds: u32,
    /// The same for single providers.
    pub expected_gap_seconds_by_provider: BTreeMap<String, u32>,
}

/// A configuration whose every value can be used.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the lake.
    pub lake_path: PathBuf,
    /// Broker, security settings and the topic of each feed that this process takes.
    pub kafka: KafkaConfig,
    /// Longest time between commits.
    pub commit_interval: Duration,
    /// Share of refused records at which a feed stops.
    pub poison_share: f64,
    /// Smallest batch that can stop a feed.
    pub poison_minimum_records: usize,
    /// Bytes that may wait in memory.
    pub buffer_bytes: usize,
    /// The wards that HL7 messages name.
    pub wards: Wards,
    /// How long a stay that is over is held after its newest HL7 message.
    pub visits_held_for: Duration,
    /// Windows of CSDS submissions.
    pub calendar: SubmissionCalendar,
    /// The secrets.
    pub keys: Keys,
    /// Folder of definitions, if not the built-in ones.
    pub definitions: Option<PathBuf>,
    /// From which day on feeds of people's nights cover their places.
    pub first_days: FirstDays,
    /// How deprived neighbourhoods are, if not the built-in ones.
    pub deprivation: Option<Deprivation>,
    /// Time between two cycles.
    pub cycle: Duration,
    /// Bytes of what is known of referrals and people that memory holds.
    pub book_bytes_max: usize,
    /// The outlets.
    pub serve: ServeConfig,
    /// SQL over the PostgreSQL wire, if it is on.
    pub sql: Option<SqlConfig>,
}

impl Config {
    /// Reads file and environment and checks them for the given roles.
    ///
    /// # Errors
    /// Every fault of the reading; when there is none, every fault of the meaning.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        roles: &[Role],
    ) -> Result<Self, ConfigFaults> {
        Self::check(super::read_settings(file, environment)?, roles)
    }

    /// The reference geography, with the neighbourhoods that the configuration names.
    #[must_use]
    pub fn geography(&self) -> Geography {
        match &self.deprivation {
            Some(deprivation) => Geography::devon().with_deprivation(deprivation.clone()),
            None => Geography::devon(),
        }
    }

    /// Checks settings for the given roles.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn check(mut settings: Settings, roles: &[Role]) -> Result<Self, ConfigFaults> {
        let mut faults = Faults::default();
        let ingests = roles.contains(&Role::Ingest);
        let needs_broker = ingests || roles.contains(&Role::Publish);
        if needs_broker {
            property_files::read(&mut settings.kafka, &mut faults);
        }
        if needs_broker && settings.kafka.brokers.trim().is_empty() {
            faults.add(
                "[kafka] brokers",
                "no broker is named",
                "write brokers = \"host:9092\", or set HOMEWARD_KAFKA__BROKERS",
            );
        }
        let topics = faults.topics(&settings);
        let kafka = kafka_config(&settings.kafka, topics);
        if !kafka.brokers.is_empty()
            && let Err(error) = kafka.validate()
            && faults.0.is_empty()
        {
            faults.add("[kafka]", error.to_string(), "correct that setting of [kafka]");
        }
        let calendar = super::submissions::calendar(&settings.submissions, &mut faults);
        let wards = super::lists::wards(settings.ingest.wards_file.as_deref(), &mut faults);
        let keys = super::keys::read(&settings.keys, ingests, &mut faults);
        let commit_interval =
            faults.seconds("[ingest] commit_interval_seconds", settings.ingest.commit_interval_seconds, 60.0);
        let cycle = faults.seconds("[transform] cycle_seconds", settings.transform.cycle_seconds, 60.0);
        if !(settings.ingest.poison_share > 0.0 && settings.ingest.poison_share <= 1.0) {
            faults.add(
                "[ingest] poison_share",
                "it is not a share",
                "write a number above 0 and up to 1, for example 0.5",
            );
        }
        if settings.ingest.buffer_bytes < 1024 * 1024 {
            faults.add(
                "[ingest] buffer_bytes",
                "less than 1 MiB cannot hold the largest message",
                "write at least 1048576",
            );
        }
        if let Some(folder) = settings.transform.definitions.as_deref()
            && !folder.is_dir()
        {
            faults.add(
                "[transform] definitions",
                format!("there is no folder {}", folder.display()),
                "name a folder that holds one folder an indicator, or leave it out for the built-in ones",
            );
        }
        let first_days = faults.first_days(&settings.transform.first_days);
        let deprivation = super::lists::deprivation(settings.transform.deprivation_file.as_deref(), &mut faults);
        let coverage = coverage(&settings.serve);
        let serve = faults.serve(settings.serve);
        let sql =
            if roles.contains(&Role::Serve) { super::sql::check(&settings.sql, coverage, &mut faults) } else { None };
        match serve {
            Some(serve) if faults.0.is_empty() => Ok(Self {
                lake_path: settings.lake.path,
                kafka,
                commit_interval,
                poison_share: settings.ingest.poison_share,
                poison_minimum_records: settings.ingest.poison_minimum_records,
                buffer_bytes: settings.ingest.buffer_bytes,
                wards,
                visits_held_for: Duration::from_hours(24 * u64::from(settings.ingest.adt_held_days)),
                calendar,
                keys,
                definitions: settings.transform.definitions,
                first_days,
                deprivation,
                cycle,
                book_bytes_max: settings.transform.book_memory_mib.saturating_mul(1 << 20),
                serve,
                sql,
            }),
            _ => Err(ConfigFaults(faults.0)),
        }
    }
}

impl Faults {
    pub(super) fn seconds(&mut self, place: &str, seconds: f64, most: f64) -> Duration {
        if seconds > 0.0 && seconds <= most {
            return Duration::from_secs_f64(seconds);
        }
        self.add(place, format!("{seconds} is out of range"), format!("write seconds above 0 and up to {most}"));
        Duration::from_secs(1)
    }

    fn first_days(&mut self, declared: &BTreeMap<String, String>) -> FirstDays {
        let mut days = FirstDays::default();
        for (feed, day) in declared {
            if let Err(fault) = days.declare(feed, day) {
                self.add("[transform.first_days]", fault.to_string(), fault.mend());
            }
        }
        days
    }

    fn topics(&mut self, settings: &Settings) -> BTreeMap<Feed, String> {
        let mut topics = BTreeMap::new();
        for name in &settings.ingest.feeds {
            match Feed::from_str(name) {
                Ok(feed) => {
                    let topic = settings.kafka.topics.get(name).cloned();
                    topics.insert(feed, topic.unwrap_or_else(|| feed.default_topic().to_owned()));
                }
                Err(_) => {
                    self.add("[ingest] feeds", format!("there is no feed '{name}'"), feed_mend());
                }
            }
        }
        if settings.ingest.feeds.is_empty() {
            self.add("[ingest] feeds", "the list is empty", feed_mend());
        }
        for name in settings.kafka.topics.keys() {
            if Feed::from_str(name).is_err() {
                self.add("[kafka.topics]", format!("there is no feed '{name}'"), feed_mend());
            }
        }
        let distinct: BTreeSet<&String> = topics.values().collect();
        if distinct.len() < topics.len() {
            self.add("[kafka.topics]", "two feeds share a topic", "give each feed a topic of its own");
        }
        topics
    }

    fn serve(&mut self, serve: ServeSettings) -> Option<ServeConfig> {
        let bind = self.address("[serve] bind", &serve.bind);
        let metrics_bind = serve.metrics_bind.as_deref().map(|text| self.address("[serve] metrics_bind", text));
        let token = self.metrics_token(serve.metrics_bearer_token_file.as_deref());
        let opens = self.time("[serve] service_opens", &serve.service_opens);
        let closes = self.time("[serve] service_closes", &serve.service_closes);
        let coverage = coverage(&serve);
        let mut releases = Vec::new();
        for name in &serve.releases {
            match Policy::by_name_over(name, coverage) {
                Ok(policy) => releases.push(policy),
                Err(error) => self.add(
                    "[serve] releases",
                    error.to_string(),
                    "use the name of a release policy, for example ucr-publication",
                ),
            }
        }
        if serve.releases.is_empty() {
            self.add(
                "[serve] releases",
                "no policy is named, so nothing could leave",
                "name at least one, for example releases = [\"ucr-publication\"]",
            );
        }
        if serve.series_limit == 0 || serve.series_limit > 10_000 {
            self.add(
                "[serve] series_limit",
                "it must be between 1 and 10000",
                "leave it out for 10000, the most that /metrics ever holds",
            );
        }
        Some(ServeConfig {
            bind: bind?,
            metrics_bind: match metrics_bind {
                Some(address) => Some(address?),
                None => None,
            },
            metrics_bearer_token: token,
            releases,
            series_limit: serve.series_limit,
            page_refresh_seconds: serve.page_refresh_seconds.max(1),
            service_opens: opens?,
            service_closes: closes?,
            expected_gap_seconds: serve.expected_gap_seconds,
            expected_gap_seconds_by_provider: serve.expected_gap_seconds_by_provider,
        })
    }

    /// A token of fewer than 16 bytes can be guessed, so it is refused like a missing file.
    fn metrics_token(&mut self, file: Option<&Path>) -> Option<Secret> {
        let place = "[serve] metrics_bearer_token_file";
        let mend = "make it with: (umask 077; openssl rand -hex 32 > FILE)";
        let path = file?;
        match std::fs::read_to_string(path) {
            Ok(text) if text.trim().len() >= 16 => return Some(Secret::new(text.trim().as_bytes().to_vec())),
            Ok(_) => self.add(place, format!("{} holds fewer than 16 characters", path.display()), mend),
            Err(error) => self.add(place, format!("{} cannot be read: {error}", path.display()), mend),
        }
        None
    }

    pub(super) fn address(&mut self, place: &str, text: &str) -> Option<SocketAddr> {
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                self.add(
                    place,
                    format!("'{text}' is not an address with a port"),
                    "write for example \"127.0.0.1:8640\" (this machine only) or \"0.0.0.0:8640\"",
                );
                None
            }
        }
    }

    fn time(&mut self, place: &str, text: &str) -> Option<NaiveTime> {
        match NaiveTime::parse_from_str(text, "%H:%M") {
            Ok(time) => Some(time),
            Err(_) => {
                self.add(place, format!("'{text}' is not a time of day"), "write HH:MM, for example \"08:00\"");
                None
            }
        }
    }
}

const fn coverage(serve: &ServeSettings) -> Coverage {
    if serve.covers_england { Coverage::England } else { Coverage::PartOfEngland }
}

/// The settings in the shape that ingest takes.
pub(super) fn kafka_config(settings: &KafkaSettings, topics: BTreeMap<Feed, String>) -> KafkaConfig {
    KafkaConfig {
        brokers: settings.brokers.trim().to_owned(),
        group_id: settings.group.clone(),
        topics: topics.into_iter().map(|(feed, topic)| (feed, vec![topic])).collect(),
        fetch_wait_max_ms: settings.fetch_wait_max_ms,
        properties: settings.properties.clone(),
    }
}

/// The feeds that there are.
fn feed_mend() -> String {
    format!("use any of {}", Feed::ALL.map(Feed::name).join(", "))
}
