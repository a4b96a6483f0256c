//! Who stopped how many clocks for whom, so that every published figure of a month comes out after rounding and none
//! before it.

use homeward_contract::geography::{Geography, OrganisationKind};
use homeward_simulator::published::PublishedRow;

use super::search::{Pair, devon, pairs_of};
use super::workbook::{DEVON, MONTHS, NATION, PROVIDERS, SOUTH_WEST};

/// True counts: clocks met and clocks late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clocks {
    pub(crate) met: u64,
    pub(crate) late: u64,
}

impl Clocks {
    pub(crate) const fn stopped(self) -> u64 {
        self.met + self.late
    }

    const fn plus(self, other: Self) -> Self {
        Self { met: self.met + other.met, late: self.late + other.late }
    }

    /// What is left after taking the other away; nothing where the other has more.
    const fn less(self, other: Self) -> Self {
        Self { met: self.met.saturating_sub(other.met), late: self.late.saturating_sub(other.late) }
    }

    /// One of `parts` parts that differ by one clock at most.
    fn part(self, part: u64, parts: u64) -> Self {
        let cut = |total: u64| total * (part + 1) / parts - total * part / parts;
        Self { met: cut(self.met), late: cut(self.late) }
    }
}

/// One area or provider of the plan: what was published, and what is planted for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planted {
    pub(crate) code: &'static str,
    pub(crate) published: Pair,
    pub(crate) truth: Clocks,
}

/// A month of England.
pub(crate) struct MonthPlan {
    /// Nation, region and ICB, in this order.
    pub(crate) areas: [Planted; 3],
    /// Devon's providers, with all their clocks, whoever commissioned them.
    pub(crate) providers: [Planted; 3],
    /// What each provider submits for each commissioner.
    pub(crate) rows: Vec<PublishedRow>,
}

/// A provider that does not exist, beyond Devon.
const ELSEWHERE: &str = "ZX";
/// Commissioners of the rest of England: one that the reference geography does not hold, and none.
const OUTSIDE: [&str; 2] = ["36L", ""];
/// Providers of the rest of England.
const OUTSIDE_PROVIDERS: u64 = 8;
/// A commissioner of the region beside Devon.
const CORNWALL: &str = "11N";

impl MonthPlan {
    /// The whole of England for one of [`MONTHS`].
    pub(crate) fn of(month: &'static str) -> Self {
        let number = MONTHS.iter().position(|known| *known == month).expect("a month of the year");
        let (devon_pair, provider_pairs) = devon(month);
        let pairs = [pairs_of(NATION)[month], pairs_of(SOUTH_WEST)[month], devon_pair];
        let codes = [NATION, SOUTH_WEST, DEVON];
        let areas = std::array::from_fn(|place| planted(codes[place], pairs[place], number + place));
        let providers =
            std::array::from_fn(|place| planted(PROVIDERS[place], provider_pairs[place], number + place + 1));
        let [nation, region, icb] = areas.map(|area| area.truth);

        let mut rows = devon_rows(icb, providers.map(|provider| provider.truth));
        let submitted = rows.iter().fold(Clocks { met: 0, late: 0 }, |sum, row| sum.plus(clocks(row)));
        let neighbours = neighbours();
        let parts = neighbours.len() as u64;
        for (part, commissioner) in (0..).zip(&neighbours) {
            rows.push(row(
                &format!("{ELSEWHERE}{commissioner}"),
                commissioner,
                region.less(submitted).part(part, parts),
            ));
        }
        let outside = nation.less(region);
        for part in 0..OUTSIDE_PROVIDERS {
            let commissioner = OUTSIDE[part as usize % OUTSIDE.len()];
            rows.push(row(&format!("{ELSEWHERE}{part}"), commissioner, outside.part(part, OUTSIDE_PROVIDERS)));
        }
        rows.retain(|row| row.stopped > 0);
        Self { areas, providers, rows }
    }

    /// Devon alone: the clocks of its own providers and of its own people.
    pub(crate) fn devon_rows(self) -> Vec<PublishedRow> {
        let own = |row: &PublishedRow| PROVIDERS.contains(&row.provider.as_str());
        self.rows.into_iter().filter(|row| own(row) || devon_commissions(&row.commissioner)).collect()
    }
}

/// Providers do not add up to the ICB. What Devon's providers have too many is commissioned by Cornwall; what they have
/// too few is done for Devon's people by a provider elsewhere.
fn devon_rows(icb: Clocks, providers: [Clocks; 3]) -> Vec<PublishedRow> {
    let [first, second, third] = providers;
    let all = first.plus(second).plus(third);
    let for_cornwall = all.less(icb);
    vec![
        row(PROVIDERS[0], "15N", first.less(for_cornwall)),
        row(PROVIDERS[0], CORNWALL, for_cornwall),
        // Some providers send the board's code instead of the sub-ICB location's.
        row(PROVIDERS[1], DEVON, second),
        row(PROVIDERS[2], "15N", third),
        row(&format!("{ELSEWHERE}{CORNWALL}"), "15N", icb.less(all)),
    ]
}

fn devon_commissions(commissioner: &str) -> bool {
    ["15N", DEVON].contains(&commissioner)
}

/// The sub-ICB locations of the region's other boards.
fn neighbours() -> Vec<String> {
    let geography = Geography::devon();
    let codes = geography.organisations().filter(|known| known.kind == OrganisationKind::SubIcbLocation);
    let beside_devon = |code: &&str| {
        let icb = geography.icb_of_commissioner(code).expect("a sub-ICB location has a board");
        icb != DEVON && geography.region_of_icb(icb) == Some(SOUTH_WEST)
    };
    codes.map(|known| known.code.as_str()).filter(beside_devon).map(str::to_owned).collect()
}

fn row(provider: &str, commissioner: &str, clocks: Clocks) -> PublishedRow {
    let (provider, commissioner) = (provider.to_owned(), commissioner.to_owned());
    PublishedRow { provider, commissioner, met: clocks.met, stopped: clocks.stopped() }
}

const fn clocks(row: &PublishedRow) -> Clocks {
    Clocks { met: row.met, late: row.stopped - row.met }
}

/// True counts of a published pair. No true count is a multiple of 5, and their ratio is not the published one.
const OFFSETS: [(i64, i64); 8] = [(1, -2), (-1, 2), (2, -1), (-2, 1), (2, -2), (-2, 2), (1, -1), (-1, 1)];

fn planted(code: &'static str, published: Pair, number: usize) -> Planted {
    let (met, stopped) = OFFSETS[number % OFFSETS.len()];
    // All met: the true counts have to be equal as well.
    let stopped = if published.met == published.stopped { met } else { stopped };
    let moved = |count: u64, offset: i64| count.checked_add_signed(offset).expect("published counts are 5 or more");
    let (met, stopped) = (moved(published.met, met), moved(published.stopped, stopped));
    Planted { code, published, truth: Clocks { met, late: stopped - met } }
}
