//! Organisations, primary care networks and practices: which area a code belongs to.
//!
//! A provider is not an ICB (edge rule E20, dirt D10): the ICB of a referral is found by its commissioner, else its
//! residence, else its practice, and this module answers each question by itself, with `None` when it does not know.
//! Practice to network and network to local care partnership nest; the latter is inferred from geography and
//! unconfirmed. The built-in practices are fictitious; a deployment loads its own with [`Geography::from_csv`].

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::codes;
use crate::deprivation::Deprivation;
use crate::population::{Edition, People, Population};
use crate::reference_table::CsvTable;

pub use crate::reference_table::ReferenceError as GeographyError;

/// The code of the nation as printed in the national workbook.
pub const NATION: &str = "National";

/// What kind of body an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrganisationKind {
    /// England.
    National,
    /// An NHS England commissioning region.
    Region,
    /// An integrated care board.
    Icb,
    /// A sub-ICB location; providers may send its code as commissioner.
    SubIcbLocation,
    /// A provider of care.
    Provider,
    /// A council.
    LocalAuthority,
}

impl OrganisationKind {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "national" => Self::National,
            "region" => Self::Region,
            "icb" => Self::Icb,
            "sub_icb_location" => Self::SubIcbLocation,
            "provider" => Self::Provider,
            "local_authority" => Self::LocalAuthority,
            _ => return None,
        })
    }
}

/// One organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its ODS code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What kind of body it is.
    pub kind: OrganisationKind,
    /// The organisation above it, where one is known; providers have none on purpose.
    pub parent: Option<String>,
    /// The organisation that took it over, and from which day.
    pub successor: Option<(String, NaiveDate)>,
}

/// One primary care network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcn {
    /// Its ODS code.
    pub code: String,
    /// Its name, without the suffix "PCN".
    pub name: String,
    /// Its local care partnership (inferred).
    pub lcp: String,
    /// Its ICB, where the file says so.
    pub icb: Option<String>,
    /// How many practices it has.
    pub practices: u32,
}

/// Where a practice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Practice<'g> {
    /// Code of its network.
    pub pcn: &'g str,
    /// Name of its local care partnership.
    pub lcp: &'g str,
}

/// A level of areas that people registered with practices are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AreaLevel {
    /// A practice.
    Practice,
    /// A primary care network.
    Pcn,
    /// A local care partnership.
    Lcp,
    /// An integrated care board.
    Icb,
    /// A region.
    Region,
    /// The practices of the table, all of them.
    Nation,
}

/// Reference data, looked up by code.
#[derive(Debug, Clone, Default)]
pub struct Geography {
    organisations: BTreeMap<String, Organisation>,
    pcns: Vec<Pcn>,
    lcps: Vec<String>,
    /// Practice code to its place in `pcns`.
    practices: BTreeMap<String, usize>,
    population: Population,
    /// The people of each area, by the date and version of the edition.
    people: BTreeMap<(NaiveDate, u32), BTreeMap<(AreaLevel, String), People>>,
    deprivation: Deprivation,
}

impl Geography {
    /// The reference data compiled into Homeward: the South West's ICBs, Devon's providers and networks, and fictitious
    /// practices for the simulated Devon.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the tables are compiled in and a test reads them")]
    pub fn devon() -> Geography {
        Geography::from_csv(
            include_str!("../reference/organisations.csv"),
            include_str!("../reference/devon_pcns.csv"),
            include_str!("../reference/practices.csv"),
        )
        .expect("the built-in reference data is valid")
        .with_population(Population::devon())
        .with_deprivation(Deprivation::simulated())
    }

    /// The same with these neighbourhoods.
    #[must_use]
    pub fn with_deprivation(self, deprivation: Deprivation) -> Geography {
        Geography { deprivation, ..self }
    }

    /// How deprived neighbourhoods are.
    #[must_use]
    pub const fn deprivation(&self) -> &Deprivation {
        &self.deprivation
    }

    /// The same with these people on the lists of its practices. Those of practices that it does not know count in no area
    /// but their own.
    #[must_use]
    pub fn with_population(mut self, population: Population) -> Geography {
        let editions = population.editions().iter();
        self.people = editions.map(|edition| ((edition.as_of, edition.version), self.areas_of(edition))).collect();
        self.population = population;
        self
    }

