//! `homeward quarantine list|show|replay`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Utc};
use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::feed::Table;
use homeward_contract::submission::{Submission, record_key};
use homeward_ingest::decode::{Disposition, adt_key, fhir_key};
use homeward_ingest::lake::Lake;
use homeward_ingest::quarantine::{
    QUARANTINE_TABLE, QuarantineEntry, QuarantineKey, REPLAY_TABLE, batch_to_entries, replay_to_batch,
};
use serde_json::value::RawValue;

use super::arguments::{
    LakeArguments, QuarantineCommand, QuarantineListArguments, QuarantineReplayArguments, QuarantineShowArguments,
};
use super::error::{CliError, Outcome};
use super::progress::Progress;
use crate::config::{Config, Settings};

/// How the outcome of a replay that the broker took begins.
const PUBLISHED: &str = "published";

pub(super) async fn run(
    command: &QuarantineCommand,
    config: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    match command {
        QuarantineCommand::List(arguments) => list(arguments, config, out).await,
        QuarantineCommand::Show(arguments) => show(arguments, config, out).await,
        QuarantineCommand::Replay(arguments) => replay(arguments, config, out).await,
    }
}

/// The quarantine as the lake holds it.
struct Quarantine {
    lake: Lake,
    entries: Vec<QuarantineEntry>,
    replays: BTreeMap<String, DateTime<Utc>>,
}

impl Quarantine {
    async fn open(settings: &Settings, source: &LakeArguments) -> Result<Self, CliError> {
        let folder = source.lake.as_deref().unwrap_or(&settings.lake.path);
        if !folder.is_dir() {
            return Err(CliError::argument(
                format!("there is no lake in {}", folder.display()),
                "name its folder with --lake, or in [lake] path of homeward.toml",
            ));
        }
        let lake = Lake::open(folder)?;
        let mut entries = Vec::new();
        for batch in lake.read(QUARANTINE_TABLE).await? {
            entries.extend(batch_to_entries(&batch)?);
        }
        entries.sort_by(|one, two| (two.known_at, &two.id).cmp(&(one.known_at, &one.id)));
        let mut replays = BTreeMap::new();
        for batch in lake.read(REPLAY_TABLE).await? {
            replays.extend(replays_of(&batch));
        }
        Ok(Self { lake, entries, replays })
    }

    fn entry(&self, id: &str) -> Result<&QuarantineEntry, CliError> {
        self.entries.iter().find(|entry| entry.id == id).ok_or_else(|| {
            CliError::argument(
                format!("there is no entry '{id}' in quarantine"),
                "take an id from 'homeward quarantine list'",
            )
        })
    }
}

/// Ids and instants of the replays that the broker took.
fn replays_of(batch: &RecordBatch) -> Vec<(String, DateTime<Utc>)> {
    let text = |name| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let at =
        batch.column_by_name("replayed_at").and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    let (Some(ids), Some(outcomes), Some(at)) = (text("id"), text("outcome"), at) else {
        return Vec::new();
    };
    (0..batch.num_rows())
        .filter(|&row| outcomes.value(row).starts_with(PUBLISHED))
        .filter_map(|row| Some((ids.value(row).to_owned(), DateTime::from_timestamp_micros(at.value(row))?)))
        .collect()
}

async fn list(
    arguments: &QuarantineListArguments,
    config: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    let quarantine = Quarantine::open(&super::settings(config)?, &arguments.source).await?;
    let wanted: Vec<&QuarantineEntry> = quarantine
        .entries
        .iter()
        .filter(|entry| arguments.code.as_ref().is_none_or(|code| *code == entry.code))
        .filter(|entry| !arguments.waiting || !quarantine.replays.contains_key(&entry.id))
        .collect();
    for entry in wanted.iter().take(arguments.limit) {
        let replayed = match quarantine.replays.get(&entry.id) {
            Some(at) => format!("  replayed {}", at.format("%Y-%m-%d %H:%M")),
            None => String::new(),
        };
        let known_at = entry.known_at.format("%Y-%m-%d %H:%M:%S");
        let (id, disposition, code, detail) = (&entry.id, &entry.disposition, &entry.code, &entry.detail);
        writeln!(out, "{id:<24} {known_at}Z {disposition:<11} {code:<12} {detail}{replayed}")?;
    }
    let shown = wanted.len().min(arguments.limit);
    writeln!(out, "{shown} of {} entries; 'homeward quarantine show ID' says what to mend", wanted.len())?;
    Ok(Outcome::Done)
}

async fn show(
    arguments: &QuarantineShowArguments,
    config: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    let settings = super::settings(config)?;
    let quarantine = Quarantine::open(&settings, &arguments.source).await?;
    let entry = quarantine.entry(&arguments.id)?;
    writeln!(out, "Entry     {}", entry.id)?;
    writeln!(
        out,
        "Topic     {}, partition {}, offset {}",
        entry.place.topic, entry.place.partition, entry.place.offset
    )?;
    writeln!(out, "Taken in  {}", entry.known_at.to_rfc3339())?;
    writeln!(out, "Code      {} ({})", entry.code, entry.disposition)?;
    writeln!(out, "Detail    {}", entry.detail)?;
    if let Some(reason) = entry.reason() {
        writeln!(out, "Reason    {}", reason.message())?;
        writeln!(out, "Mend      {}", reason.mend())?;
    }
    match quarantine.replays.get(&entry.id) {
        Some(at) => writeln!(out, "Replayed  {}", at.to_rfc3339())?,
        None => writeln!(out, "Replayed  not yet")?,
    }
    writeln!(out, "Sealed    {} bytes with key version {}", entry.payload_bytes(), entry.key_version)?;
    if arguments.bytes {
        let payload = entry.open(&key(settings)?)?;
        writeln!(out, "\n{}", String::from_utf8_lossy(&payload))?;
    }
    Ok(Outcome::Done)
}

