//! Figures of contacts and community referrals that follow from the planted rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

use super::Truth;
use super::figures::{Ratio, month_name};
use crate::csds::{PlantedContact, PlantedReferral};
use crate::wall::wall;

/// Counts by provider and month.
type ByMonth<Value> = BTreeMap<(String, String), Value>;

impl Truth {
    /// Distinct contacts by provider and month of their date; of two-hour referrals alone, or of all.
    #[must_use]
    pub fn contacts(&self, as_known_at: DateTime<Utc>, two_hour: bool) -> ByMonth<u64> {
        let mut cells = ByMonth::new();
        for contact in self.newest_contacts(as_known_at) {
            if !two_hour || contact.1 {
                *cells.entry((contact.0.provider.clone(), month_name(contact.0.on))).or_default() += 1;
            }
        }
        cells
    }

    /// Contacts not attended (3, 7) of those attended or not (3, 5, 6, 7), by provider and month.
    #[must_use]
    pub fn did_not_attend(&self, as_known_at: DateTime<Utc>) -> ByMonth<Ratio> {
        let mut cells: ByMonth<Ratio> = ByMonth::new();
        for (contact, _) in self.newest_contacts(as_known_at) {
            if ["3", "5", "6", "7"].contains(&contact.attendance.as_str()) {
                let cell = cells.entry((contact.provider.clone(), month_name(contact.on))).or_default();
                cell.denominator += 1;
                cell.met += u64::from(["3", "7"].contains(&contact.attendance.as_str()));
            }
        }
        cells
    }

    /// Referrals to any service by provider and month of receipt.
    #[must_use]
    pub fn community_referrals(&self, as_known_at: DateTime<Utc>) -> ByMonth<u64> {
        let mut cells = ByMonth::new();
        for row in self.newest_referrals(as_known_at) {
            *cells.entry((row.provider.clone(), month_name(row.received_on))).or_default() += 1;
        }
        cells
    }

    /// Distinct people with a referral to any service by provider and month of receipt. A provider gives each of its people
    /// one local id and one NHS number or none, so that the local id tells them apart.
    #[must_use]
    pub fn people_referred(&self, as_known_at: DateTime<Utc>) -> ByMonth<u64> {
        let rows = self.newest_referrals(as_known_at).into_iter();
        distinct(rows.map(|row| (row.provider.as_str(), row.received_on, row.person.as_str())))
    }

    /// Distinct people with a contact, whoever attended, by provider and month of its date.
    #[must_use]
    pub fn people_contacted(&self, as_known_at: DateTime<Utc>) -> ByMonth<u64> {
        let rows = self.newest_contacts(as_known_at).into_iter();
        distinct(rows.map(|(row, _)| (row.provider.as_str(), row.on, row.person.as_str())))
    }

    /// Referrals to any service that are open at the end of each month, and in the month under way.
    #[must_use]
    pub fn caseload(&self, as_known_at: DateTime<Utc>) -> ByMonth<u64> {
        let mut cells = ByMonth::new();
        let now = wall(as_known_at).date();
        for row in self.newest_referrals(as_known_at) {
            let mut month = row.received_on.with_day(1).unwrap_or(row.received_on);
            while month <= now {
                let next = month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
                if row.ended_on.is_none_or(|ended| ended >= next) {
                    *cells.entry((row.provider.clone(), month_name(month))).or_default() += 1;
                }
                month = next;
            }
        }
        cells
    }

    /// The newest row of each contact among the submissions that count, and whether its referral has a two-hour clock.
    fn newest_contacts(&self, as_known_at: DateTime<Utc>) -> Vec<(&PlantedContact, bool)> {
        let counting = self.counting(as_known_at);
        let mut newest: BTreeMap<(&str, &str, &str), &PlantedContact> = BTreeMap::new();
        for row in self.contact_rows.iter().filter(|row| counting.contains(row.rank.2.as_str())) {
            let held = newest.entry((&row.provider, &row.referral, &row.contact)).or_insert(row);
            if row.rank > held.rank {
                *held = row;
            }
        }
        let two_hour: BTreeSet<u64> = (self.referrals.iter())
            .filter(|referral| !self.newest_rows(referral.serial, &counting).is_empty())
            .map(|referral| referral.serial)
            .collect();
        newest.into_values().map(|row| (row, row.serial.is_some_and(|serial| two_hour.contains(&serial)))).collect()
    }

    /// The newest row of each referral among the submissions that count.
    fn newest_referrals(&self, as_known_at: DateTime<Utc>) -> Vec<&PlantedReferral> {
        let counting = self.counting(as_known_at);
        let mut newest: BTreeMap<(&str, &str), &PlantedReferral> = BTreeMap::new();
        for row in self.referral_rows.iter().filter(|row| counting.contains(row.rank.2.as_str())) {
            let held = newest.entry((&row.provider, &row.referral)).or_insert(row);
            if row.rank > held.rank {
                *held = row;
            }
        }
        newest.into_values().collect()
    }
}

/// How many distinct people there are in each provider and month.
fn distinct<'a>(rows: impl Iterator<Item = (&'a str, NaiveDate, &'a str)>) -> ByMonth<u64> {
    let mut cells: ByMonth<BTreeSet<&str>> = ByMonth::new();
    for (provider, day, person) in rows {
        cells.entry((provider.to_owned(), month_name(day))).or_default().insert(person);
    }
    cells.into_iter().map(|(cell, people)| (cell, people.len() as u64)).collect()
}
