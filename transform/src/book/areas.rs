//! Area attributes of a record, looked up once a pair of codes and shared.

use std::sync::Arc;

use homeward_contract::geography::Geography;

use super::Map;
use super::clock::Area;

/// Area look-up over the reference geography, with a cache of the codes seen.
pub struct Areas {
    geography: Arc<Geography>,
    seen: Map<CommissionerAndPractice, Arc<Area>>,
}

type CommissionerAndPractice = (Option<Arc<str>>, Option<Arc<str>>);

/// The cache is dropped when hostile data fills it with distinct codes.
const SEEN_MAX: usize = 65_536;

impl Areas {
    /// Looks areas up in this geography.
    #[must_use]
    pub fn new(geography: Arc<Geography>) -> Self {
        Self { geography, seen: Map::default() }
    }

    /// ICB by commissioner, else by practice (E20); LCP and PCN by practice. Never by provider.
    pub fn area(&mut self, commissioner: Option<&Arc<str>>, practice: Option<&Arc<str>>) -> Arc<Area> {
        let key = (commissioner.cloned(), practice.cloned());
        if let Some(area) = self.seen.get(&key) {
            return Arc::clone(area);
        }
        if self.seen.len() >= SEEN_MAX {
            self.seen.clear();
        }
        let area = Arc::new(self.look_up(commissioner, practice));
        self.seen.insert(key, Arc::clone(&area));
        area
    }

    /// As [`Areas::area`], for readers: what has not been seen is looked up and not kept.
    #[must_use]
    pub fn find(&self, commissioner: Option<&Arc<str>>, practice: Option<&Arc<str>>) -> Arc<Area> {
        let key = (commissioner.cloned(), practice.cloned());
        self.seen.get(&key).cloned().unwrap_or_else(|| Arc::new(self.look_up(commissioner, practice)))
    }

    /// The provider that facts under this code roll up to on any date (RBZ reads RH8).
    pub fn provider(&self, code: &str) -> Arc<str> {
        Arc::from(self.geography.provider_today(code))
    }

    fn look_up(&self, commissioner: Option<&Arc<str>>, practice: Option<&Arc<str>>) -> Area {
        let place = practice.and_then(|code| self.geography.practice(code));
        let by_commissioner = commissioner.and_then(|code| self.geography.icb_of_commissioner(code));
        let icb = by_commissioner.or_else(|| practice.and_then(|code| self.geography.icb_of_practice(code)));
        Area {
            icb: icb.map(Arc::from),
            lcp: place.as_ref().map(|place| Arc::from(place.lcp)),
            pcn: place.as_ref().map(|place| Arc::from(place.pcn)),
            practice: practice.cloned(),
        }
    }
}
