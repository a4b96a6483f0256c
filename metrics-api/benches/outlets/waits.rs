//! Waits and their percentiles.

use std::time::Duration;

/// Waits of one sort.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits(Vec<Duration>);

impl Waits {
    pub(crate) fn push(&mut self, wait: Duration) {
        self.0.push(wait);
    }

    pub(crate) fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds that this share of the waits did not exceed; none without waits.
    pub(crate) fn at(&self, share: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
        sorted.get(place).map(|wait| wait.as_secs_f64() * 1000.0)
    }
}
