//! From a text to a plan that may run.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ParamValues};
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan};
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion_postgres::arrow_pg::datatypes::{PG_OID_ALIAS_KEY, into_pg_type, pg_type_for_alias_kind};
use datafusion_postgres::pgwire::api::Type;

use super::failure::refusal_of;
use super::{Session, dialect, phrases};
use crate::guard::statement::{Action, decide};
use crate::guard::{plan, text};
use crate::refusal::{Refusal, code};

/// A statement that the guard has let through.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    /// What it does.
    pub(crate) action: Action,
    /// The tree, for those that the engine plans.
    pub(crate) statement: Statement,
}

/// The statements of one message, with the fingerprint of the whole.
pub(crate) struct Parsed {
    pub(crate) fingerprint: String,
    /// In order; a refused one ends the list, as nothing after it would run.
    pub(crate) statements: Vec<Result<Allowed, Refusal>>,
}

/// A planned statement with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) plan: LogicalPlan,
    /// Columns of the result, called as PostgreSQL calls them.
    pub(crate) schema: SchemaRef,
    /// Type on the wire and in the engine of `$1`, `$2` ...
    pub(crate) parameters: Vec<(Type, Option<DataType>)>,
}

/// Parses a text and lets the guard decide about each statement.
pub(crate) fn parse(session: &Session, sql: &str) -> Result<Parsed, Refusal> {
    let measured = text::measure(sql)?;
    if measured.is_empty {
        return Ok(Parsed { fingerprint: measured.fingerprint, statements: Vec::new() });
    }
    let statements = session.parser.parse(sql).map_err(|error| {
        Refusal::new(code::SYNTAX, format!("syntax error: {error}"), "this server reads PostgreSQL's SQL")
    })?;
    let mut decided = Vec::new();
    for mut statement in statements {
        phrases::adapt(&mut statement);
        let decision = decide(&statement).map(|action| Allowed { action, statement });
        let refused = decision.is_err();
        decided.push(decision);
        if refused {
            break;
        }
    }
    Ok(Parsed { fingerprint: measured.fingerprint, statements: decided })
}

/// Plans a reading statement and checks the plan. Types that the client has told of its parameters come first.
pub(crate) async fn plan(
    session: &Session,
    mut statement: Statement,
    told: &[Option<Type>],
) -> Result<Planned, Refusal> {
    let state = session.context.state();
    let names = dialect::column_names(&statement);
    phrases::complete(&mut statement, told);
    let statement = EngineStatement::Statement(Box::new(statement));
    let planned = state.statement_to_plan(statement).await.map_err(|error| refusal_of(&error))?;
    plan::check(&planned)?;
    let planned = super::bounded::bound_concatenations(planned).map_err(|error| refusal_of(&error))?;
    let parameters = parameters(&planned, told)?;
    let schema = named(planned.schema().as_arrow(), names);
    Ok(Planned { plan: planned, schema, parameters })
}

fn named(schema: &Schema, names: Option<Vec<String>>) -> SchemaRef {
    match names.filter(|names| names.len() == schema.fields().len()) {
        None => Arc::new(schema.clone()),
        Some(names) => {
            let fields = schema.fields().iter().zip(names).map(|(field, name)| field.as_ref().clone().with_name(name));
            Arc::new(Schema::new(fields.collect::<Vec<_>>()))
        }
    }
}

/// A plan for what has no rows to describe.
pub(crate) fn nothing() -> Planned {
    let empty = EmptyRelation { produce_one_row: false, schema: Arc::new(DFSchema::empty()) };
    Planned { plan: LogicalPlan::EmptyRelation(empty), schema: Arc::new(Schema::empty()), parameters: Vec::new() }
}

/// Puts values in the places of the parameters. The columns keep their names; their types may be known better now.
pub(crate) fn bind(planned: &Planned, values: ParamValues) -> Result<(LogicalPlan, SchemaRef), Refusal> {
    let bound = planned.plan.clone().replace_params_with_values(&values).map_err(|error| refusal_of(&error))?;
    plan::check(&bound)?;
    let names = planned.schema.fields().iter().map(|field| field.name().clone()).collect();
    let schema = named(bound.schema().as_arrow(), Some(names));
    Ok((bound, schema))
}

fn parameters(plan: &LogicalPlan, told: &[Option<Type>]) -> Result<Vec<(Type, Option<DataType>)>, Refusal> {
    let mut inferred = plan.get_parameter_types().map_err(|error| refusal_of(&error))?;
    let (casts, aliases) = casts_and_aliases(plan)?;
    for (name, data_type) in casts {
        let known = inferred.entry(name).or_insert(None);
        *known = known.take().or(Some(data_type));
    }
    let count = inferred.keys().filter_map(|name| number(name)).max().unwrap_or_default().max(told.len());
    let mut parameters = Vec::with_capacity(count);
    for index in 0..count {
        let name = format!("${}", index + 1);
        let data_type = inferred.get(&name).cloned().flatten();
        let from_engine = match (aliases.get(&name), &data_type) {
            (Some(alias), _) => alias.clone(),
            (None, Some(data_type)) => into_pg_type(data_type)?,
            (None, None) => Type::TEXT,
        };
        let told = told.get(index).cloned().flatten().filter(|told| *told != Type::UNKNOWN);
        parameters.push((told.unwrap_or(from_engine), data_type));
    }
    Ok(parameters)
}

/// Most parameters: a number in a placeholder is the client's, and a list of that length is made.
const PARAMETERS_MAX: usize = 1_000;

fn number(placeholder: &str) -> Option<usize> {
    placeholder.strip_prefix('$')?.parse().ok().filter(|number| *number <= PARAMETERS_MAX)
}

type Hints = (HashMap<String, DataType>, HashMap<String, Type>);

/// Types that a cast gives a parameter, and the object identifiers among them, which are numbers of their own kind.
fn casts_and_aliases(plan: &LogicalPlan) -> Result<Hints, Refusal> {
    let (mut casts, mut aliases) = (HashMap::new(), HashMap::new());
    let walked = plan.apply_with_subqueries(|node| {
        for expression in node.expressions() {
            expression.apply(|expression| {
                if let Expr::Cast(cast) = expression
                    && let Expr::Placeholder(placeholder) = cast.expr.as_ref()
                {
                    casts.insert(placeholder.id.clone(), cast.field.data_type().clone());
                }
                if let Expr::Placeholder(placeholder) = expression
                    && let Some(field) = &placeholder.field
                    && field.data_type() == &DataType::Int32
                    && let Some(alias) = field.metadata().get(PG_OID_ALIAS_KEY)
                    && let Some(alias) = pg_type_for_alias_kind(alias)
                {
                    aliases.insert(placeholder.id.clone(), alias);
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.map_err(|error| refusal_of(&error))?;
    Ok((casts, aliases))
}
