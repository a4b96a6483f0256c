//! The care contacts of one referral: each version that submissions sent, and what is shown of each contact.
//!
//! A contact is known by its CareContactID inside its referral, because one id is used under several referrals (D3). Ten
//! years of one system are sixty million contacts, so a contact holds its id, sixteen bytes of what is shown, twenty-four
//! bytes each time it was sent, and a place in the order of ids; the lists belong to the referral. What rows say beside
//! their date is held once for all contacts alike ([`Manners`]), and rows of the views are made when they are read.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::NaiveDate;

use super::Map;
use super::cascade::Cascade;
use super::clock::{Micros, Source};
use super::csds::CsdsReferral;
use super::pack::pack_fields;
use super::read::{date_of, local_instant};
use super::register::Register;
use super::submission::{Identity, RowPlace};

/// What a contact was like, besides when it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Manner {
    /// AttendanceStatus, one digit; absent in old versions of the data set and often later (D6).
    pub attendance: Option<Arc<str>>,
    /// ConsMechanism, two digits.
    pub mechanism: Option<Arc<str>>,
    /// Activity_LocationType.
    pub location: Option<Arc<str>>,
    /// Consultation_Type, two digits.
    pub consultation: Option<Arc<str>>,
    /// Commissioner of the contact itself, as sent.
    pub commissioner: Option<Arc<str>>,
    /// TeamID_Local.
    pub team: Option<Arc<str>>,
}

/// Every distinct manner, numbered: a few thousand stand for millions of contacts.
#[derive(Default)]
pub struct Manners {
    held: Vec<Arc<Manner>>,
    numbers: Map<Arc<Manner>, u32>,
}

impl Manners {
    /// The number of a manner.
    pub fn number(&mut self, manner: Manner) -> u32 {
        if let Some(number) = self.numbers.get(&manner) {
            return *number;
        }
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer manners than contacts in memory")]
        let number = self.held.len() as u32;
        let manner = Arc::new(manner);
        self.held.push(Arc::clone(&manner));
        self.numbers.insert(manner, number);
        number
    }

    /// A manner, shared with all that are like it.
    pub fn share(&mut self, manner: Manner) -> Arc<Manner> {
        let number = self.number(manner);
        Arc::clone(&self.held[number as usize])
    }

    /// The manner of a number.
    #[must_use]
    pub fn get(&self, number: u32) -> &Manner {
        &self.held[number as usize]
    }

    /// The manner of a number, shared.
    #[must_use]
    pub fn shared(&self, number: u32) -> Arc<Manner> {
        Arc::clone(&self.held[number as usize])
    }
}

/// When a contact took place, as CSDS sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// Contact_Date in days since the epoch.
    pub day: i32,
    /// One more than the second of the local day; none when Contact_Time is missing.
    pub second: Option<NonZeroU32>,
}

impl When {
    /// The instant: local midnight when the time is missing.
    #[must_use]
    pub fn instant(self) -> Micros {
        local_instant(self.day, self.second.map_or(0, |second| second.get() - 1))
    }
}

/// One sending of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    /// The submission and row that it came with.
    pub place: RowPlace,
    contact: u32,
    /// When the contact took place.
    pub when: When,
    /// What it was like.
    pub manner: u32,
}

/// What the views show of a contact: enough to say later that it changed, and which day held it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// A hash of the row; its low bits hold the source's rank (none: not shown) and whether the live feed voided it.
    mark: u64,
    day: i32,
}

const RANK_BITS: u64 = 0b011;
const VOID_BIT: u64 = 0b100;

impl Shown {
    /// A row with this hash.
    #[must_use]
    pub fn new(hash: u64, source: Source, day: NaiveDate, voided: bool) -> Self {
        let marks = source.rank().unsigned_abs() | if voided { VOID_BIT } else { 0 };
        let day = day.signed_duration_since(NaiveDate::default()).num_days();
        #[expect(clippy::cast_possible_truncation, reason = "calendar days fit")]
        Self { mark: hash & !(RANK_BITS | VOID_BIT) | marks, day: day as i32 }
    }

