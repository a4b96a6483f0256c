//! Rows of the five tables as what they say of a person's nights. Pure.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Date32Array, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::Datelike;
use homeward_contract::deprivation::Deprivation;
use homeward_contract::feed::Table;

use super::night::{Bed, NEVER, Registration, Stay};
use crate::book::clock::{from_micros, local_day};
use crate::book::read::{FactShapeError, Facts, day_at, instant_at, text_at};
use crate::spans::{Nights, Point, Span, nights};

/// An interval without an end is trusted for so long after the last record of it (handbook: configurable, by default 30).
const EXPIRY_DAYS: u32 = 30;

/// The tables of which nights are made.
pub(super) const TABLES: [Table; 5] =
    [Table::HospitalSpell, Table::EdStay, Table::VirtualWardStay, Table::Death, Table::Registration];

/// The items of a table that are read here.
pub(super) const fn items_read(table: Table) -> &'static [&'static str] {
    match table {
        Table::HospitalSpell => {
            &["pseudonym", "provider", "spell_id", "setting", "ward_kind", "admitted_at", "discharged_at", "age_years"]
        }
        Table::EdStay => &["pseudonym", "arrived_at", "departed_at", "age_years"],
        Table::Death => &["pseudonym", "date_of_death", "status"],
        Table::Registration => &[
            "pseudonym",
            "practice",
            "lsoa",
            "efi_band",
            "registered_from",
            "registered_to",
            "opted_out",
            "care_home",
            "age_years",
        ],
        _ => &["pseudonym", "admitted_at", "discharged_at", "age_years"],
    }
}

/// What people are counted by, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) practice: Arc<str>,
    pub(super) lsoa: Option<Arc<str>>,
    /// The neighbourhood is of the most deprived fifth; none where that is not known.
    pub(super) core20: Option<bool>,
    pub(super) care_home: Option<bool>,
    pub(super) efi_band: Option<Arc<str>>,
}

/// What one record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Stayed(Stay),
    Died(Point, bool),
    /// A referral to urgent community response was accepted.
    Accepted(Point),
    Registered(Registration),
}

/// One record of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) person: u32,
    pub(super) says: Says,
}

