//! From a short CSDS entry of a case to the records of a whole submission.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate, NaiveDateTime, SecondsFormat};
use homeward_contract::decision::{Decision, Verdict};
use homeward_contract::feed::Feed;
use homeward_contract::time::{parse_local_date_time, parse_offset_instant, resolve_start};
use serde::Deserialize;
use serde_json::json;

use super::case::{CaseFault, CaseRecord};
use super::case_rows::{ContactInput, ReferralInput};

/// A row under the real names of the CSDS items; times are strings as a file would hold them.
pub type Row = BTreeMap<String, String>;

/// One submission, whole unless it says otherwise. Rows that the given ones need and that are not given (person, practice,
/// referral, service) are added.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmissionInput {
    /// Default NR5.
    #[serde(default = "livewell")]
    pub provider: String,
    /// Data set version. Default 1.6.
    #[serde(default = "newest_version")]
    pub version: String,
    /// Reporting period as CCYY-MM.
    pub rp: String,
    /// FileCreation_DateTime, local.
    pub created: String,
    /// When the file was received and Homeward took it in, with offset. Default: `created` as London time.
    pub received: Option<String>,
    /// `primary` or `refresh`. Default: by the submission calendar.
    pub file_type: Option<String>,
    /// The last row of the last table that has any does not arrive.
    #[serde(default)]
    pub half_sent: bool,
    /// When it was withdrawn, with offset.
    pub withdrawn: Option<String>,
    /// When it was reinstated, with offset.
    pub reinstated: Option<String>,
    /// Clocks in short form: each becomes a referral, a service and a CYP104 row.
    #[serde(default)]
    pub clocks: Vec<ClockInput>,
    /// Referrals without a clock in short form: each becomes a referral and its services.
    #[serde(default)]
    pub referrals: Vec<ReferralInput>,
    /// Contacts in short form.
    #[serde(default)]
    pub contacts: Vec<ContactInput>,
    /// CYP001MPI rows.
    #[serde(default)]
    pub cyp001: Vec<Row>,
    /// CYP002GP rows.
    #[serde(default)]
    pub cyp002: Vec<Row>,
    /// CYP101Referral rows.
    #[serde(default)]
    pub cyp101: Vec<Row>,
    /// CYP102ServiceTypeReferredTo rows.
    #[serde(default)]
    pub cyp102: Vec<Row>,
    /// CYP104RTT rows; WaitingTime_MeasurementType is 05 unless given.
    #[serde(default)]
    pub cyp104: Vec<Row>,
    /// CYP201CareContact rows.
    #[serde(default)]
    pub cyp201: Vec<Row>,
}

/// One clock, or many alike.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockInput {
    /// ServiceRequestID; with `count` above 1 a number is added.
    pub referral: String,
    /// Clock start, local, `2025-06-12T10:02` or with seconds.
    pub start: String,
    /// Clock end, local; absent for an open clock.
    pub end: Option<String>,
    /// WaitingTime_MeasurementType. Default 05.
    #[serde(rename = "type", default = "two_hour")]
    pub waiting_type: String,
    /// How many clocks of this kind, each on a referral of its own. Default 1.
    #[serde(default = "one")]
    pub count: u32,
    /// Referral received, local. Default: the clock start.
    pub received: Option<String>,
    /// OrgID_Commissioner. Default 15N.
    pub commissioner: Option<String>,
    /// TeamType. Default 51.
    pub team: Option<String>,
}

impl SubmissionInput {
    /// The records of this submission; `place` is its place in the case, counted from 0.
    pub(super) fn records(&self, place: usize) -> Result<Vec<CaseRecord>, CaseFault> {
        let fault = |what: String| CaseFault {
            entry: format!("submission {} ({} {})", place + 1, self.provider, self.rp),
            what,
        };
        let envelope = self.envelope().map_err(fault)?;
        let tables = self.tables().map_err(fault)?;
        let mut made = Vec::new();
        let counts: BTreeMap<&str, usize> = tables.iter().map(|(table, rows)| (*table, rows.len())).collect();
        for (table, rows) in tables {
            for (index, row) in rows.iter().enumerate() {
                made.push(envelope.record(table, index + 1, row, None));
            }
        }
        if self.half_sent {
            made.pop();
        }
        // The header comes last, as from a file, and says how many rows there are.
        made.push(envelope.record("CYP000Header", 1, &envelope.header, Some(&json!(counts))));
        let decisions = [(Verdict::Withdrawn, &self.withdrawn), (Verdict::Reinstated, &self.reinstated)];
        for (verdict, at) in decisions {
            if let Some(at) = at {
                made.push(envelope.decision(verdict, at).map_err(fault)?);
            }
        }
        Ok(made)
    }

