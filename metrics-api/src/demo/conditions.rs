//! Alert conditions as they appear and clear, a line each.

use std::collections::BTreeMap;
use std::io::Write;

use homeward_contract::geography::Geography;
use homeward_contract::time::london;
use homeward_transform::conditions::Condition;
use homeward_transform::snapshot::Snapshot;

/// The conditions that held last.
#[derive(Default)]
pub(super) struct Conditions {
    held: Option<BTreeMap<(String, String), String>>,
}

impl Conditions {
    /// Prints what changed; the first time, how many hold already.
    pub(super) fn print_changes(
        &mut self,
        snapshot: &Snapshot,
        geography: &Geography,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        let now: BTreeMap<(String, String), String> = snapshot.conditions().iter().map(entry).collect();
        let time = london(snapshot.as_of()).format("%H:%M");
        let name = |area: &str| geography.name_of(area).unwrap_or(area).to_owned();
        match &self.held {
            None if now.is_empty() => writeln!(out, "{time}  no alert condition holds")?,
            None => {
                for ((alert, area), sentence) in &now {
                    writeln!(out, "{time}  holds    {alert} at {}: {sentence}", name(area))?;
                }
            }
            Some(held) => {
                for ((alert, area), sentence) in now.iter().filter(|(key, _)| !held.contains_key(*key)) {
                    writeln!(out, "{time}  appears  {alert} at {}: {sentence}", name(area))?;
                }
                for (alert, area) in held.keys().filter(|key| !now.contains_key(*key)) {
                    writeln!(out, "{time}  clears   {alert} at {}", name(area))?;
                }
            }
        }
        self.held = Some(now);
        out.flush()
    }
}

fn entry(condition: &Condition) -> ((String, String), String) {
    ((condition.alert.to_owned(), condition.area.clone()), condition.sentence.clone())
}
