//! Runs an indicator's worked cases: from the records a feed would send, through the real decoder, to released figures.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};

use crate::computation::Computation;
use crate::definition::case::{CaseFault, CaseRecord, Expectation, records};
use crate::definition::{Case, Catalogue, Definition};
use crate::evaluate::{EvaluateError, Instants, evaluate_with};
use crate::release::{Policy, UnknownPolicy};
use crate::snapshot::{FigureQuery, Snapshot};

/// A case could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The case does not describe a record.
    #[error("case '{case}' of '{indicator}': {fault}")]
    Case {
        /// Indicator id.
        indicator: String,
        /// Case id.
        case: String,
        /// What is wrong.
        fault: CaseFault,
    },
    /// A record of the case was refused by the decoder.
    #[error("case '{case}' of '{indicator}': record {number} was refused: {reason}")]
    Refused {
        /// Indicator id.
        indicator: String,
        /// Case id.
        case: String,
        /// Which record, counted from 1.
        number: i64,
        /// Code and detail.
        reason: String,
    },
    /// The SQL failed.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The case names no known policy.
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
}

/// Key of fictitious people in cases. Not a secret: no case holds a person.
const CASE_KEY: &[u8] = b"homeward-test-key-not-secret";

/// Runs one case and says what differs from its expectations; empty when the case holds. The views hold as few rows at a
/// time as ever happens, so that SQL which joins rows of several people or providers does not hold either.
///
/// # Errors
/// When the case cannot be run.
pub async fn prove(
    catalogue: &Arc<Catalogue>,
    geography: &Arc<Geography>,
    definition: &Definition,
    case: &Case,
) -> Result<Vec<String>, ProofError> {
    let facts = facts(&definition.id, case)?;
    let instants = Instants { as_of: case.as_of, as_known_at: case.as_known_at };
    let only = Arc::new(catalogue.only(&[&definition.id]).covered(&case.first_days));
    let computation = Computation::new(only, Arc::clone(geography)).together(1);
    let snapshot = evaluate_with(computation, &facts, instants).await?;
    let mut differences = Vec::new();
    for expectation in &case.expect {
        for difference in check(&snapshot, definition, expectation)? {
            let cell: Vec<String> =
                expectation.by.iter().map(|(dimension, value)| format!("{dimension}={value}")).collect();
            differences.push(format!("{} {}: {difference}", expectation.basis, cell.join(" ")));
        }
    }
    Ok(differences)
}

fn check(
    snapshot: &Snapshot,
    definition: &Definition,
    expectation: &Expectation,
) -> Result<Vec<String>, UnknownPolicy> {
    let query = FigureQuery {
        indicator: definition.id.clone(),
        bases: vec![expectation.basis.clone()],
        by: expectation.dimensions(),
        ..FigureQuery::default()
    };
    let released = Policy::by_name(&expectation.release)?.release(snapshot.figures(&query), definition);
    Ok(expectation.differences(&released))
}

/// The facts of a case, as the decoder makes them of its records.
///
/// # Errors
/// When the case does not describe records, or one is refused.
pub fn facts(indicator: &str, case: &Case) -> Result<Vec<(Table, RecordBatch)>, ProofError> {
    let named = |fault| ProofError::Case { indicator: indicator.to_owned(), case: case.id.clone(), fault };
    let made = records(case).map_err(named)?;
    let keys = PseudonymKeys::from_secret(1, CASE_KEY);
    let context = DecodeContext::new(&keys, case.as_known_at.unwrap_or(case.as_of));
    let mut facts = Vec::new();
    for feed in Feed::ALL {
        let raw: Vec<RawRecord<'_>> =
            made.iter().zip(1..).filter(|(record, _)| record.feed == feed).map(raw_record).collect();
        let decoded = decode(feed, &raw, &context);
        if let Some(refusal) = decoded.refusals.first() {
            return Err(ProofError::Refused {
                indicator: indicator.to_owned(),
                case: case.id.clone(),
                number: refusal.place.offset,
                reason: format!("{} {}", refusal.code.code(), refusal.detail),
            });
        }
        facts.extend(decoded.tables);
    }
    Ok(facts)
}

fn raw_record((record, number): (&CaseRecord, i64)) -> RawRecord<'_> {
    let place = Place { topic: Arc::from("case"), partition: 0, offset: number };
    RawRecord { place, key: Some(&record.key), payload: Some(&record.payload) }
}