    fn envelope(&self) -> Result<Envelope<'_>, String> {
        let month = format!("{}-01", self.rp);
        let start: NaiveDate = month.parse().map_err(|_| format!("'{}' is no month; write 2025-06", self.rp))?;
        let end = (start + Months::new(1)).pred_opt().ok_or("the month is out of range")?;
        let created = local(&self.created)?;
        let received_at = match &self.received {
            Some(text) => parse_offset_instant(text).map_err(|error| format!("'{text}': {error}"))?,
            None => resolve_start(created).at,
        };
        let header = row(&[
            ("Version", self.version.clone()),
            ("OrgID_Provider", self.provider.clone()),
            ("OrgID_Submitter", self.provider.clone()),
            ("RP_StartDate", start.to_string()),
            ("RP_EndDate", end.to_string()),
            ("FileCreation_DateTime", created.format("%Y-%m-%dT%H:%M:%S").to_string()),
            ("PrimarySystem", "Homeward case".to_owned()),
        ]);
        let id = format!("{}-{}-{}", self.provider, start.format("%Y%m"), created.format("%Y%m%dT%H%M%S"));
        Ok(Envelope { input: self, id, start, end, received_at, header })
    }

    /// Rows by table, given and added, in the order of the tables.
    fn tables(&self) -> Result<[(&'static str, Vec<Row>); 6], String> {
        let (mut cyp101, mut cyp102, mut cyp104) = (self.cyp101.clone(), self.cyp102.clone(), self.cyp104.clone());
        for clock in &self.clocks {
            for referral in clock.referrals() {
                let (referral_row, service_row, rtt_row) = clock.rows(&referral)?;
                // Two clocks may share a referral (E8): one referral, one service.
                if !cyp101.iter().any(|row| is_of(row, &referral)) {
                    cyp101.push(referral_row);
                    cyp102.push(service_row);
                }
                cyp104.push(rtt_row);
            }
        }
        for referral in &self.referrals {
            let (referral_row, services) = referral.rows()?;
            cyp101.push(referral_row);
            cyp102.extend(services);
        }
        let mut cyp201 = self.cyp201.clone();
        for contact in &self.contacts {
            cyp201.push(contact.row(&self.version)?);
        }
        for rtt in &mut cyp104 {
            rtt.entry("WaitingTime_MeasurementType".to_owned()).or_insert_with(two_hour);
        }
        add_referrals(&mut cyp101, &cyp104, ("RTT_StartDate", "RTT_StartTime"));
        add_referrals(&mut cyp101, &cyp201, ("Contact_Date", "Contact_Time"));
        add_services(&mut cyp102, &cyp101);
        for referral in &mut cyp101 {
            let id = referral.get("ServiceRequestID").cloned().unwrap_or_default();
            referral.entry("LocalPatientID".to_owned()).or_insert_with(|| format!("P-{id}"));
            referral.entry("OrgID_Commissioner".to_owned()).or_insert_with(|| "15N".to_owned());
        }
        let people: BTreeSet<String> = cyp101.iter().filter_map(|row| row.get("LocalPatientID").cloned()).collect();
        let (mut cyp001, mut cyp002) = (self.cyp001.clone(), self.cyp002.clone());
        for person in people {
            let is_person = |row: &Row| row.get("LocalPatientID") == Some(&person);
            if !cyp001.iter().any(is_person) {
                cyp001
                    .push(row(&[("LocalPatientID", person.clone()), ("OrgID_LocalPatientID", self.provider.clone())]));
            }
            if !cyp002.iter().any(is_person) {
                cyp002.push(row(&[("LocalPatientID", person.clone()), ("OrgID_GP", "L83999".to_owned())]));
            }
        }
        Ok([
            ("CYP001MPI", cyp001),
            ("CYP002GP", cyp002),
            ("CYP101Referral", cyp101),
            ("CYP102ServiceTypeReferredTo", cyp102),
            ("CYP104RTT", cyp104),
            ("CYP201CareContact", cyp201),
        ])
    }
}

/// A referral row for each clock or contact that has none, received then.
fn add_referrals(cyp101: &mut Vec<Row>, rows: &[Row], (date, time): (&str, &str)) {
    for rtt in rows {
        let Some(referral) = rtt.get("ServiceRequestID") else { continue };
        if cyp101.iter().any(|row| is_of(row, referral)) {
            continue;
        }
        let mut added = row(&[("ServiceRequestID", referral.clone())]);
        let copied = [(date, "ReferralRequest_ReceivedDate"), (time, "ReferralRequest_ReceivedTime")];
        for (from, to) in copied {
            if let Some(value) = rtt.get(from) {
                added.insert(to.to_owned(), value.clone());
            }
        }
        cyp101.push(added);
    }
}

