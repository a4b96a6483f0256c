//! Which wards are virtual, and of what kind their beds are: a list that the hospitals declare, because HL7 says neither.

use std::collections::BTreeMap;

use homeward_contract::codes;
use homeward_contract::feed::Feed;
use homeward_contract::state;

/// Lines of a list. A large hospital has some hundred wards.
const MOST_WARDS: usize = 20_000;

/// A kind of bed, in the words of a spell's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bed {
    pub(super) setting: &'static str,
    pub(super) kind: &'static str,
}

/// A ward that no list names (our choice).
const UNLISTED: Bed = Bed { setting: "acute", kind: "physical" };

/// The declared wards. One that is not listed is a physical one of an acute hospital.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wards(BTreeMap<(String, String), Bed>);

/// What is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} of the list of wards {what}; write a head 'provider,ward,kind,setting' and for example 'RH8,RH8-VW-FRAILTY,virtual,acute'"
)]
pub struct WardFault {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Wards {
    /// Reads a list: CSV with the columns provider, ward, kind (`physical`, `virtual`) and setting, as in the items of a
    /// spell.
    ///
    /// # Errors
    /// The first line that cannot be read, or that names a ward again.
    pub fn from_csv(text: &str) -> Result<Self, WardFault> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let head = reader.headers().map_err(|_| WardFault { line: 1, what: "is no head of a CSV file" })?;
        if !head.iter().eq(["provider", "ward", "kind", "setting"]) {
            return Err(WardFault { line: 1, what: "is not the head that was expected" });
        }
        let mut wards = BTreeMap::new();
        for (record, line) in reader.records().zip(2..) {
            let fault = |what| WardFault { line, what };
            let record = record.map_err(|_| fault("has not four columns"))?;
            let column = |number: usize| record.get(number).unwrap_or_default();
            let provider = codes::provider(column(0)).ok_or_else(|| fault("has no code of a provider"))?;
            let kind = listed("ward_kind", column(2)).ok_or_else(|| fault("has a kind that is not known"))?;
            let setting = listed("setting", column(3)).ok_or_else(|| fault("has a setting that is not known"))?;
            if column(1).is_empty() {
                return Err(fault("names no ward"));
            }
            if wards.insert((provider, ward_code(column(1))), Bed { setting, kind }).is_some() {
                return Err(fault("names a ward for the second time"));
            }
            if wards.len() > MOST_WARDS {
                return Err(fault("is one too many"));
            }
        }
        Ok(Self(wards))
    }

    pub(super) fn bed(&self, provider: &str, ward: Option<&str>) -> Bed {
        let key = ward.map(|ward| (provider.to_owned(), ward_code(ward)));
        key.and_then(|key| self.0.get(&key)).copied().unwrap_or(UNLISTED)
    }
}

fn ward_code(ward: &str) -> String {
    ward.trim().to_uppercase()
}

/// The word of an item's closed list.
fn listed(item: &str, word: &str) -> Option<&'static str> {
    let item = state::items(Feed::Spell).iter().find(|held| held.name == item)?;
    item.words.iter().find(|held| held.eq_ignore_ascii_case(word)).copied()
}
