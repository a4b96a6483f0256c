//! What a client may ask for. Pure: texts, trees and plans in, decisions out; the only place that decides.
//!
//! Three lines of defence, each of which would do alone for most of what is refused:
//! 1. [`text`]: size and nesting of a statement before anything walks it.
//! 2. [`statement`]: an allow-list over the parsed tree. What is not named there is refused.
//! 3. [`plan`]: what the engine made of it reads only our schemas, changes nothing, stays small, and computes
//!    windows of bounded cost only (`windows`).
//!
//! And a fourth in `engine`: functions that are not on the list of [`functions`] do not exist in a session.

pub mod functions;
pub mod plan;
pub mod settings;
pub mod statement;
pub mod text;
mod windows;
