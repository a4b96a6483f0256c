//! At which level of area each family speaks, and why.
//!
//! Every referral is counted at six levels: nation, region, ICB, local care partnership (LCP), primary care network (PCN)
//! and provider. An alert at each of them would tell one truth six times. So (our choice):
//!
//! * **Clock**: the provider alone. Every open referral has exactly one, and its duty co-ordinator is the only person who
//!   can still send somebody.
//! * **Budget**: provider and ICB, the levels at which the monthly figure is published and somebody is held to it.
//! * **Slip**: provider, LCP and ICB. The provider can act. The LCP and the ICB are there for a truth that no single
//!   provider shows: a slip in one half of a provider, or one spread over several too small to be sure. They carry the
//!   label `provider` of whoever takes most of their referrals, and Alertmanager mutes them while that provider's own
//!   alert fires: one truth pages once, at the place that can act.
//! * **Trust**: joined with `ucr_feed_area` at the levels above, so that a broken feed mutes what it spoils.
//!
//! * **Wards**: the provider alone. Its wards share their staff, and it can open, close and fill them.
//!
//! Nation and region are the same people again wherever the lake holds one system; a PCN is too small to be sure of and
//! disclosive by the day.
//!
//! The levels themselves are declared once, for the rules and for the conditions of the board
//! ([`homeward_transform::conditions::declared`]).
//!
//! Each selector's levels end in an empty alternative: a series without the label `level`, as the handbook writes them,
//! passes. Referrals whose area is not known are nobody's area; they count where they are known, at the provider.

use homeward_transform::conditions::declared::{BUDGET_LEVELS, CLOCK_LEVELS, SLIP_LEVELS};
use homeward_transform::conditions::wards;
use homeward_transform::figure::Dimension;
use homeward_transform::snapshot::UNKNOWN_AREA;

/// Selector of the clock family.
pub(super) fn clock() -> String {
    selector(&CLOCK_LEVELS)
}

/// Selector of the budget family.
pub(super) fn budget() -> String {
    selector(&BUDGET_LEVELS)
}

/// Selector of the slip family, and of the areas that trust alerts speak of.
pub(super) fn slip() -> String {
    format!("{},area!=\"{UNKNOWN_AREA}\"", selector(&SLIP_LEVELS))
}

/// Selector of the rules about virtual wards.
pub(super) fn wards() -> String {
    selector(&[wards::LEVEL])
}

fn selector(levels: &[Dimension]) -> String {
    let names: String = levels.iter().map(|level| format!("{level}|")).collect();
    format!("level=~\"{names}\"")
}
