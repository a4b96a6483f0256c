//! When a batch is so bad that a stop is kinder than a quarantine full of it.
//!
//! A feed whose records are refused by the hundred has most likely changed its shape, or is another feed. People
//! must look; until then nothing of it is taken in and nothing is lost, because Kafka keeps it.

/// The rule; pure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoisonRule {
    /// Share of a batch's records, 0 to 1, from which on the batch is poison. Above 1: never.
    pub share: f64,
    /// Batches with fewer records are never poison.
    pub records_min: usize,
}

impl Default for PoisonRule {
    fn default() -> Self {
        Self { share: 0.5, records_min: 100 }
    }
}

impl PoisonRule {
    /// Whether a batch of `records`, `quarantined` of them refused, stops its feed.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a batch is bounded in bytes, far below 2^52 records")]
    pub fn is_met(&self, records: usize, quarantined: usize) -> bool {
        records >= self.records_min.max(1) && quarantined as f64 >= self.share * records as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_or_mostly_good_batches_pass() {
        let rule = PoisonRule::default();
        assert!(!rule.is_met(99, 99));
        assert!(!rule.is_met(100, 49));
        assert!(rule.is_met(100, 50));
        assert!(!PoisonRule { share: 1.1, records_min: 1 }.is_met(100, 100));
        assert!(!PoisonRule { share: 0.0, records_min: 0 }.is_met(0, 0));
    }
}