    fn areas_of(&self, edition: &Edition) -> BTreeMap<(AreaLevel, String), People> {
        let mut areas: BTreeMap<(AreaLevel, String), People> = BTreeMap::new();
        for (code, people) in edition.practices() {
            let place = self.practice(code);
            let icb = self.icb_of_practice(code);
            let named = [
                (AreaLevel::Practice, Some(code)),
                (AreaLevel::Pcn, place.map(|place| place.pcn)),
                (AreaLevel::Lcp, place.map(|place| place.lcp)),
                (AreaLevel::Icb, icb),
                (AreaLevel::Region, icb.and_then(|icb| self.region_of_icb(icb))),
                (AreaLevel::Nation, place.map(|_| NATION)),
            ];
            for (level, area) in named {
                let Some(area) = area else { continue };
                areas.entry((level, area.to_owned())).or_default().add(people);
            }
        }
        areas
    }

    /// Everybody on a list, in dated editions.
    #[must_use]
    pub const fn population(&self) -> &Population {
        &self.population
    }

    /// The people who were registered in an area, by the edition in force on a day; none where it names no practice of the
    /// area.
    #[must_use]
    pub fn people_in(&self, level: AreaLevel, code: &str, day: NaiveDate) -> Option<&People> {
        let edition = self.population.in_force(day)?;
        self.people.get(&(edition.as_of, edition.version))?.get(&(level, code.to_owned()))
    }

    /// Reads the three tables from CSV text with the headers of the files in `reference/`.
    ///
    /// # Errors
    /// [`GeographyError`] with table, line and fault: a missing column, an unknown kind, a code twice, a parent or
    /// network that is not in its table.
    pub fn from_csv(organisations: &str, pcns: &str, practices: &str) -> Result<Geography, GeographyError> {
        let mut geography = Geography::default();
        geography.read_organisations(organisations)?;
        geography.read_pcns(pcns)?;
        geography.read_practices(practices)?;
        Ok(geography)
    }

    fn read_organisations(&mut self, text: &str) -> Result<(), GeographyError> {
        let table = CsvTable::read("organisations.csv", text)?;
        for row in table.rows() {
            let code = row.code("code")?;
            let kind = OrganisationKind::from_word(row.text("type")?).ok_or_else(|| {
                row.fault("type is none of national, region, icb, sub_icb_location, provider, local_authority")
            })?;
            let successor = match (row.text("successor_code")?, row.text("successor_date")?) {
                ("", _) => None,
                (successor, date) => {
                    let date = crate::time::parse_date(date)
                        .map_err(|error| row.fault(&format!("successor_date: {error}")))?;
                    Some((successor.to_owned(), date))
                }
            };
            let parent = Some(row.text("parent")?.to_owned()).filter(|parent| !parent.is_empty());
            let organisation =
                Organisation { code: code.clone(), name: row.text("name")?.to_owned(), kind, parent, successor };
            if self.organisations.insert(lookup(&code), organisation).is_some() {
                return Err(row.fault(&format!("the code {code} stands twice; keep one row a code")));
            }
        }
        for row in table.rows() {
            for column in ["parent", "successor_code"] {
                let named = row.text(column)?;
                if !named.is_empty() && !self.organisations.contains_key(&lookup(named)) {
                    return Err(row.fault(&format!("{column} {named} has no row of its own; add one")));
                }
            }
        }
        Ok(())
    }

    fn read_pcns(&mut self, text: &str) -> Result<(), GeographyError> {
        let table = CsvTable::read("pcns.csv", text)?;
        for row in table.rows() {
            let (code, lcp) = (row.code("code")?, row.text("lcp")?.to_owned());
            let practices = row.text("practices")?.parse().map_err(|_| row.fault("practices is not a whole number"))?;
            let icb = row.text("icb").ok().filter(|icb| !icb.is_empty()).map(str::to_owned);
            if self.pcns.iter().any(|pcn| pcn.code == code) {
                return Err(row.fault(&format!("the code {code} stands twice; keep one row a network")));
            }
            if !lcp.is_empty() && !self.lcps.contains(&lcp) {
                self.lcps.push(lcp.clone());
            }
            self.pcns.push(Pcn { code, name: row.text("name")?.to_owned(), lcp, icb, practices });
        }
        self.lcps.sort();
        Ok(())
    }

    fn read_practices(&mut self, text: &str) -> Result<(), GeographyError> {
        let table = CsvTable::read("practices.csv", text)?;
        for row in table.rows() {
            let (code, pcn) = (row.code("code")?, row.code("pcn")?);
            let place = self
                .pcns
                .iter()
                .position(|known| known.code == pcn)
                .ok_or_else(|| row.fault(&format!("the network {pcn} is not in pcns.csv; add it there")))?;
            if self.practices.insert(code.clone(), place).is_some() {
                return Err(row.fault(&format!("the code {code} stands twice; keep one row a practice")));
            }
        }
        Ok(())
    }

