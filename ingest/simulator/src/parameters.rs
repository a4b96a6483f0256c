//! Every rate of the simulated Devon, in one place.

use chrono::{DateTime, Utc};
use homeward_contract::identity::PseudonymKeys;
use serde::{Deserialize, Serialize};

use crate::scenario::Scenario;

/// What is simulated. All shares are probabilities from 0 to 1; the defaults describe a plausible Devon
/// (`ucr.md`, `csds.md` section 10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Seed of all randomness: the same seed and parameters give the same bytes.
    pub seed: u64,
    /// First instant at which a referral can arrive.
    pub start: DateTime<Utc>,
    /// Number of days of arrivals; write-ups and closures follow after the last. Ignored by the endless stream.
    pub days: u32,
    /// Mean number of type-05 referrals a day over all providers.
    pub type05_per_day: f64,
    /// Share of type 07 among all two-hour referrals at receipt.
    pub type07_share: f64,
    /// Share of arrivals between 08:00 and 20:00 London time.
    pub daytime_share: f64,
    /// Arrivals of a Saturday or Sunday relative to a working day.
    pub weekend_factor: f64,
    /// Share of clocks whose times carry seconds (E2); the others are on the whole minute.
    pub seconds_share: f64,
    /// The providers; at most eight.
    pub providers: Vec<ProviderParameters>,
    /// What becomes of a referral.
    pub fates: FateRates,
    /// How the live feed misbehaves.
    pub feed: FeedRates,
    /// How the monthly submissions differ from the live feed.
    pub csds: CsdsRates,
    /// A provider at which every referral is seen and written up within two hours while it is quiet.
    pub quiet_provider: Option<String>,
    /// When the quiet begins; by default at the scenario's instant, else at `start`. Referrals that arrived before
    /// are quiet as well, so that none of them is open over 120 minutes when the quiet begins.
    pub quiet_from: Option<DateTime<Utc>>,
    /// Length of the quiet, in hours.
    pub quiet_hours: f64,
    /// A planted story, for the demonstration.
    pub scenario: Option<Scenario>,
    /// The key with which providers make pseudonyms at their edge; not secret, because nobody here is real. Who takes in
    /// messages with NHS numbers beside it needs the same key: [`Parameters::pseudonym_keys`].
    pub pseudonym_secret: String,
    /// Number of people a provider knows; at most 12,000.
    pub people_per_provider: u32,
    /// Share of people without an NHS number.
    pub no_nhs_number_share: f64,
    /// Share of people registered outside Devon.
    pub out_of_area_share: f64,
}

/// One provider of urgent community response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderParameters {
    /// Organisation code, for example `NR5`.
    pub code: String,
    /// Share of all referrals that come here; shares are relative to their sum.
    pub share: f64,
    /// Share of stopped type-05 clocks that stop within 120 minutes.
    pub two_hour_rate: f64,
    /// Local care partnerships whose people it serves.
    pub lcps: Vec<String>,
}

/// What becomes of a referral. The rest of the probability is "seen, clock stopped".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FateRates {
    /// Rejected or redirected before any contact (E10).
    pub rejected: f64,
    /// Of the rejected, the share rejected after the two hours are over.
    pub rejected_late: f64,
    /// Closed before any contact: withdrawn, admitted, died, refused (E16).
    pub closed_before_contact: f64,
    /// Of those, the share closed after the two hours are over.
    pub closed_late: f64,
    /// Reclassified from 05 to 07 (E12).
    pub reclassified: f64,
    /// Of the reclassified, the share decided after the two hours are over.
    pub reclassified_late: f64,
    /// Voided as a duplicate, an error or a test.
    pub voided: f64,
    /// Visited, but nobody recorded that the clock stopped; closed later.
    pub stop_never_recorded: f64,
    /// Never visited, never closed.
    pub left_open: f64,
    /// Of the seen, the share whose first contact is voided and recorded again.
    pub contact_voided: f64,
    /// Of the seen, the share whose clock end is amended.
    pub end_amended: f64,
    /// Of the seen, the share whose clock start is amended.
    pub start_amended: f64,
    /// Clock starts later than the referral was received: step-up after triage (E17).
    pub later_start: f64,
    /// Of the late responses, the share over thirty days (E19).
    pub over_thirty_days: f64,
}

