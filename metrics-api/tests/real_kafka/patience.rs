//! Waiting for a condition with a deadline: the one place of these tests that lets time pass.

use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until `look` gives something, and fails with `what` and its last answer when the patience is at its end.
pub(crate) fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(state) if begun.elapsed() > patience => {
                panic!("{what} did not come about within {} s; at the end: {state}", patience.as_secs())
            }
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}
