//! Which functions may run over a window.
//!
//! The engine computes a window in one go, in which nothing can stop it; `engine::windows` bounds its rows. That is a
//! bound of its time only where a row costs much the same as the next. So the functions are those whose state does not
//! grow with the frame. `array_agg` and its like would make a list a row, each as long as the frame; DISTINCT and IGNORE
//! NULLS, which PostgreSQL does not take here either, would look through the frame at every row.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{NullTreatment, WindowFunction};
use datafusion::logical_expr::{Expr, Window};

use crate::refusal::{Refusal, code};

/// Functions whose next row costs no more than the last.
const ALLOWED: [&str; 28] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "stddev",
    "stddev_pop",
    "var",
    "var_pop",
    "covar_pop",
    "covar_samp",
    "corr",
    "regr_slope",
    "regr_intercept",
    "regr_r2",
    "bool_and",
    "bool_or",
];

/// Refuses a window that could take time or memory beyond its rows.
pub(super) fn check(window: &Window) -> Result<(), Refusal> {
    let mut found = None;
    for expression in &window.window_expr {
        let walked = expression.apply(|part| {
            if let Expr::WindowFunction(function) = part {
                found = check_function(function).err();
            }
            Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        if let Some(refusal) = found {
            return Err(refusal);
        }
        walked.map_err(|error| Refusal::defect("a window could not be walked", &error))?;
    }
    Ok(())
}

fn check_function(function: &WindowFunction) -> Result<(), Refusal> {
    let name = function.fun.name();
    let refused = |what: String| Err(Refusal::new(code::NOT_SUPPORTED, what, "aggregate first, with GROUP BY"));
    if !ALLOWED.contains(&name) {
        return refused(format!("{name} over a window is refused on this server"));
    }
    if function.params.distinct {
        return refused("DISTINCT is not implemented for window functions".to_owned());
    }
    if function.params.null_treatment == Some(NullTreatment::IgnoreNulls) {
        return refused("IGNORE NULLS is not implemented for window functions".to_owned());
    }
    Ok(())
}
