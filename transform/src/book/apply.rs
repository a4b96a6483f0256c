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
            let entry = &mut self.entries[index as usize];
            columns.put(row, entry.live.get_or_insert_default(), &mut self.interner, &mut self.manners);
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
            let facts = columns.facts(row, person, &mut self.interner);
            self.entries[index as usize].csds.get_or_insert_default().receive(place, facts);
        }
        Ok(())
    }

    pub(super) fn apply_services(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = rows::ServiceColumns::new(batch)?;
        for (row, place) in self.register.take(Table::Cyp102ServiceTypeReferredTo, batch)?.into_iter().enumerate() {
            let Some(id) = columns.id(row) else { continue };
            let index = self.entry_of(columns.submission.provider(row), id, place);
            let facts = columns.facts(row, &mut self.interner);
            let csds = self.entries[index as usize].csds.get_or_insert_default();
            csds.service(columns.team(row), place, facts);
        }
        Ok(())
    }

    pub(super) fn apply_clocks(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = rows::RttColumns::new(batch)?;
        for (row, place) in self.register.take(Table::Cyp104Rtt, batch)?.into_iter().enumerate() {
            let Some(id) = columns.id(row) else { continue };
            let Some((key, rtt)) = columns.facts(row, &mut self.interner) else { continue };
            let index = self.entry_of(columns.submission.provider(row), id, place);
            self.entries[index as usize].csds.get_or_insert_default().clock(key, place, rtt);
        }
        Ok(())
    }

    pub(super) fn apply_contacts(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = rows::ContactColumns::new(batch)?;
        for (row, place) in self.register.take(Table::Cyp201CareContact, batch)?.into_iter().enumerate() {
            let Some(((referral, contact), when)) = columns.ids(row).zip(columns.when(row)) else { continue };
            let manner = self.manners.number(columns.manner(row, &mut self.interner));
            let index = self.entry_of(columns.submission.provider(row), referral, place);
            self.entries[index as usize].contacts.get_or_insert_default().receive(contact, place, when, manner);
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
            let (index, _) = self.person_index(&provider, pseudonym);
            let person = &mut self.people[index as usize];
            columns.put(row, place, person, &mut self.interner);
            self.register.touches_person(place.submission, index);
            if self.register.is_effective(place.submission) {
                self.touched.extend(person.referrals.iter().copied());
            }
        }
        Ok(())
    }

    /// The entry of a referral that a submission has a row about. While the submission does not count, nothing changes.
    fn entry_of(&mut self, provider: &str, id: &str, place: RowPlace) -> u32 {
        let index = self.entry(provider, id);
        self.register.touches_entry(place.submission, index);
        if self.register.is_effective(place.submission) {
            self.touched.push(index);
        }
        index
    }

    /// The shared pseudonym of a person of a referral's provider. The person keeps every referral that ever named it: its
    /// contacts of then stay its own (D4).
    fn person(&mut self, referral: u32, pseudonym: &str) -> Arc<str> {
        let provider = Arc::clone(&self.entries[referral as usize].provider);
        let (index, shared) = self.person_index(&provider, pseudonym);
        let referrals = &mut self.people[index as usize].referrals;
        if let Err(at) = referrals.binary_search(&referral) {
            referrals.insert(at, referral);
        }
        shared
    }

    fn person_index(&mut self, provider: &Arc<str>, pseudonym: &str) -> (u32, Arc<str>) {
        let known = self.people_index.get(provider).and_then(|people| people.get_key_value(pseudonym));
        if let Some((shared, index)) = known {
            return (*index, Arc::clone(shared));
        }
        #[expect(clippy::cast_possible_truncation, reason = "four thousand million people do not fit in memory")]
        let index = self.people.len() as u32;
        let shared: Arc<str> = Arc::from(pseudonym);
        self.people_index.entry(Arc::clone(provider)).or_default().insert(Arc::clone(&shared), index);
        self.people.push(CsdsPerson::default());
        (index, shared)
    }

    fn provider(&mut self, code: &str) -> Arc<str> {
        if let Some(provider) = self.providers.get(code) {
            return Arc::clone(provider);
        }
        let rolled_up = self.areas.provider(code);
        let provider = self.interner.share(&rolled_up);
        self.providers.insert(Box::from(code), Arc::clone(&provider));
        provider
    }

    fn entry(&mut self, provider: &str, id: &str) -> u32 {
        let provider = self.provider(provider);
        if let Some(index) = self.index.get(&provider).and_then(|ids| ids.get(id)) {
            return *index;
        }
        #[expect(clippy::cast_possible_truncation, reason = "four thousand million referrals do not fit in memory")]
        let index = self.entries.len() as u32;
        let service_request_id: Arc<str> = Arc::from(id);
        self.index.entry(Arc::clone(&provider)).or_default().insert(Arc::clone(&service_request_id), index);
        self.entries.push(Entry {
            provider,
            service_request_id,
            person: None,
            live: None,
            csds: None,
            contacts: None,
            rows: Rows::default(),
            referral: ReferralRows::default(),
            frames: [Frame::default(); 2],
            days: Vec::new(),
        });
        index
    }
}
