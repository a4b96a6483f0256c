//! What an indicator's plan may do: read the views, nothing else. Pure.

use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};

use crate::book::view::NAMES;

/// What an indicator's plan does that it may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// A statement that is not a query.
    #[error("only a query is allowed in indicator.sql, found {0}")]
    NotAQuery(String),
    /// Another table than the views.
    #[error("table '{0}' is not one of the views {views}", views = NAMES.join(", "))]
    Table(String),
    /// A function whose value changes between two runs.
    #[error(
        "function '{0}' gives another value at each run; use the parameter $as_of and the period view, so that a figure can be computed again"
    )]
    Volatile(String),
}

/// Checks a plan.
pub(super) fn verify(plan: &LogicalPlan) -> Result<(), PlanFault> {
    let mut fault = None;
    let walked = plan.apply_with_subqueries(|node| {
        fault = fault_of(node);
        Ok(if fault.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    match (fault, walked) {
        (Some(fault), _) => Err(fault),
        (None, Ok(_)) => Ok(()),
        (None, Err(error)) => Err(PlanFault::NotAQuery(error.to_string())),
    }
}

/// True when a column of a plan is, row by row, the column of this name of the views that it reads.
pub(super) fn is_column_of_views(plan: &LogicalPlan, place: usize, name: &str) -> bool {
    let comes_from = |input: &LogicalPlan, column: &Column| {
        input.schema().maybe_index_of_column(column).is_some_and(|place| is_column_of_views(input, place, name))
    };
    match plan {
        LogicalPlan::TableScan(scan) => scan.projected_schema.field(place).name() == name,
        LogicalPlan::Projection(projection) => match projection.expr[place].clone().unalias() {
            Expr::Column(column) => comes_from(&projection.input, &column),
            _ => false,
        },
        LogicalPlan::SubqueryAlias(alias) => is_column_of_views(&alias.input, place, name),
        LogicalPlan::Union(union) => union.inputs.iter().all(|input| is_column_of_views(input, place, name)),
        LogicalPlan::Filter(_) | LogicalPlan::Join(_) => {
            let column = Column::from(plan.schema().qualified_field(place));
            plan.inputs().into_iter().any(|input| comes_from(input, &column))
        }
        _ => false,
    }
}

fn fault_of(node: &LogicalPlan) -> Option<PlanFault> {
    match node {
        LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) | LogicalPlan::Statement(_) => {
            return Some(PlanFault::NotAQuery(node.display().to_string()));
        }
        LogicalPlan::TableScan(scan) if !NAMES.contains(&scan.table_name.table()) => {
            return Some(PlanFault::Table(scan.table_name.to_string()));
        }
        _ => {}
    }
    node.expressions().iter().find_map(volatile_function).map(PlanFault::Volatile)
}

fn volatile_function(expression: &Expr) -> Option<String> {
    let mut found = None;
    let walked = expression.apply(|part| {
        if let Expr::ScalarFunction(call) = part
            && call.func.signature().volatility != Volatility::Immutable
        {
            found = Some(call.func.name().to_owned());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.ok().and(found)
}