/// A service row of team type 51 for each referral that has none.
fn add_services(cyp102: &mut Vec<Row>, cyp101: &[Row]) {
    for referral in cyp101.iter().filter_map(|row| row.get("ServiceRequestID")) {
        if !cyp102.iter().any(|row| is_of(row, referral)) {
            cyp102.push(service(referral, "51"));
        }
    }
}

fn service(referral: &str, team_type: &str) -> Row {
    row(&[
        ("ServiceRequestID", referral.to_owned()),
        ("TeamID_Local", "UCR-PLY".to_owned()),
        ("TeamType", team_type.to_owned()),
    ])
}

impl ClockInput {
    fn referrals(&self) -> Vec<String> {
        if self.count == 1 {
            return vec![self.referral.clone()];
        }
        (1..=self.count).map(|number| format!("{}-{number:04}", self.referral)).collect()
    }

    fn rows(&self, referral: &str) -> Result<(Row, Row, Row), String> {
        let start = local(&self.start)?;
        let received = self.received.as_deref().map_or(Ok(start), local)?;
        let referral_row = row(&[
            ("ServiceRequestID", referral.to_owned()),
            ("OrgID_Commissioner", self.commissioner.clone().unwrap_or_else(|| "15N".to_owned())),
            ("ReferralRequest_ReceivedDate", received.date().to_string()),
            ("ReferralRequest_ReceivedTime", received.time().format("%H:%M:%S").to_string()),
        ]);
        let mut rtt_row = row(&[
            ("ServiceRequestID", referral.to_owned()),
            ("WaitingTime_MeasurementType", self.waiting_type.clone()),
            ("RTT_StartDate", start.date().to_string()),
            ("RTT_StartTime", start.time().format("%H:%M:%S").to_string()),
        ]);
        if let Some(end) = self.end.as_deref().map(local).transpose()? {
            rtt_row.insert("RTT_EndDate".to_owned(), end.date().to_string());
            rtt_row.insert("RTT_EndTime".to_owned(), end.time().format("%H:%M:%S").to_string());
        }
        let service_row = service(referral, self.team.as_deref().unwrap_or("51"));
        Ok((referral_row, service_row, rtt_row))
    }
}

/// What every record of a submission carries.
struct Envelope<'a> {
    input: &'a SubmissionInput,
    id: String,
    start: NaiveDate,
    end: NaiveDate,
    received_at: chrono::DateTime<chrono::Utc>,
    header: Row,
}

impl Envelope<'_> {
    fn decision(&self, verdict: Verdict, at: &str) -> Result<CaseRecord, String> {
        let at = parse_offset_instant(at).map_err(|error| format!("'{at}': {error}"))?;
        let decision = Decision {
            id: format!("{}-{}", self.id, verdict.as_str()),
            submission: self.id.clone(),
            verdict,
            reason: "as the case says".to_owned(),
            by: "case".to_owned(),
            at,
        };
        let payload = decision.payload().into_bytes();
        Ok(CaseRecord { feed: Feed::Csds, key: self.id.clone().into_bytes(), payload, known_at: at })
    }

    fn record(&self, table: &str, row_number: usize, row: &Row, manifest: Option<&serde_json::Value>) -> CaseRecord {
        let mut submission = json!({
            "id": self.id,
            "version": self.input.version,
            "provider": self.input.provider,
            "rp_start": self.start.to_string(),
            "rp_end": self.end.to_string(),
            "file_received_at": self.received_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        });
        if let Some(file_type) = &self.input.file_type {
            submission["file_type"] = json!(file_type);
        }
        let mut payload = json!({"table": table, "submission": submission, "row_number": row_number, "record": row});
        if let Some(manifest) = manifest {
            payload["rows"] = manifest.clone();
        }
        let own = row.get("ServiceRequestID").or_else(|| row.get("LocalPatientID"));
        let key = own.map_or_else(|| self.id.clone(), |id| format!("{}|{id}", self.input.provider));
        CaseRecord {
            feed: Feed::Csds,
            key: key.into_bytes(),
            payload: payload.to_string().into_bytes(),
            known_at: self.received_at,
        }
    }
}

fn is_of(row: &Row, referral: &str) -> bool {
    row.get("ServiceRequestID").is_some_and(|id| id == referral)
}

pub(super) fn row(items: &[(&str, String)]) -> Row {
    items.iter().map(|(item, value)| ((*item).to_owned(), value.clone())).collect()
}

fn local(text: &str) -> Result<NaiveDateTime, String> {
    parse_local_date_time(text).map_err(|error| format!("'{text}': {error}"))
}

fn livewell() -> String {
    "NR5".to_owned()
}

fn newest_version() -> String {
    "1.6".to_owned()
}

fn two_hour() -> String {
    "05".to_owned()
}

const fn one() -> u32 {
    1
}