async fn replay(
    arguments: &QuarantineReplayArguments,
    config: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    let settings = super::settings_with_broker(config, arguments.brokers.as_ref())?;
    let quarantine = Quarantine::open(&settings, &arguments.source).await?;
    let chosen = choose(&quarantine, arguments)?;
    let publisher = super::load::publisher(&settings)?;
    let key = key(settings)?;
    let mut progress = Progress::start("Replaying", Some(chosen.len() as u64));
    let mut replayed = 0_u64;
    for entry in chosen {
        if entry.disposition == Disposition::Filtered.as_str() {
            writeln!(out, "{} was left out, and its bytes were not kept: nothing to publish", entry.id)?;
            continue;
        }
        let payload = entry.open(&key)?;
        let published =
            publisher.send(&entry.place.topic, key_of(&payload).as_deref(), &payload).and_then(|()| publisher.flush());
        let words = match &published {
            Ok(_) => format!("{PUBLISHED} to {}", entry.place.topic),
            Err(error) => format!("not published: {error}"),
        };
        quarantine.lake.append(REPLAY_TABLE, replay_to_batch(&entry.id, SystemClock.now(), &words)).await?;
        published?;
        writeln!(out, "{} {words}", entry.id)?;
        replayed += 1;
        progress.advance(1);
    }
    progress.finish();
    writeln!(
        out,
        "{replayed} records published again; what is still at fault comes back to quarantine under its new place"
    )?;
    Ok(Outcome::Done)
}

fn choose<'a>(
    quarantine: &'a Quarantine,
    arguments: &QuarantineReplayArguments,
) -> Result<Vec<&'a QuarantineEntry>, CliError> {
    if !arguments.ids.is_empty() {
        return arguments.ids.iter().map(|id| quarantine.entry(id)).collect();
    }
    Ok(quarantine
        .entries
        .iter()
        .rev()
        .filter(|entry| entry.disposition == Disposition::Quarantined.as_str())
        .filter(|entry| !quarantine.replays.contains_key(&entry.id))
        .filter(|entry| arguments.code.as_ref().is_none_or(|code| *code == entry.code))
        .collect())
}

/// The Kafka key that the record was sent with: an event's subject, the stay of an HL7 message or of an Encounter, or what
/// a CSDS row's items name. Any order of
/// arrival gives the same state, so a record that names neither may go to any partition.
fn key_of(payload: &[u8]) -> Option<Vec<u8>> {
    #[derive(serde::Deserialize)]
    struct Keyed {
        subject: Option<String>,
        table: Option<String>,
        submission: Option<Box<RawValue>>,
        #[serde(default)]
        record: BTreeMap<String, serde_json::Value>,
        decision: Option<DecidedOn>,
    }
    #[derive(serde::Deserialize)]
    struct DecidedOn {
        submission: String,
    }
    let Ok(keyed) = serde_json::from_slice::<Keyed>(payload) else { return adt_key(payload) };
    if let Some(subject) = keyed.subject {
        return Some(subject.into_bytes());
    }
    if let Some(decision) = keyed.decision {
        return Some(decision.submission.into_bytes());
    }
    if let Some(subject) = fhir_key(payload) {
        return Some(subject.into_bytes());
    }
    let table = Table::from_csds_name(&keyed.table?)?;
    let submission = Submission::from_json(keyed.submission?.get()).ok()?;
    let item = |name: &str| keyed.record.get(name).and_then(serde_json::Value::as_str);
    Some(record_key(table, &submission, item).into_bytes())
}

fn key(settings: Settings) -> Result<QuarantineKey, CliError> {
    Config::check(settings, &[])?.keys.quarantine.ok_or_else(|| {
        CliError::argument(
            "the quarantine key is missing",
            "write quarantine_file = \"PATH\" in [keys] of homeward.toml, or set HOMEWARD_KEYS__QUARANTINE",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_replayed_under_the_key_it_was_sent_with() {
        let key = |payload: &str| key_of(payload.as_bytes()).map(|key| String::from_utf8(key).expect("text"));
        assert_eq!(key(r#"{"subject":"NR5|S1","data":{}}"#).as_deref(), Some("NR5|S1"));
        let submission = r#"{"id":"NR5-202504-20250512T091500","version":"1.6","provider":"NR5","rp_start":"2025-04-01","rp_end":"2025-04-30","file_received_at":"2025-05-12T08:15:00Z"}"#;
        let row = |table: &str, record: &str| {
            format!(r#"{{"table":"{table}","submission":{submission},"row_number":1,"record":{record}}}"#)
        };
        assert_eq!(key(&row("CYP104RTT", r#"{"ServiceRequestID":"S1|x"}"#)).as_deref(), Some("NR5|S1"));
        assert_eq!(key(&row("CYP001MPI", r#"{"LocalPatientID":"P1"}"#)).as_deref(), Some("NR5|P1"));
        assert_eq!(key(&row("CYP000Header", "{}")).as_deref(), Some("NR5-202504-20250512T091500"));
        let decision = r#"{"decision":{"submission":"NR5-202504-20250512T091500","decision":"paused"}}"#;
        assert_eq!(key(decision).as_deref(), Some("NR5-202504-20250512T091500"));
        let encounter = r#"{"resourceType":"Encounter","id":"S1","serviceProvider":{"reference":"Organization/RH8"}}"#;
        assert_eq!(key(encounter).as_deref(), Some("RH8|S1"));
        let visit = format!("MSH|^~\\&|PAS|RA9\rPV1|{}V1", "|".repeat(18));
        assert_eq!(key(&visit).as_deref(), Some("RA9|V1"));
        assert_eq!(key("not json"), None);
    }
}