/// How the live feed misbehaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedRates {
    /// First contacts written up after the shift instead of within the hour.
    pub late_write_up: f64,
    /// Messages sent again with the same id.
    pub duplicate_same_id: f64,
    /// Facts sent again under a new id.
    pub duplicate_new_id: f64,
    /// Messages delayed so that later facts overtake them.
    pub reordered: f64,
    /// Broken records, as a share of good messages; they come in addition.
    pub malformed: f64,
}

/// How the monthly submissions differ from the live feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsdsRates {
    /// Referrals missing from the first Primary and present from the Refresh on.
    pub late_record: f64,
    /// Live referrals that never reach CSDS (E22).
    pub absent: f64,
    /// Referrals only in CSDS, relative to live referrals.
    pub csds_only: f64,
    /// Stopped type-05 clocks that CSDS carries as type 07.
    pub changed_type: f64,
    /// Stopped clocks whose RTT end never reaches CSDS.
    pub end_missing: f64,
    /// Stopped clocks whose RTT end is missing in Primary and present in Refresh.
    pub end_gained_in_refresh: f64,
    /// Stopped clocks whose RTT start time is blank (D7).
    pub start_time_missing: f64,
    /// Stopped clocks whose RTT end time is blank (E3).
    pub end_time_missing: f64,
    /// Stopped clocks whose end was typed half an hour before the start (E5).
    pub negative_wait: f64,
    /// Voided referrals that the provider submits all the same.
    pub voided_still_submitted: f64,
    /// Rows with dirty waiting type and attendance codes (D1).
    pub dirty_codes: f64,
    /// Referrals of a submission whose id carries a suffix after a bar (D2).
    pub suffixed_ids: f64,
    /// Submissions with a row under a placeholder id (D2).
    pub placeholder_ids: f64,
    /// Time items with a date part, dummy or real (D7).
    pub dated_times: f64,
    /// Submissions whose provider code is padded with 00 (D8).
    pub padded_provider: f64,
    /// Primary submissions that are sent a second time inside the window.
    pub resubmitted: f64,
    /// Refreshes that are sent once more long after their window.
    pub late_refresh: f64,
    /// Referrals that a later submission of a month leaves out, for each submission.
    pub left_out: f64,
    /// Submissions of which only the first half of the records ever arrives.
    pub broken_off: f64,
    /// Submissions whose second half arrives hours or days later.
    pub completed_later: f64,
    /// Submissions that are withdrawn; four in ten of them are reinstated.
    pub withdrawn: f64,
    /// Referrals of other services a provider submits each month, with waiting types 01, 04 and 06.
    pub other_referrals_per_month: u32,
    /// Referrals to other community services that a provider receives each month, with their contacts, sent until they end.
    pub community_referrals_per_month: u32,
    /// Broken rows added to each submission.
    pub malformed_rows: u32,
    /// People, referrals and contacts with rows in the tables that no indicator needs yet; 0 leaves those tables empty.
    pub further_tables: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            seed: 1,
            // 1 March 2025: the month of the spring clock change.
            start: DateTime::from_timestamp(1_740_787_200, 0).unwrap_or_default(),
            days: 61,
            type05_per_day: 27.0,
            type07_share: 0.15,
            daytime_share: 0.90,
            weekend_factor: 0.85,
            seconds_share: 0.05,
            providers: default_providers(),
            fates: FateRates::default(),
            feed: FeedRates::default(),
            csds: CsdsRates::default(),
            quiet_provider: None,
            quiet_from: None,
            quiet_hours: 3.0,
            scenario: None,
            pseudonym_secret: "homeward-test-key-not-secret".to_owned(),
            people_per_provider: 6_000,
            no_nhs_number_share: 0.03,
            out_of_area_share: 0.02,
        }
    }
}

fn default_providers() -> Vec<ProviderParameters> {
    let provider = |code: &str, share: f64, two_hour_rate: f64, lcps: &[&str]| ProviderParameters {
        code: code.to_owned(),
        share,
        two_hour_rate,
        lcps: lcps.iter().map(|name| (*name).to_owned()).collect(),
    };
    vec![
        provider("NR5", 0.40, 0.82, &["Plymouth"]),
        provider("RA9", 0.22, 0.86, &["Southern"]),
        provider("RH8", 0.28, 0.84, &["Eastern", "Northern"]),
        provider("RK9", 0.10, 0.80, &["Western"]),
    ]
}

