//! Brings the rows of touched referrals up to date and says which cells that changes.

use std::cmp::Ordering;

use chrono::NaiveDate;

use super::cascade::{Cascade, People};
use super::change::{Cause, Flipped, Subject};
use super::choice::Choice;
use super::clock::{ClockRow, Micros, Source, local_day};
use super::contact_rows::{ContactKnowledge, Frame, ShownContacts, channel};
use super::dirty::{CalendarPeriod, DirtyCells, Reason};
use super::fold::{self, Knowledge, Rows};
use super::index::months;
use super::referral_rows::{self, ReferralRows, month_of, next_month};
use super::register::Flip;
use super::shard::Named;
use super::stages;
use super::{Acceptance, Book, Entry, Map, VIEWS, View};

impl Book {
    /// Brings the rows of touched referrals up to date as of an instant and says which cells changed.
    /// What lies between the last call and `as_of`, a breach, a held-back end, a new month, is touched by time alone.
    pub fn settle(&mut self, as_of: Micros) -> DirtyCells {
        let mut dirty = DirtyCells::default();
        let later = self.wakes.split_off(&(as_of + 1));
        for (instant, sleepers) in std::mem::replace(&mut self.wakes, later) {
            for index in sleepers {
                self.entries.get(index, &self.shared).wake(instant, &mut dirty);
            }
        }
        self.turn_month(as_of, &mut dirty);
        let flipped = self.flip_submissions();
        let mut touched = std::mem::take(&mut self.touched);
        touched.extend(self.ledger.woken(as_of));
        touched.sort_unstable();
        touched.dedup();
        for index in touched {
            self.settle_entry(index, as_of, flipped.get(&index).copied().unwrap_or_default(), &mut dirty);
            self.cool();
        }
        dirty
    }

    /// A month that began since the last call holds every referral without an end.
    fn turn_month(&mut self, as_of: Micros, dirty: &mut DirtyCells) {
        let month = month_of(as_of);
        let Some(before) = self.month.replace(month) else { return };
        for begun in months(next_month(before), next_month(month)) {
            for (provider, referrals) in self.by_period.with_unended() {
                for view in VIEWS {
                    let reason = Reason::by_time(view, Subject::OpenReferral);
                    dirty.count(provider, [CalendarPeriod::Month(begun)], reason, referrals);
                }
            }
        }
        self.month = Some(month.max(before));
    }

    /// Brings the register up to date and touches the referrals of each submission that began or ceased to count. Those
    /// that a provider's newest submission leaves out are touched too: they are not resent since. A newer one finds that
    /// said already of what an earlier one left out; only where the newest is taken back may all have to be said anew.
    fn flip_submissions(&mut self) -> Map<u32, Flipped> {
        let mut flipped: Map<u32, Flipped> = Map::default();
        let flips = self.register.settle();
        let mended = self.register.take_parents_changed();
        let mended = mended.into_iter().map(|submission| Flip { old: None, new: Some(submission), why: None });
        for flip in flips.into_iter().chain(mended) {
            let new = flip.new.map(|index| self.register.identity(index));
            let new = new.map(|identity| (identity.source(), identity.received_at));
            for submission in [flip.old, flip.new].into_iter().flatten() {
                let people = self.register.people(submission).iter();
                let of_people =
                    people.flat_map(|person| self.people.get(person, &self.shared).referrals.iter().copied());
                for index in self.register.entries(submission).iter().chain(of_people) {
                    self.touched.push(index);
                    flipped.entry(index).or_default().note(flip.why, new);
                }
                let provider = &self.register.identity(submission).provider;
                let newest = self.register.newest_period(provider);
                let before = self.newest.insert(provider.clone(), newest).flatten();
                let rolled_up = self.providers.get(provider.as_ref()).unwrap_or(provider);
                match newest.cmp(&before) {
                    Ordering::Greater => self.touched.extend(self.by_period.awaited(rolled_up)),
                    Ordering::Less => self.touched.extend(self.by_period.unended(rolled_up)),
                    Ordering::Equal => {}
                }
            }
        }
        for submission in self.register.take_reread() {
            self.touched.extend(self.register.entries(submission));
        }
        flipped
    }

    /// Ties a referral to the person of its current CYP101 row (D4: a referral may move to another person).
    fn link_person(&mut self, index: u32) {
        let entry = self.entries.get(index, &self.shared);
        let cascade = self.cascade(entry);
        let current = entry.csds.as_ref().and_then(|csds| csds.referral(&cascade));
        let person = current.and_then(|current| cascade.place(current.facts.person.as_ref()?));
        if entry.person != person {
            self.entries.get_mut(index, &self.shared).person = person;
        }
    }

