//! One referral as each stage of the reconciliation knows it: the same fold, over other knowledge.

use super::areas::Areas;
use super::cascade::Cascade;
use super::choice::Choice;
use super::clock::{ClockRow, Micros};
use super::fold::{Knowledge, Rows, rows};
use super::referral::LiveReferral;
use crate::reconcile::ledger::Ledger;
use crate::reconcile::posting::{Referral, is_same_clock, postings, wakes_at};

/// Brings the postings of a referral up to date. `now` is the fold of what counts.
pub(super) fn post(
    ledger: &mut Ledger,
    index: u32,
    known: &Knowledge<'_>,
    now: &Rows,
    areas: &mut Areas,
    as_of: Micros,
) {
    let of_live_alone;
    let live = match known.csds {
        // Without CSDS the live view is that of live events alone.
        None => &now.live,
        Some(_) => {
            of_live_alone = rows(&Knowledge { csds: None, ..*known }, areas);
            &of_live_alone.live
        }
    };
    let mut by = |choice| match known.csds {
        None => Vec::new(),
        Some(_) => {
            let cascade = Cascade { choice, ..known.cascade };
            rows(&Knowledge { live: None, cascade, ..*known }, areas).csds
        }
    };
    let register = known.cascade.choice.register();
    let primary = by(Choice::primaries(register));
    // Only of a clock that is no longer known is it asked whether it was withdrawn.
    let known_now = |row: &ClockRow| now.csds.iter().any(|other| is_same_clock(row, other));
    let standing = if primary.iter().all(known_now) { Vec::new() } else { by(Choice::standing_primaries(register)) };
    let referral = Referral {
        live: live.first(),
        voided: known.live.is_some_and(LiveReferral::is_voided),
        primary: &primary,
        standing: &standing,
        refresh: &now.csds,
    };
    ledger.replace(index, known.provider, postings(&referral, as_of), wakes_at(&referral, as_of));
}