impl Default for FateRates {
    fn default() -> Self {
        Self {
            rejected: 0.03,
            rejected_late: 0.2,
            closed_before_contact: 0.04,
            closed_late: 0.4,
            reclassified: 0.03,
            reclassified_late: 0.2,
            voided: 0.015,
            stop_never_recorded: 0.02,
            left_open: 0.01,
            contact_voided: 0.004,
            end_amended: 0.03,
            start_amended: 0.01,
            later_start: 0.04,
            over_thirty_days: 0.005,
        }
    }
}

impl Default for FeedRates {
    fn default() -> Self {
        Self {
            late_write_up: 0.25,
            duplicate_same_id: 0.01,
            duplicate_new_id: 0.004,
            reordered: 0.02,
            malformed: 0.002,
        }
    }
}

impl Default for CsdsRates {
    fn default() -> Self {
        Self {
            late_record: 0.03,
            absent: 0.02,
            csds_only: 0.01,
            changed_type: 0.01,
            end_missing: 0.09,
            end_gained_in_refresh: 0.04,
            start_time_missing: 0.006,
            end_time_missing: 0.006,
            negative_wait: 0.004,
            voided_still_submitted: 0.3,
            dirty_codes: 0.05,
            suffixed_ids: 0.01,
            placeholder_ids: 0.5,
            dated_times: 0.05,
            padded_provider: 0.2,
            resubmitted: 0.2,
            // The demonstration and `simulate` tell other stories; tests turn these on.
            late_refresh: 0.0,
            left_out: 0.0,
            broken_off: 0.0,
            completed_later: 0.0,
            withdrawn: 0.0,
            other_referrals_per_month: 12,
            community_referrals_per_month: 12,
            malformed_rows: 2,
            further_tables: 0.05,
        }
    }
}

/// Version of the pseudonym key that simulated providers use.
pub(crate) const KEY_VERSION: u32 = 3;

impl Parameters {
    /// The keys with which pseudonyms are made of NHS numbers, in every feed. Whoever takes in CSDS or HL7, where the number
    /// itself stands, makes the same pseudonyms with the same keys.
    #[must_use]
    pub fn pseudonym_keys(&self) -> PseudonymKeys {
        PseudonymKeys::from_secret(KEY_VERSION, self.pseudonym_secret.as_bytes())
    }

    /// The stretch in which [`Parameters::quiet_provider`] is quiet, if there is one.
    #[must_use]
    pub fn quiet_until(&self) -> Option<DateTime<Utc>> {
        self.quiet_provider.as_ref()?;
        let from = self.quiet_from.or(self.scenario.as_ref().map(Scenario::at)).unwrap_or(self.start);
        let seconds = (self.quiet_hours.max(0.0) * 3600.0).min(1e9) as i64;
        Some(from + chrono::Duration::seconds(seconds))
    }

    /// Parameters whose feed delivers each fact once, in order, promptly and unbroken; submissions agree with it.
    #[must_use]
    pub fn clean(mut self) -> Self {
        self.feed = FeedRates {
            late_write_up: 0.0,
            duplicate_same_id: 0.0,
            duplicate_new_id: 0.0,
            reordered: 0.0,
            malformed: 0.0,
        };
        self.csds = CsdsRates {
            late_record: 0.0,
            absent: 0.0,
            csds_only: 0.0,
            changed_type: 0.0,
            end_missing: 0.0,
            end_gained_in_refresh: 0.0,
            start_time_missing: 0.0,
            end_time_missing: 0.0,
            negative_wait: 0.0,
            voided_still_submitted: 0.0,
            dirty_codes: 0.0,
            suffixed_ids: 0.0,
            placeholder_ids: 0.0,
            dated_times: 0.0,
            padded_provider: 0.0,
            resubmitted: 0.0,
            late_refresh: 0.0,
            left_out: 0.0,
            broken_off: 0.0,
            completed_later: 0.0,
            withdrawn: 0.0,
            other_referrals_per_month: 0,
            community_referrals_per_month: 0,
            malformed_rows: 0,
            further_tables: 0.0,
        };
        self
    }
}
