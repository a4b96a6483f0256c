//! A plausible Devon: seeded, with the dirt real feeds have, and with the truth it planted.
//!
//! [`Simulation`] plans referrals of urgent community response at the real providers' codes, for people who do not
//! exist in practices that do not exist, writes them as live events ([`Simulation::live`]) and as monthly CSDS
//! submissions ([`Simulation::submissions`]) that disagree in declared ways, and reports what a correct system must
//! find ([`Simulation::truth`]). Every rate is a field of [`Parameters`].
//!
//! ```
//! use homeward_simulator::{Parameters, Simulation};
//!
//! let simulation = Simulation::new(Parameters { seed: 7, days: 3, ..Parameters::default() });
//! let again = Simulation::new(Parameters { seed: 7, days: 3, ..Parameters::default() });
//! assert!(simulation.live().eq(again.live()));
//! assert_eq!(simulation.live().count() as u64, simulation.truth().counts.feed.messages);
//! ```
//!
//! | Module | Job |
//! |---|---|
//! | `parameters` | every rate |
//! | `arrivals`, `response`, `person` | when, how long, who |
//! | `history`, `delivery` | what happens to a referral; how its facts reach the feed |
//! | `event`, `hl7`, `malformed` | the records, good and broken |
//! | `csds` | the monthly submissions |
//! | `truth` | the oracle |
//! | [`states`] | stays, beds, spells, deaths, registrations, as whole states |
//! | [`load`] | two million cheap events with exact counts, for the benchmark |
//! | [`published`] | submissions that realise given published figures |

mod arrivals;
mod csds;
mod delivery;
mod event;
mod history;
mod hl7;
mod json;
pub mod load;
mod malformed;
mod parameters;
mod person;
pub mod published;
mod random;
mod referral;
mod response;
mod scenario;
mod simulation;
pub mod states;
mod stream;
mod truth;
mod wall;
mod write;

pub use csds::{CsdsCounts, SubmissionFiles};
pub use malformed::{MalformedKind, MalformedRow};
pub use parameters::{CsdsRates, FateRates, FeedRates, Parameters, ProviderParameters};
pub use referral::Fate;
pub use scenario::Scenario;
pub use simulation::Simulation;
pub use stream::{EndlessSimulation, Message};
pub use truth::{Area, Counts, FeedCounts, Grain, OpenBands, PlantedCauses, PlantedClock, Ratio, Stages, Truth};
pub use write::WriteError;