    fn settle_entry(&mut self, index: u32, as_of: Micros, flipped: Flipped, dirty: &mut DirtyCells) {
        self.link_person(index);
        let Found { rows, referral, frames, contacts } = self.found(index, as_of);
        let entry = self.entries.get(index, &self.shared);
        if let Some(live) = &entry.live {
            let person_on = live.accepted().map(|(person, at)| (person, local_day(at)));
            self.acceptances.push(Acceptance { referral: index, person_on });
        }
        let mut changes = Changes { dirty, flipped, month: month_of(as_of) };
        let contacts_changed = changes.contacts(entry, &contacts, frames);
        if !contacts_changed && rows == entry.rows && referral == entry.referral {
            return;
        }
        changes.clocks(entry, &rows);
        changes.referral(entry, &referral);
        let all = || rows.live.iter().chain(&rows.csds);
        let referrals = [&referral.csds, &referral.live].into_iter().flatten();
        let wakes: Vec<Micros> = (all().flat_map(|row| row.wakes_after(as_of)))
            .chain(referrals.flat_map(|row| row.wakes_after(as_of)))
            .chain(contacts.instants.iter().copied().filter(|instant| *instant > as_of))
            .collect();
        for instant in wakes {
            let sleepers = self.wakes.entry(instant).or_default();
            if sleepers.last() != Some(&index) {
                sleepers.push(index);
            }
        }
        if rows.live.iter().any(|row| row.stopped_at.is_none_or(|stop| stop > as_of)) {
            self.unstopped.insert(index);
        } else {
            self.unstopped.remove(index);
        }
        self.by_period.move_open(index, &entry.provider, entry.referral.open_months(), referral.open_months());
        self.by_period.move_awaited(index, &entry.provider, entry.referral.is_awaited(), referral.is_awaited());
        self.by_shard.place(index, named(&referral, contacts.named));
        let entry = self.entries.get_mut(index, &self.shared);
        entry.take(rows, referral, frames, &contacts);
        let days = entry.days();
        self.by_period.move_days(index, &entry.provider, &entry.days, &days);
        entry.days = days;
    }

    /// What the views show of a referral now; its postings in the reconciliation are brought up to date.
    fn found(&mut self, index: u32, as_of: Micros) -> Found {
        let entry = self.entries.get(index, &self.shared);
        let cascade = Cascade {
            choice: Choice::counting(&self.register),
            people: People { directory: &self.people, shared: &self.shared },
            provider: &entry.provider,
            service_request_id: &entry.service_request_id,
        };
        let knowledge = Knowledge {
            provider: &entry.provider,
            service_request_id: &entry.service_request_id,
            live: entry.live.as_deref(),
            cascade,
            csds: entry.csds.as_deref(),
        };
        let rows = fold::rows(&knowledge, &mut self.areas);
        stages::post(&mut self.ledger, index, &knowledge, &rows, &mut self.areas, as_of);
        let voided = entry.live.as_ref().is_some_and(|live| live.is_referral_voided());
        let frame = |rows: &[ClockRow], voided| Frame {
            two_hour: rows.iter().any(|row| matches!(row.waiting_type.as_ref(), "05" | "07")),
            pre_2023_ucr_team: rows.iter().any(|row| row.pre_2023_ucr_team),
            on_feed: entry.live.is_some(),
            voided,
        };
        let frames = [frame(&rows.csds, false), frame(&rows.live, voided)];
        let contacts = match &entry.contacts {
            None => ShownContacts::default(),
            Some(contacts) => {
                let areas = &mut self.areas;
                let known = ContactKnowledge {
                    provider: &entry.provider,
                    service_request_id: &entry.service_request_id,
                    live: entry.live.as_deref(),
                    cascade,
                    csds: entry.csds.as_deref(),
                    contacts,
                    manners: &self.manners,
                    person: entry.person,
                };
                known.shown(&mut |commissioner, practice| areas.area(commissioner, practice), &self.hasher)
            }
        };
        let first_contacts = [contacts.first_csds, contacts.first_live];
        let referral =
            referral_rows::rows(&knowledge, first_contacts, frames.map(|frame| frame.two_hour), &mut self.areas);
        Found { rows, referral, frames, contacts }
    }
}

/// Whom the rows of a referral name.
fn named(referral: &ReferralRows, contacts: Named) -> Named {
    let referrals = [&referral.csds, &referral.live].into_iter().flatten();
    referrals.fold(contacts, |named, row| named.and(row.person.as_deref()))
}

/// What the views show of a referral.
struct Found {
    rows: Rows,
    referral: ReferralRows,
    frames: [Frame; 2],
    contacts: ShownContacts,
}

/// Marks what changed of one referral.
struct Changes<'a> {
    dirty: &'a mut DirtyCells,
    flipped: Flipped,
    /// The month of now, in which what has no end is still open.
    month: NaiveDate,
}