/// Values that many records share, by number.
pub(super) struct Shared<T> {
    numbers: HashMap<T, u32, ahash::RandomState>,
    values: Vec<T>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { numbers: HashMap::default(), values: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Shared<T> {
    pub(super) fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    pub(super) fn find(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }

    pub(super) fn value(&self, number: u32) -> &T {
        &self.values[number as usize]
    }

    /// Every value, in the order of the numbers.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.values.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

/// The columns of one batch that are remembered.
pub(super) enum Columns {
    Spell {
        person: StringArray,
        provider: StringArray,
        spell: StringArray,
        setting: StringArray,
        kind: StringArray,
        at: Times,
    },
    Emergency {
        person: StringArray,
        at: Times,
    },
    Ward {
        person: StringArray,
        at: Times,
    },
    Death {
        person: StringArray,
        day: Date32Array,
        status: StringArray,
    },
    Registration {
        person: StringArray,
        from: Date32Array,
        to: Date32Array,
        texts: [StringArray; 3],
        flags: [BooleanArray; 2],
        age: Age,
    },
}

/// Begin, end, when the newest version was recorded, and the person's age at the begin.
pub(super) struct Times {
    end: TimestampMicrosecondArray,
    recorded: TimestampMicrosecondArray,
    age: Age,
}

/// The person's age, and when it was so many years.
pub(super) struct Age {
    at: TimestampMicrosecondArray,
    years: Int32Array,
}

impl Columns {
    pub(super) fn new(table: Table, batch: &RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new(table.name(), batch);
        let text = |column| facts.text(column).cloned();
        let person = text("pseudonym")?;
        let instant = |column| facts.instant(column).cloned();
        let age = |at| Ok(Age { at: instant(at)?, years: facts.int("age_years")?.clone() });
        let at = |begin, end| Ok(Times { end: instant(end)?, recorded: instant("event_time")?, age: age(begin)? });
        Ok(match table {
            Table::HospitalSpell => Self::Spell {
                person,
                provider: text("provider")?,
                spell: text("spell_id")?,
                setting: text("setting")?,
                kind: text("ward_kind")?,
                at: at("admitted_at", "discharged_at")?,
            },
            Table::EdStay => Self::Emergency { person, at: at("arrived_at", "departed_at")? },
            Table::Death => Self::Death { person, day: facts.date("date_of_death")?.clone(), status: text("status")? },
            Table::Registration => Self::Registration {
                person,
                from: facts.date("registered_from")?.clone(),
                to: facts.date("registered_to")?.clone(),
                texts: [text("practice")?, text("lsoa")?, text("efi_band")?],
                flags: [facts.flag("opted_out")?.clone(), facts.flag("care_home")?.clone()],
                age: age("event_time")?,
            },
            _ => Self::Ward { person, at: at("admitted_at", "discharged_at")? },
        })
    }

    /// The pseudonym of a row; what is of nobody is joined to nothing.
    pub(super) fn person(&self, row: usize) -> Option<&str> {
        let (Self::Spell { person, .. }
        | Self::Emergency { person, .. }
        | Self::Ward { person, .. }
        | Self::Death { person, .. }
        | Self::Registration { person, .. }) = self;
        text_at(person, row)
    }

    /// What a row says; none where it lacks a begin, which no decoder lets pass.
    pub(super) fn says(
        &self,
        row: usize,
        (places, deprivation): (&mut Shared<Place>, &Deprivation),
        hasher: &ahash::RandomState,
    ) -> Option<Says> {
        Some(match self {
            Self::Spell { provider, spell, setting, kind, at, .. } => {
                let bed = match (text_at(kind, row), text_at(setting, row)) {
                    (Some("virtual"), _) => Bed::Virtual,
                    (_, Some("hospice" | "care_home_short_term")) => Bed::ShortTerm,
                    _ => Bed::Hospital,
                };
                let name = (text_at(provider, row), text_at(spell, row));
                Says::Stayed(Stay { spell: Some(hasher.hash_one(name)), ..at.stay(row, bed)? })
            }
            Self::Emergency { at, .. } => Says::Stayed(at.stay(row, Bed::Emergency)?),
            Self::Ward { at, .. } => Says::Stayed(at.stay(row, Bed::Virtual)?),
            Self::Death { day, status, .. } => {
                Says::Died(day_at(day, row)?.into(), text_at(status, row) == Some("formal"))
            }
            Self::Registration {
                from,
                to,
                texts: [practice, lsoa, efi_band],
                flags: [opted_out, care_home],
                age,
                ..
            } => {
                let place = Place {
                    practice: Arc::from(text_at(practice, row)?),
                    lsoa: text_at(lsoa, row).map(Arc::from),
                    core20: text_at(lsoa, row).and_then(|lsoa| deprivation.is_core20(lsoa)),
                    care_home: care_home.is_valid(row).then(|| care_home.value(row)),
                    efi_band: text_at(efi_band, row).map(Arc::from),
                };
                let until = day_at(to, row).map_or(NEVER, |last| Point::from(last) + 1);
                Says::Registered(Registration {
                    nights: Span::new(day_at(from, row)?.into(), until),
                    place: places.number(place),
                    opted_out: opted_out.is_valid(row) && opted_out.value(row),
                    born: age.born(row),
                })
            }
        })
    }
}

impl Times {
    /// As it will be seen once every day has come: which nights are over by then is asked when they are counted.
    fn stay(&self, row: usize, bed: Bed) -> Option<Stay> {
        let begin = from_micros(instant_at(&self.age.at, row)?);
        let end = instant_at(&self.end, row).map(from_micros);
        let recorded = from_micros(self.recorded.value(row));
        let ever = from_micros((NEVER - 1) * 24 * 3600 * 1_000_000);
        let counted = nights(begin, end, recorded, ever, EXPIRY_DAYS);
        let Nights { span, open, unsupported } = counted;
        Some(Stay { bed, spell: None, nights: span, open, unsupported, born: self.age.born(row) })
    }
}

impl Age {
    /// The year of birth that it comes to, or the year after it.
    fn born(&self, row: usize) -> Option<i32> {
        let years = self.years.is_valid(row).then(|| self.years.value(row))?;
        Some(local_day(instant_at(&self.at, row)?).year().saturating_sub(years))
    }
}
