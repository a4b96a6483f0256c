//! Alert conditions as they appear, are told and clear, a line each.

use std::collections::BTreeMap;
use std::io::Write;

use homeward_contract::geography::Geography;
use homeward_contract::time::london;
use homeward_transform::conditions::Condition;
use homeward_transform::figure::Dimension;
use homeward_transform::snapshot::Snapshot;

/// Which rule, at which level, for which area.
type Key = (String, Dimension, String);

/// The conditions that held last.
#[derive(Default)]
pub(super) struct Conditions {
    held: Option<BTreeMap<Key, Condition>>,
}

impl Conditions {
    /// Prints what changed; the first time, how many hold already.
    pub(super) fn print_changes(
        &mut self,
        snapshot: &Snapshot,
        geography: &Geography,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        let now: BTreeMap<Key, Condition> = snapshot.conditions().iter().map(entry).collect();
        let time = london(snapshot.as_of()).format("%H:%M");
        let name = |area: &str| geography.name_of(area).unwrap_or(area).to_owned();
        match &self.held {
            None if now.is_empty() => writeln!(out, "{time}  no alert condition holds")?,
            None => {
                for ((alert, _, area), condition) in &now {
                    writeln!(out, "{time}  holds    {alert} at {}: {}", name(area), condition.sentence)?;
                }
            }
            Some(held) => {
                for (key @ (alert, _, area), condition) in &now {
                    let word = match held.get(key) {
                        None => "appears",
                        Some(before) if condition.is_told() && !before.is_told() => "is told",
                        Some(_) => continue,
                    };
                    writeln!(out, "{time}  {word:<8} {alert} at {}: {}", name(area), condition.sentence)?;
                }
                for (alert, _, area) in held.keys().filter(|key| !now.contains_key(*key)) {
                    writeln!(out, "{time}  clears   {alert} at {}", name(area))?;
                }
            }
        }
        self.held = Some(now);
        out.flush()
    }
}

fn entry(condition: &Condition) -> (Key, Condition) {
    ((condition.alert.clone(), condition.level, condition.area.clone()), condition.clone())
}