    /// The channel of the row; none when no row is shown.
    #[must_use]
    pub const fn source(self) -> Option<Source> {
        match self.mark & RANK_BITS {
            1 => Some(Source::Live),
            2 => Some(Source::Primary),
            3 => Some(Source::Refresh),
            _ => None,
        }
    }

    /// True when the live feed voided the contact, which then stands in CSDS alone.
    #[must_use]
    pub const fn is_voided(self) -> bool {
        self.mark & VOID_BIT != 0
    }

    /// The local day.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        date_of(self.day)
    }

    /// True when two rows say the same, whatever their channel.
    #[must_use]
    pub const fn says_the_same(self, other: Self) -> bool {
        let marks = RANK_BITS | VOID_BIT;
        self.mark & !marks == other.mark & !marks && self.day == other.day
    }
}

/// One contact.
#[derive(Debug, Clone)]
struct Known {
    id: Box<str>,
    shown: Shown,
}

/// The contacts of one referral, in the order in which they became known.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    known: Vec<Known>,
    /// Places in `known`, by id.
    order: Vec<u32>,
    /// Every sending, in order: rows of a submission come in the order of their numbers, so that most are put last.
    sent: Vec<Sent>,
}

impl Contacts {
    /// The place of a contact, made when it is new: the live feed told of it, or a submission did.
    pub fn place(&mut self, id: &str) -> u32 {
        let found = self.order.binary_search_by(|place| self.known[*place as usize].id.as_ref().cmp(id));
        match found {
            Ok(at) => self.order[at],
            Err(at) => {
                #[expect(clippy::cast_possible_truncation, reason = "contacts of one referral fit")]
                let place = self.known.len() as u32;
                make_room(&mut self.known);
                self.known.push(Known { id: Box::from(id), shown: Shown::default() });
                make_room(&mut self.order);
                self.order.insert(at, place);
                place
            }
        }
    }

    /// Takes a CYP201 row; taken twice it changes nothing.
    pub fn receive(&mut self, id: &str, place: RowPlace, when: When, manner: u32) {
        let contact = self.place(id);
        let sent = Sent { place, contact, when, manner };
        if let Err(at) = self.sent.binary_search(&sent) {
            make_room(&mut self.sent);
            self.sent.insert(at, sent);
        }
    }

    /// How many contacts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The id of a contact.
    #[must_use]
    pub fn id(&self, place: usize) -> &str {
        &self.known[place].id
    }

    /// What is shown of a contact.
    #[must_use]
    pub fn shown(&self, place: usize) -> Shown {
        self.known[place].shown
    }

    /// Shows something else of a contact.
    pub fn show(&mut self, place: usize, shown: Shown) {
        self.known[place].shown = shown;
    }

    /// The local days on which contacts are shown.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        self.known.iter().filter(|known| known.shown.source().is_some()).map(|known| known.shown.day())
    }

    /// The current sending of each contact, by place: the greatest rank among the rows that are read and stand (`csds.md`
    /// section 8).
    /// One row sent with two contents keeps the greater, so that order never matters.
    #[must_use]
    pub fn current(
        &self,
        cascade: &Cascade<'_>,
        referral: Option<&CsdsReferral>,
        manners: &Manners,
    ) -> Vec<Option<Sent>> {
        let register = cascade.choice.register();
        let counts = |submission| cascade.reads(submission) && cascade.child_stands(submission, referral);
        let mut current: Vec<Option<Sent>> = vec![None; self.known.len()];
        for sent in self.sent.iter().filter(|sent| counts(sent.place.submission)) {
            let held = &mut current[sent.contact as usize];
            if held.is_none_or(|held| sent.rank(register, manners) > held.rank(register, manners)) {
                *held = Some(*sent);
            }
        }
        current
    }
}

