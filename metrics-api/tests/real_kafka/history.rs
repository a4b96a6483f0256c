//! A planted history of one provider in June 2025, whose figures follow from its seed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use crate::random::Xorshift;

pub(crate) const PROVIDER: &str = "NR5";
pub(crate) const MONTH_START: &str = "2025-06-01";

/// Lines to publish, and the truth about them.
pub(crate) struct History {
    /// One event a line, in the order in which they are published.
    lines: Vec<String>,
    /// Ids of the events that must become facts.
    pub(crate) event_ids: BTreeSet<String>,
    /// Lines that must become facts, duplicates included.
    pub(crate) good: usize,
    /// Lines that must be quarantined.
    pub(crate) bad: usize,
    pub(crate) referrals: u64,
    pub(crate) seen_within_two_hours: u64,
}

impl History {
    /// `referrals` referrals, each received and then seen; some events come twice, some are of an unknown type.
    pub(crate) fn planted(seed: u64, referrals: u64) -> Self {
        let mut random = Xorshift::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut history = Self {
            lines: Vec::new(),
            event_ids: BTreeSet::new(),
            good: 0,
            bad: 0,
            referrals,
            seen_within_two_hours: 0,
        };
        for referral in 0..referrals {
            let wait_minutes = 5 + random.below(180);
            history.seen_within_two_hours += u64::from(wait_minutes <= 120);
            let day = 1 + referral % 28;
            let start = format!("2025-06-{day:02}T{:02}:{:02}:00+01:00", 8 + referral % 8, referral % 60);
            let end_minute = (8 + referral % 8) * 60 + referral % 60 + wait_minutes;
            let end = format!("2025-06-{day:02}T{:02}:{:02}:00+01:00", end_minute / 60, end_minute % 60);
            let received = history.add(seed, referral, 1, &received_data(referral, &start));
            let seen = history.add(seed, referral, 2, &seen_data(referral, &end));
            if referral % 50 == 7 {
                history.good += 2;
                history.lines.extend([seen, received]);
            }
            if referral % 100 == 3 {
                history.bad += 1;
                let line = event(seed, referral, 3, "ucr-referral-teleported-1", &received_data(referral, &start));
                history.lines.push(line);
            }
        }
        history
    }

    fn add(&mut self, seed: u64, referral: u64, version: u64, data: &str) -> String {
        let kind = if version == 1 { "ucr-referral-received-1" } else { "ucr-first-contact-1" };
        let line = event(seed, referral, version, kind, data);
        self.event_ids.insert(event_id(seed, referral, version));
        self.good += 1;
        self.lines.push(line.clone());
        line
    }

    pub(crate) fn lines(&self) -> usize {
        self.lines.len()
    }

    /// The text of an .ndjson file with these lines.
    pub(crate) fn ndjson(&self, lines: Range<usize>) -> String {
        let mut text = String::new();
        for line in &self.lines[lines] {
            writeln!(text, "{line}").expect("a string takes text");
        }
        text
    }

    /// The lines in `parts` consecutive parts.
    pub(crate) fn parts(&self, parts: usize) -> Vec<Range<usize>> {
        let bound = |part: usize| self.lines.len() * part / parts;
        (0..parts).map(|part| bound(part)..bound(part + 1)).collect()
    }
}

fn event_id(seed: u64, referral: u64, version: u64) -> String {
    format!("{seed:08x}-0000-4000-8000-{:012x}", referral * 8 + version)
}

fn event(seed: u64, referral: u64, version: u64, kind: &str, data: &str) -> String {
    let day = 1 + referral % 28;
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"uk.nhs.nr5.ucr-feed","type":"{kind}","time":"2025-06-{day:02}T1{version}:30:00Z","subject":"{PROVIDER}|S{referral}","datacontenttype":"application/json","versionid":"{version}","filtering":{{"provider":"{PROVIDER}","icb":"QJK","teamType":"51","waitingTimeType":"05"}},"data":{data}}}"#,
        id = event_id(seed, referral, version),
    )
}

fn received_data(referral: u64, start: &str) -> String {
    format!(
        r#"{{"OrgID_Provider":"{PROVIDER}","ServiceRequestID":"S{referral}","OrgID_Commissioner":"15N","person":{{"pseudonym":"vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg","keyVersion":3,"ageYears":84,"lsoa":"E01999901","practice":"L83999"}},"ReferralRequest_ReceivedDateTime":"{start}","RTT_StartDateTime":"{start}","WaitingTime_MeasurementType":"05","sourceGroup":"999","OrgID_Referring":"RYF","Priority_Type":"2","TeamType":"51","TeamID_Local":"UCR-PLY","usualResidence":"own_home"}}"#
    )
}

fn seen_data(referral: u64, end: &str) -> String {
    format!(
        r#"{{"OrgID_Provider":"{PROVIDER}","ServiceRequestID":"S{referral}","CareContactID":"C{referral}","Contact_DateTime":"{end}","CareContact_Duration":50,"ConsMechanism":"01","AttendanceStatus":"5","Activity_LocationType":"A01","Consultation_Type":"01","TeamID_Local":"UCR-PLY","stopsClock":true,"RTT_EndDateTime":"{end}"}}"#
    )
}
