//! Where on the map a board stands: its area, what lies above and below it, and the address of each.

use std::collections::BTreeSet;

use homeward_contract::geography::Geography;
use homeward_transform::figure::Dimension;
use homeward_transform::snapshot::{NATION, UNKNOWN_AREA};

use super::cache::Taken;
use crate::reading::{LEVELS, Reading};

/// One area at one level.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) level: Dimension,
    pub(super) code: String,
}

/// Areas of one level that a board compares with one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) level: Dimension,
    pub(super) heading: &'static str,
    pub(super) codes: Vec<String>,
}

impl Place {
    /// Everything that reports here.
    pub(super) fn whole() -> Self {
        Self { level: Dimension::Nation, code: NATION.to_owned() }
    }

    /// The place that a path names, if figures of the moment, a submission or the reference data know it.
    pub(super) fn named(level: &str, code: &str, taken: &Taken, geography: &Geography) -> Option<Self> {
        let level = LEVELS.into_iter().find(|known| known.as_str() == level)?;
        let has_figures = areas_with_figures(&taken.reading, level).contains(code);
        let is_known = match level {
            Dimension::Provider => taken.snapshot.submissions().iter().any(|line| line.provider.as_ref() == code),
            Dimension::Icb => geography.pcns().iter().any(|pcn| pcn.icb.as_deref() == Some(code)),
            Dimension::Lcp => geography.lcps().iter().any(|lcp| lcp == code),
            Dimension::Pcn => geography.pcns().iter().any(|pcn| pcn.code == code),
            _ => false,
        };
        (has_figures || is_known).then(|| Self { level, code: code.to_owned() })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.level == Dimension::Nation
    }

    /// Address of the board of this place.
    pub(super) fn address(&self) -> String {
        if self.is_whole() {
            return "/".to_owned();
        }
        format!("/area/{}/{}", self.level, path_segment(&self.code))
    }

    /// Address of another page about it, by that page's name.
    pub(super) fn address_of(&self, page: &str) -> String {
        if self.is_whole() {
            return format!("/{page}");
        }
        format!("{}/{page}", self.address())
    }

    /// The places above, widest first, as far as the reference data knows them.
    pub(super) fn above(&self, geography: &Geography) -> Vec<Self> {
        let mut above = Vec::new();
        let mut push = |level, code: Option<&str>| {
            if let Some(code) = code {
                above.push(Self { level, code: code.to_owned() });
            }
        };
        let pcn = geography.pcns().iter().find(|pcn| match self.level {
            Dimension::Pcn => pcn.code == self.code,
            Dimension::Lcp => pcn.lcp == self.code,
            _ => false,
        });
        match self.level {
            Dimension::Lcp => push(Dimension::Icb, pcn.and_then(|pcn| pcn.icb.as_deref())),
            Dimension::Pcn => {
                push(Dimension::Icb, pcn.and_then(|pcn| pcn.icb.as_deref()));
                push(Dimension::Lcp, pcn.map(|pcn| pcn.lcp.as_str()));
            }
            _ => {}
        }
        if !self.is_whole() {
            above.insert(0, Self::whole());
        }
        above
    }

    /// What lies below, and the providers that work here. Providers of a network are not told apart: which provider
    /// saw people of a small network is nobody's business here.
    pub(super) fn groups(&self, reading: &Reading, geography: &Geography) -> Vec<Group> {
        let group = |level, heading, codes: Vec<String>| Group { level, heading, codes };
        let icbs = || areas_with_figures(reading, Dimension::Icb).into_iter().map(str::to_owned);
        let mut groups = match self.level {
            Dimension::Nation => vec![
                group(Dimension::Icb, "Integrated care boards", icbs().collect()),
                group(Dimension::Lcp, "Local care partnerships", owned(areas_with_figures(reading, Dimension::Lcp))),
            ],
            Dimension::Region => {
                let here = |icb: &String| geography.region_of_icb(icb) == Some(self.code.as_str());
                vec![group(Dimension::Icb, "Integrated care boards", icbs().filter(here).collect())]
            }
            Dimension::Icb => {
                let here = geography.pcns().iter().filter(|pcn| pcn.icb.as_deref() == Some(self.code.as_str()));
                let lcps: BTreeSet<&str> = here.map(|pcn| pcn.lcp.as_str()).collect();
                vec![group(Dimension::Lcp, "Local care partnerships", owned(lcps))]
            }
            Dimension::Lcp => {
                let here = geography.pcns().iter().filter(|pcn| pcn.lcp == self.code);
                let mut pcns: Vec<(&str, &str)> = here.map(|pcn| (pcn.name.as_str(), pcn.code.as_str())).collect();
                pcns.sort_unstable();
                let codes = pcns.into_iter().map(|(_, code)| code.to_owned()).collect();
                vec![group(Dimension::Pcn, "Primary care networks", codes)]
            }
            _ => Vec::new(),
        };
        if !matches!(self.level, Dimension::Provider | Dimension::Pcn) {
            groups.push(group(Dimension::Provider, "Providers", self.providers(reading)));
        }
        groups.retain(|group| !group.codes.is_empty());
        groups
    }

    /// Codes of the providers whose referrals count here.
    pub(super) fn providers(&self, reading: &Reading) -> Vec<String> {
        if self.level == Dimension::Provider {
            return vec![self.code.clone()];
        }
        let here = reading.feed_areas.iter().filter(|(_, level, area)| *level == self.level && *area == self.code);
        let providers: BTreeSet<&str> = here.map(|(provider, ..)| provider.as_str()).collect();
        owned(providers)
    }
}

fn owned(codes: BTreeSet<&str>) -> Vec<String> {
    // An area that is not known comes last: it is a question about the data, not a place.
    let (unknown, mut known): (Vec<&str>, Vec<&str>) = codes.into_iter().partition(|code| *code == UNKNOWN_AREA);
    known.extend(unknown);
    known.into_iter().map(str::to_owned).collect()
}

fn areas_with_figures(reading: &Reading, level: Dimension) -> BTreeSet<&str> {
    let levels = reading.levels.iter().filter(|figures| figures.level == level);
    levels.flat_map(|figures| figures.figures.iter()).filter_map(|figure| figure.dimension(level)).collect()
}

/// A code or name as one segment of a path.
pub(super) fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(level: Dimension, code: &str) -> Place {
        Place { level, code: code.to_owned() }
    }

    #[test]
    fn a_network_lies_in_its_partnership_its_board_and_the_whole() {
        let geography = Geography::devon();
        let above = place(Dimension::Pcn, "U74074").above(&geography);
        let expected = [Place::whole(), place(Dimension::Icb, "QJK"), place(Dimension::Lcp, "Plymouth")];
        assert_eq!(above, expected);
        assert_eq!(place(Dimension::Provider, "NR5").above(&geography), [Place::whole()], "a provider has no ICB");
        assert_eq!(Place::whole().above(&geography), []);
    }

    #[test]
    fn addresses_hold_any_name() {
        assert_eq!(Place::whole().address(), "/");
        assert_eq!(place(Dimension::Lcp, "East & West/1").address(), "/area/lcp/East%20%26%20West%2F1");
    }
}
