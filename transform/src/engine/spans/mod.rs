//! SQL functions over intervals, for indicators that are made of them (`transform/indicators/README.md` lists them).
//!
//! Two kinds of points: dates, where nights are counted, and instants, where time is. A set of intervals is a list of
//! `{from, to}`, a count over the line a list of `{at, count}`; [`crate::spans`] is what they mean. All are immutable and
//! work on whole columns.

mod aggregate;
mod column;
mod local;
mod scalar;

use datafusion::execution::context::SessionContext;

/// Makes the functions known to a session.
pub(super) fn register(context: &SessionContext) {
    for function in aggregate::functions() {
        context.register_udaf(function);
    }
    for function in scalar::functions() {
        context.register_udf(function);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