impl Sent {
    fn rank<'a>(&self, register: &'a Register, manners: &'a Manners) -> (&'a Identity, u32, When, &'a Manner) {
        (register.identity(self.place.submission), self.place.row, self.when, manners.get(self.manner))
    }
}

/// Lists of a referral grow by a quarter: most hold few, and doubling would waste as much again as long ones hold.
fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 4 + 1);
    }
}

pack_fields!(Manner { attendance, mechanism, location, consultation, commissioner, team });
pack_fields!(When { day, second });
pack_fields!(Sent { place, contact, when, manner });
pack_fields!(Shown { mark, day });
pack_fields!(Known { id, shown });
pack_fields!(Contacts { known, order, sent });

#[cfg(test)]
mod tests {
    use super::*;

    fn when(day: i32) -> When {
        When { day, second: NonZeroU32::new(36_001) }
    }

    /// Bytes that the lists of a referral hold, without the texts of ids.
    fn list_bytes(contacts: &Contacts) -> usize {
        contacts.known.capacity() * size_of::<Known>()
            + contacts.order.capacity() * size_of::<u32>()
            + contacts.sent.capacity() * size_of::<Sent>()
    }

    /// Sixty million contacts: what each of them costs is a promise. Of 60 and 84 bytes 16 lead to the id.
    #[test]
    fn a_contact_costs_sixty_bytes_and_twenty_four_each_further_time_it_is_sent() {
        for (sendings, most) in [(1, 60), (2, 84)] {
            for referral in [1, 5, 40] {
                let mut contacts = Contacts::default();
                for submission in 0..sendings {
                    for number in 0..referral {
                        let place = RowPlace { submission, row: number };
                        contacts.receive(&format!("CC-{number:06}"), place, when(20_000), 7);
                    }
                }
                let each = list_bytes(&contacts) / contacts.len();
                assert!(each <= most * 5 / 4, "{each} bytes a contact of {referral} sent {sendings} times");
            }
        }
        assert_eq!((size_of::<Known>(), size_of::<Sent>()), (32, 24));
    }

    #[test]
    fn a_row_taken_twice_or_in_another_order_changes_nothing() {
        let row = |submission, row| RowPlace { submission, row };
        let rows = [("B", row(0, 1)), ("A", row(0, 2)), ("B", row(1, 1)), ("B", row(0, 1))];
        let mut forwards = Contacts::default();
        rows.iter().for_each(|(id, place)| forwards.receive(id, *place, when(20_000), 0));
        let mut backwards = Contacts::default();
        rows.iter().rev().for_each(|(id, place)| backwards.receive(id, *place, when(20_000), 0));
        assert_eq!((forwards.len(), forwards.sent.len()), (2, 3));
        assert_eq!((backwards.len(), backwards.sent.len()), (2, 3));
        let ids = |contacts: &Contacts| -> Vec<String> {
            contacts.order.iter().map(|place| contacts.id(*place as usize).to_owned()).collect()
        };
        assert_eq!(ids(&forwards), ["A", "B"]);
        assert_eq!(ids(&backwards), ids(&forwards));
    }

    #[test]
    fn what_is_shown_tells_a_confirmation_from_a_change() {
        let day = date_of(20_000);
        let primary = Shown::new(0xABCD_EF00, Source::Primary, day, false);
        let refresh = Shown::new(0xABCD_EF00, Source::Refresh, day, false);
        let other = Shown::new(0xABCD_EF08, Source::Primary, day, false);
        assert!(primary != refresh && primary.says_the_same(refresh) && !primary.says_the_same(other));
        assert_eq!((primary.source(), refresh.source()), (Some(Source::Primary), Some(Source::Refresh)));
        assert_eq!(primary.day(), day);
        assert_eq!(Shown::default().source(), None);
        assert!(Shown::new(0, Source::Live, day, true).is_voided());
    }
}
