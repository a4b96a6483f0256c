//! Reconciliation of the two-hour figure: a provider and month by live events, by the Primary, by what counts now and as
//! published, with every difference under its cause (`ucr.md` section 3; `docs/reconciliation.md`).
//!
//! [`posting`] says what one referral adds to each stage and cause; [`ledger`] keeps the sums; [`month`] is the picture of
//! one provider and month; [`published`] holds what NHS England's workbooks say; [`reconciler`] brings them together when
//! facts changed. [`wards`] is the published series of virtual wards. All of it is pure.

pub mod cause;
pub mod ledger;
pub mod month;
pub mod posting;
pub mod published;
pub mod reconciler;
pub mod wards;

pub use cause::{Cause, Stage, Step};
pub use month::{Count, Entry, Reconciled};
pub use reconciler::Reconciliation;
pub use wards::{PublishedSeries, PublishedWards};