impl Changes<'_> {
    fn clocks(&mut self, entry: &Entry, new: &Rows) {
        self.dirty.changed(View::Csds, &entry.provider, (&entry.rows.csds, &new.csds), self.flipped);
        self.dirty.changed(View::Live, &entry.provider, (&entry.rows.live, &new.live), self.flipped);
    }

    /// True when a contact changed, in one view or both.
    fn contacts(&mut self, entry: &Entry, new: &ShownContacts, frames: [Frame; 2]) -> bool {
        let Some(contacts) = entry.contacts.as_deref() else { return entry.frames != frames };
        let mut changed = entry.frames != frames;
        for (place, new) in new.shown.iter().enumerate() {
            let old = contacts.shown(place);
            if old == *new && entry.frames == frames {
                continue;
            }
            changed |= old != *new;
            for (view, old_frame, new_frame) in
                [(View::Csds, entry.frames[0], frames[0]), (View::Live, entry.frames[1], frames[1])]
            {
                let old_channel = channel(view, old, old_frame);
                let channel = channel(view, *new, new_frame);
                let (cause, source) = match (old_channel, channel) {
                    (None, None) => continue,
                    (None, Some(source)) => (Cause::Appeared, source),
                    (Some(source), None) => (Cause::Removed, source),
                    (Some(_), Some(source)) if old.day() != new.day() => (Cause::Moved, source),
                    (Some(_), Some(source)) if !old.says_the_same(*new) || old_frame != new_frame => {
                        (Cause::Amended, source)
                    }
                    (Some(before), Some(source)) if before != source => (Cause::Confirmed, source),
                    (Some(_), Some(_)) => continue,
                };
                let days = [old_channel.map(|_| old.day()), channel.map(|_| new.day())];
                let reason = Reason::told(view, Subject::Contact, (cause, source), self.flipped);
                self.dirty.days(&entry.provider, days.into_iter().flatten(), reason);
            }
        }
        changed
    }

    fn referral(&mut self, entry: &Entry, new: &ReferralRows) {
        for (view, old, new) in
            [(View::Csds, &entry.referral.csds, &new.csds), (View::Live, &entry.referral.live, &new.live)]
        {
            let (old, new) = (old.as_deref(), new.as_deref());
            let Some(cause) = referral_rows::cause(old, new) else { continue };
            let source = new.or(old).map_or(Source::Live, |row| row.source);
            let reason = |subject| Reason::told(view, subject, (cause, source), self.flipped);
            let received = [old, new].into_iter().flatten().filter_map(|row| row.received_at).map(local_day);
            self.dirty.days(&entry.provider, received, reason(Subject::Referral));
            if let Some(cause) = referral_rows::first_contact_cause(old, new, cause) {
                let reason = Reason::told(view, Subject::FirstContact, (cause, source), self.flipped);
                let seen = [old, new].into_iter().flatten().filter_map(|row| row.first_contact_at).map(local_day);
                self.dirty.days(&entry.provider, seen, reason);
            }
            if let Some((first, end)) = referral_rows::months_changed(old, new) {
                let now = next_month(self.month);
                let open = months(first, end.map_or(now, |end| end.min(now))).map(CalendarPeriod::Month);
                self.dirty.count(&entry.provider, open, reason(Subject::OpenReferral), 1);
            }
        }
    }
}

impl Entry {
    fn take(&mut self, rows: Rows, referral: ReferralRows, frames: [Frame; 2], contacts: &ShownContacts) {
        (self.rows, self.referral, self.frames) = (rows, referral, frames);
        if let Some(held) = &mut self.contacts {
            for (place, shown) in contacts.shown.iter().enumerate() {
                held.show(place, *shown);
            }
        }
    }

    fn clock_days(&self) -> Vec<NaiveDate> {
        let rows = self.rows.csds.iter().chain(&self.rows.live);
        rows.flat_map(ClockRow::anchors).map(local_day).collect()
    }

    /// The local days on which something of the referral counts.
    fn days(&self) -> Vec<NaiveDate> {
        let mut days = self.clock_days();
        let referrals = [&self.referral.csds, &self.referral.live].into_iter().flatten();
        days.extend(referrals.filter_map(|row| row.received_at).map(local_day));
        days.extend(self.contacts.iter().flat_map(|contacts| contacts.days()));
        days.sort_unstable();
        days.dedup();
        days.shrink_to_fit();
        days
    }

    /// An instant that lay ahead is reached.
    fn wake(&self, instant: Micros, dirty: &mut DirtyCells) {
        let day = local_day(instant);
        let mut clocks = self.rows.csds.iter().chain(&self.rows.live);
        if clocks.any(|row| row.anchors().any(|anchor| anchor == instant)) {
            dirty.touch_by_time(&self.provider, Subject::Clock, &self.clock_days());
        }
        if self.contacts.iter().flat_map(|contacts| contacts.days()).any(|held| held == day) {
            dirty.touch_by_time(&self.provider, Subject::Contact, &[day]);
        }
        let referrals = || [&self.referral.csds, &self.referral.live].into_iter().flatten();
        if referrals().any(|row| row.received_at == Some(instant)) {
            dirty.touch_by_time(&self.provider, Subject::Referral, &[day]);
        }
        if referrals().any(|row| row.first_contact_at == Some(instant)) {
            dirty.touch_by_time(&self.provider, Subject::FirstContact, &[day]);
        }
        if referrals().any(|row| row.received_at == Some(instant) || row.ended_at() == Some(instant)) {
            for view in VIEWS {
                let reason = Reason::by_time(view, Subject::OpenReferral);
                dirty.count(&self.provider, [CalendarPeriod::Month(month_of(instant))], reason, 1);
            }
        }
    }
}
