//! Rows of the fact tables into the book: found or made are the referral and the person that each is about.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use homeward_contract::feed::Table;

use super::contact_rows::Frame;
use super::csds::CsdsPerson;
use super::fold::Rows;
use super::read::FactShapeError;
use super::referral_rows::ReferralRows;
use super::submission::RowPlace;
use super::{Book, Entry, events, rows};

impl Book {
    pub(super) fn apply_events(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = events::EventColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            let (provider, id) = columns.subject(row);
            let index = self.entry(provider, id);
            let entry = self.entries.get_mut(index, &self.shared);
            columns.put(row, entry.live.get_or_insert_default(), &mut self.shared.texts, &mut self.manners);
            if let Some(contact) = columns.contact_id(row) {
                entry.contacts.get_or_insert_default().place(contact);
            }
            let event_time = columns.event_time(row);
            match self.watermarks.get_mut(&entry.provider) {
                Some(watermark) => *watermark = event_time.max(*watermark),
                None => {
                    self.watermarks.insert(Arc::clone(&entry.provider), event_time);
                }
            }
            self.touched.push(index);
        }
        Ok(())
    }

    pub(super) fn apply_referrals(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = rows::ReferralColumns::new(batch)?;
        for (row, place) in self.register.take(Table::Cyp101Referral, batch)?.into_iter().enumerate() {
            let Some(id) = columns.id(row) else { continue };
            let index = self.entry_of(columns.submission.provider(row), id, place);
            let person = columns.person(row).map(|pseudonym| self.person(index, pseudonym));
            let facts = columns.facts(row, person, &mut self.shared.texts);
            self.entries.get_mut(index, &self.shared).csds.get_or_insert_default().receive(place, facts);
        }
        Ok(())
    }

    pub(super) fn apply_services(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = rows::ServiceColumns::new(batch)?;
        for (row, place) in self.register.take(Table::Cyp102ServiceTypeReferredTo, batch)?.into_iter().enumerate() {
            let Some(id) = columns.id(row) else { continue };
            let index = self.entry_of(columns.submission.provider(row), id, place);
            let facts = columns.facts(row, &mut self.shared.texts);
            let csds = self.entries.get_mut(index, &self.shared).csds.get_or_insert_default();
            csds.service(columns.team(row), place, facts);
        }
        Ok(())
    }

    pub(super) fn apply_clocks(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = rows::RttColumns::new(batch)?;
        for (row, place) in self.register.take(Table::Cyp104Rtt, batch)?.into_iter().enumerate() {
            let Some(id) = columns.id(row) else { continue };
            let Some((key, rtt)) = columns.facts(row, &mut self.shared.texts) else { continue };
            let index = self.entry_of(columns.submission.provider(row), id, place);
            self.entries.get_mut(index, &self.shared).csds.get_or_insert_default().clock(key, place, rtt);
        }
        Ok(())
    }

    pub(super) fn apply_contacts(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = rows::ContactColumns::new(batch)?;
        for (row, place) in self.register.take(Table::Cyp201CareContact, batch)?.into_iter().enumerate() {
            let Some(((referral, contact), when)) = columns.ids(row).zip(columns.when(row)) else { continue };
            let manner = self.manners.number(columns.manner(row, &mut self.shared.texts));
            let index = self.entry_of(columns.submission.provider(row), referral, place);
            self.entries
                .get_mut(index, &self.shared)
                .contacts
                .get_or_insert_default()
                .receive(contact, place, when, manner);
        }
        Ok(())
    }

    pub(super) fn apply_people(
        &mut self,
        table: Table,
        columns: &rows::PersonColumns<'_>,
        batch: &RecordBatch,
    ) -> Result<(), FactShapeError> {
        for (row, place) in self.register.take(table, batch)?.into_iter().enumerate() {
            let Some(pseudonym) = columns.person(row) else { continue };
            let provider = self.provider(columns.submission.provider(row));
            let index = self.person_index(&provider, pseudonym);
            let person = self.people.get_mut(index, &self.shared);
            columns.put(row, place, person, &mut self.shared.texts);
            self.register.touches_person(place.submission, index);
            if self.register.is_effective(place.submission) {
                self.touched.extend(person.referrals.iter().copied());
            }
        }
        Ok(())
    }

    /// The entry of a referral that a submission has a row about. While the submission is not read, nothing changes.
    fn entry_of(&mut self, provider: &str, id: &str, place: RowPlace) -> u32 {
        let index = self.entry(provider, id);
        self.register.touches_entry(place.submission, index);
        if self.register.is_read(place.submission) {
            self.touched.push(index);
        }
        index
    }

    /// The shared pseudonym of a person of a referral's provider. The person keeps every referral that ever named it: its
    /// contacts of then stay its own (D4).
    fn person(&mut self, referral: u32, pseudonym: &str) -> Arc<str> {
        let provider = Arc::clone(&self.entries.get(referral, &self.shared).provider);
        let index = self.person_index(&provider, pseudonym);
        let person = self.people.get(index, &self.shared);
        let shared = Arc::clone(&person.pseudonym);
        if let Err(at) = person.referrals.binary_search(&referral) {
            self.people.get_mut(index, &self.shared).referrals.insert(at, referral);
        }
        shared
    }

    fn person_index(&mut self, provider: &Arc<str>, pseudonym: &str) -> u32 {
        let known = self.people.find(provider, pseudonym, &self.shared);
        known.unwrap_or_else(|| self.people.add(CsdsPerson::new(provider, pseudonym)))
    }

    fn provider(&mut self, code: &str) -> Arc<str> {
        if let Some(provider) = self.providers.get(code) {
            return Arc::clone(provider);
        }
        let rolled_up = self.areas.provider(code);
        let provider = self.shared.texts.share(&rolled_up);
        self.providers.insert(Box::from(code), Arc::clone(&provider));
        provider
    }

    fn entry(&mut self, provider: &str, id: &str) -> u32 {
        let provider = self.provider(provider);
        if let Some(index) = self.entries.find(&provider, id, &self.shared) {
            return index;
        }
        self.entries.add(Entry {
            provider,
            service_request_id: Arc::from(id),
            person: None,
            live: None,
            csds: None,
            contacts: None,
            rows: Rows::default(),
            referral: ReferralRows::default(),
            frames: [Frame::default(); 2],
            days: Vec::new(),
        })
    }
}
