//! The release gate: the only way from an exact [`Figure`] to something an outlet may write.
//!
//! A [`Policy`] is named and versioned; it is applied once, at the edge, after aggregation (handbook, disclosure sections 1
//! and 2). Its result, [`Released`], can be made nowhere else:
//!
//! * [`Figure`] does not implement `Serialize`, so an exact figure cannot be written:
//!
//!   ```compile_fail,E0277
//!   fn leak(figure: &homeward_transform::figure::Figure) -> String {
//!       serde_json::to_string(figure).unwrap()
//!   }
//!   ```
//! * [`Released`] has a private field, so no other module can wrap what no policy has seen:
//!
//!   ```compile_fail,E0423
//!   use homeward_transform::release::Released;
//!   fn forge(count: i64) -> Released<i64> {
//!       Released(count)
//!   }
//!   ```
//! * [`ReleasedFigure`] is non-exhaustive, so no other crate can fill one in by hand:
//!
//!   ```compile_fail,E0639
//!   use homeward_transform::release::{ReleasedFigure, Shown};
//!   fn forge(seen: ReleasedFigure) -> ReleasedFigure {
//!       ReleasedFigure { numerator: Shown::Count(3), ..seen }
//!   }
//!   ```
//! * What was released can be read but not changed:
//!
//!   ```compile_fail,E0596
//!   use homeward_transform::release::{Released, ReleasedFigure};
//!   fn rewrite(mut released: Released<Vec<ReleasedFigure>>) {
//!       released.clear();
//!   }
//!   ```
//!
//! The right way:
//!
//! ```
//! use homeward_transform::{definition::Definition, figure::Figure, release::{Policy, UnknownPolicy}};
//! fn publish(figures: Vec<Figure>, definition: &Definition) -> Result<String, UnknownPolicy> {
//!     let released = Policy::by_name("ucr-publication")?.release(figures, definition);
//!     Ok(serde_json::to_string(&released).unwrap_or_default())
//! }
//! ```
//!
//! [`Figure`]: crate::figure::Figure

mod figure;
mod policy;
mod quality;
pub mod reach;
mod reconciliation;
mod released;
mod rounding;
mod wards;

pub use figure::ReleasedFigure;
pub use policy::{Coverage, Numbers, Policy, UnknownPolicy};
pub use quality::{ReleasedMeasure, ReleasedQuality};
pub use reconciliation::{ReleasedEntry, ReleasedMonth};
pub use released::{HoldsNoPatientData, Released};
pub use rounding::{Rounding, Shown};
pub use wards::ReleasedWards;
