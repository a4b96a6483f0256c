//! What the engine's errors mean to a client of PostgreSQL.

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use super::interrupt::Reason;
use crate::refusal::{Refusal, code};

/// Names code and words for an error of the engine.
pub(crate) fn refusal_of(error: &DataFusionError) -> Refusal {
    match error {
        DataFusionError::Context(_, inner) => refusal_of(inner),
        DataFusionError::Diagnostic(_, inner) => refusal_of(inner),
        DataFusionError::Shared(inner) => refusal_of(inner),
        DataFusionError::Collection(errors) => {
            errors.first().map_or_else(|| Refusal::defect("an empty list of errors", error), refusal_of)
        }
        DataFusionError::External(inner) => match (inner.downcast_ref::<Reason>(), inner.downcast_ref::<Refusal>()) {
            (Some(reason), _) => reason.refusal(),
            (_, Some(refusal)) => refusal.clone(),
            _ => match inner.downcast_ref::<DataFusionError>() {
                Some(inner) => refusal_of(inner),
                None => Refusal::defect("an outer part of the engine failed", error),
            },
        },
        DataFusionError::SQL(..) => {
            Refusal::new(code::SYNTAX, format!("syntax error: {}", brief(error)), "see the SELECT of PostgreSQL")
        }
        DataFusionError::Plan(message) => of_plan(message),
        DataFusionError::SchemaError(inner, _) => of_schema(inner, error),
        DataFusionError::NotImplemented(_) => {
            Refusal::new(code::NOT_SUPPORTED, brief(error), "this server answers the reading part of PostgreSQL's SQL")
        }
        DataFusionError::ResourcesExhausted(_) => Refusal::new(
            code::MEMORY,
            "the statement needs more memory or disk than it may take",
            "ask for fewer rows, aggregate earlier, or sort fewer columns",
        ),
        DataFusionError::ArrowError(inner, _) => of_arrow(inner, error),
        DataFusionError::Execution(_) => Refusal::new(code::DATA, brief(error), ""),
        other => Refusal::defect("the engine failed", other),
    }
}

fn of_plan(message: &str) -> Refusal {
    let lower = message.to_lowercase();
    let (code, hint) = if lower.contains("table") && lower.contains("not found") {
        (code::NO_TABLE, "SELECT * FROM information_schema.tables lists what there is")
    } else if lower.contains("invalid function") || (lower.contains("function") && lower.contains("not found")) {
        (code::NO_FUNCTION, "functions that write, reach outside or take unbounded memory do not exist here")
    } else if lower.contains("no function matches") || lower.contains("coercion") || lower.contains("candidate") {
        (code::NO_FUNCTION, "add a cast, for example ::double precision")
    } else {
        (code::MEANING, "")
    };
    Refusal::new(code, first_line(message), hint)
}

fn of_schema(inner: &SchemaError, error: &DataFusionError) -> Refusal {
    match inner {
        SchemaError::FieldNotFound { .. } => Refusal::new(
            code::NO_COLUMN,
            brief(error),
            "column names are lower case; in psql, \\d+ outcomes.figures explains each",
        ),
        _ => Refusal::new(code::MEANING, brief(error), ""),
    }
}

fn of_arrow(inner: &ArrowError, error: &DataFusionError) -> Refusal {
    match inner {
        ArrowError::DivideByZero => Refusal::new(code::DIVISION_BY_ZERO, "division by zero", "use NULLIF"),
        ArrowError::ExternalError(inner) => match inner.downcast_ref::<DataFusionError>() {
            Some(inner) => refusal_of(inner),
            None => Refusal::defect("the engine failed", error),
        },
        ArrowError::CastError(_) | ArrowError::ParseError(_) => {
            Refusal::new(code::BAD_TEXT, "a value cannot be read as the type it is cast to", "check casts and literals")
        }
        ArrowError::ArithmeticOverflow(_) => Refusal::new("22003", "numeric value out of range", "cast to numeric"),
        _ => Refusal::new(code::DATA, brief(error), ""),
    }
}

/// The engine's words without its prefix, in one line of bounded length.
fn brief(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let text = text.split_once("rror: ").map_or(text.as_str(), |(_, rest)| rest);
    first_line(text)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(500).collect()
}
