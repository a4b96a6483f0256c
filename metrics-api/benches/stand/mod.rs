//! What the benchmarks stand on: a real broker, children in processes of their own, Homeward as `homeward run` composes
//! it, and the count of what it left.

pub(crate) mod broker;
pub(crate) mod environment;
pub(crate) mod house;
pub(crate) mod http;
pub(crate) mod ledger;
pub(crate) mod planted;
pub(crate) mod process;

use std::error::Error;

/// Anything that ends a measurement; the message says what.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// Share of late, duplicate and malformed records in a load.
pub(crate) const SHARES: [f64; 3] = [0.01, 0.005, 0.001];

/// Seed of a load.
pub(crate) const SEED: u64 = 2;