    /// The organisation with this code.
    #[must_use]
    pub fn organisation(&self, code: &str) -> Option<&Organisation> {
        self.organisations.get(&lookup(code))
    }

    /// Every organisation, by code.
    pub fn organisations(&self) -> impl Iterator<Item = &Organisation> {
        self.organisations.values()
    }

    /// The ICB that a commissioner code means: an ICB's own code, or that of one of its sub-ICB locations. `None` for
    /// any other code, known or not.
    #[must_use]
    pub fn icb_of_commissioner(&self, code: &str) -> Option<&str> {
        let organisation = self.organisation(code)?;
        match organisation.kind {
            OrganisationKind::Icb => Some(&organisation.code),
            OrganisationKind::SubIcbLocation => organisation.parent.as_deref(),
            _ => None,
        }
    }

    /// The region an ICB belongs to.
    #[must_use]
    pub fn region_of_icb(&self, icb: &str) -> Option<&str> {
        let organisation = self.organisation(icb)?;
        (organisation.kind == OrganisationKind::Icb).then_some(organisation.parent.as_deref()).flatten()
    }

    /// Where a practice is; `None` when the code is not in the table.
    #[must_use]
    pub fn practice(&self, code: &str) -> Option<Practice<'_>> {
        let pcn = self.pcn_of_practice(code)?;
        Some(Practice { pcn: &pcn.code, lcp: &pcn.lcp })
    }

    /// The ICB of a practice, through its network.
    #[must_use]
    pub fn icb_of_practice(&self, code: &str) -> Option<&str> {
        self.pcn_of_practice(code)?.icb.as_deref()
    }

    fn pcn_of_practice(&self, code: &str) -> Option<&Pcn> {
        self.pcns.get(*self.practices.get(&lookup(code))?)
    }

    /// The provider that answers for a code on a day: its successor from the day of succession on.
    #[must_use]
    pub fn provider_on<'a>(&'a self, code: &'a str, day: NaiveDate) -> &'a str {
        self.follow(code, |from| day >= from)
    }

    /// The provider to which facts under a code roll up, whatever their date: RBZ is RH8 in every table.
    #[must_use]
    pub fn provider_today<'a>(&'a self, code: &'a str) -> &'a str {
        self.follow(code, |_| true)
    }

    fn follow<'a>(&'a self, code: &'a str, applies: impl Fn(NaiveDate) -> bool) -> &'a str {
        let mut current = code;
        // Bounded by the number of organisations, so that a circle in the data ends.
        for _ in 0..self.organisations.len() {
            match self.organisation(current).and_then(|organisation| organisation.successor.as_ref()) {
                Some((successor, from)) if applies(*from) => current = successor,
                _ => break,
            }
        }
        current
    }

    /// The name of an organisation, network or partnership.
    #[must_use]
    pub fn name_of(&self, code: &str) -> Option<&str> {
        let network = || self.pcns.iter().find(|pcn| pcn.code == code).map(|pcn| pcn.name.as_str());
        let partnership = || self.lcps.iter().find(|lcp| *lcp == code).map(String::as_str);
        self.organisation(code).map(|organisation| organisation.name.as_str()).or_else(network).or_else(partnership)
    }

    /// The local care partnerships, in alphabetical order; a partnership's name is its code.
    #[must_use]
    pub fn lcps(&self) -> &[String] {
        &self.lcps
    }

    /// The networks, in the order of the table.
    #[must_use]
    pub fn pcns(&self) -> &[Pcn] {
        &self.pcns
    }

    /// Every practice code with its network, by code.
    pub fn practices(&self) -> impl Iterator<Item = (&str, &Pcn)> {
        self.practices.iter().filter_map(|(code, place)| Some((code.as_str(), self.pcns.get(*place)?)))
    }

    /// The partnership of a network.
    #[must_use]
    pub fn lcp_of_pcn(&self, pcn: &str) -> Option<&str> {
        self.pcns.iter().find(|known| known.code == pcn).map(|known| known.lcp.as_str())
    }
}

/// Codes are compared without regard to letter case or blanks: `15n` is `15N`.
fn lookup(code: &str) -> String {
    codes::organisation(code).unwrap_or_default()
}

#[cfg(test)]
#[path = "geography_tests.rs"]
mod tests;
