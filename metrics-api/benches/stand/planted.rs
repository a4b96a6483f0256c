//! Holds a run against what was planted, exactly.

use homeward_simulator::load::LoadCounts;
use serde_json::{Value, json};

use super::Fault;

/// Counts in the lake, and figures by provider.
pub(crate) fn check(planted: &LoadCounts, providers: &Value, ledger: &Value) -> Result<(), Fault> {
    let wanted = json!({
        "accepted": planted.good + planted.duplicate,
        "distinct": planted.good,
        "duplicate": planted.duplicate,
        "late": planted.late,
        "quarantined": planted.malformed,
    });
    if *ledger != wanted {
        return Err(format!("the lake holds {ledger}, planted were {wanted}").into());
    }
    for (provider, own) in &planted.providers {
        let wanted = json!({ "referrals": own.referrals, "met": own.met, "open": own.referrals - own.stopped });
        let found = &providers[provider];
        if *found != wanted {
            return Err(format!("{provider}: figures {found}, planted {wanted}").into());
        }
    }
    Ok(())
}
