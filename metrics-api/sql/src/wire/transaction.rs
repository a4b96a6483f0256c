//! Transactions as PostgreSQL's clients know them. Pure.
//!
//! A transaction here holds one picture of the figures. There is nothing to undo, so a savepoint only remembers that
//! it was set, and returning to one mends a failed transaction.

use datafusion_postgres::pgwire::messages::response::TransactionStatus;

use crate::guard::statement::Action;
use crate::refusal::{Refusal, code};

/// Most savepoints in one transaction.
const SAVEPOINTS_MAX: usize = 1_000;

/// State of a session between statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    is_open: bool,
    has_failed: bool,
    savepoints: Vec<String>,
}

impl Transaction {
    /// The letter that follows every answer.
    pub(super) const fn status(&self) -> TransactionStatus {
        match (self.is_open, self.has_failed) {
            (false, _) => TransactionStatus::Idle,
            (true, false) => TransactionStatus::Transaction,
            (true, true) => TransactionStatus::Error,
        }
    }

    /// True between BEGIN and its end.
    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// A statement failed.
    pub(super) const fn fail(&mut self) {
        self.has_failed = self.is_open;
    }

    /// Refuses what a failed transaction does not take.
    pub(super) fn admit(&self, action: &Action) -> Result<(), Refusal> {
        if self.has_failed && !action.ends_failure() {
            return Err(Refusal::new(
                code::FAILED_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
                "ROLLBACK, or ROLLBACK TO a savepoint",
            ));
        }
        Ok(())
    }

    /// Takes a step, if the action is one; the answer is PostgreSQL's tag.
    pub(super) fn step(&mut self, action: &Action) -> Result<Option<&'static str>, Refusal> {
        match action {
            Action::Begin => {
                // PostgreSQL warns about a second BEGIN and goes on.
                self.is_open = true;
                Ok(Some("BEGIN"))
            }
            Action::Commit => {
                let tag = if self.has_failed { "ROLLBACK" } else { "COMMIT" };
                *self = Self::default();
                Ok(Some(tag))
            }
            Action::Rollback => {
                *self = Self::default();
                Ok(Some("ROLLBACK"))
            }
            Action::Savepoint(name) => {
                self.must_be_open("SAVEPOINT")?;
                if self.savepoints.len() >= SAVEPOINTS_MAX {
                    let message = format!("a transaction has at most {SAVEPOINTS_MAX} savepoints");
                    return Err(Refusal::new(code::LIMIT, message, "RELEASE those that are done"));
                }
                self.savepoints.push(name.clone());
                Ok(Some("SAVEPOINT"))
            }
            Action::Release(name) => {
                self.must_be_open("RELEASE SAVEPOINT")?;
                let index = self.position(name)?;
                self.savepoints.truncate(index);
                Ok(Some("RELEASE"))
            }
            Action::RollbackTo(name) => {
                self.must_be_open("ROLLBACK TO SAVEPOINT")?;
                let index = self.position(name)?;
                self.savepoints.truncate(index + 1);
                self.has_failed = false;
                Ok(Some("ROLLBACK"))
            }
            _ => Ok(None),
        }
    }

    fn must_be_open(&self, what: &str) -> Result<(), Refusal> {
        if self.is_open {
            return Ok(());
        }
        let message = format!("{what} can only be used in transaction blocks");
        Err(Refusal::new(code::NO_TRANSACTION, message, "BEGIN first"))
    }

    fn position(&self, name: &str) -> Result<usize, Refusal> {
        let found = self.savepoints.iter().rposition(|savepoint| savepoint == name);
        found.ok_or_else(|| Refusal::new(code::NO_SAVEPOINT, "savepoint does not exist", "SAVEPOINT name sets one"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(action: fn(String) -> Action) -> Action {
        action("s".to_owned())
    }

    #[test]
    fn a_failed_transaction_takes_nothing_but_its_end() {
        let mut transaction = Transaction::default();
        transaction.fail();
        assert_eq!(transaction.status(), TransactionStatus::Idle, "outside of a transaction a failure is over at once");
        assert_eq!(transaction.step(&Action::Begin).unwrap(), Some("BEGIN"));
        transaction.fail();
        assert_eq!(transaction.status(), TransactionStatus::Error);
        for action in [Action::Read, Action::Begin, named(Action::Savepoint), Action::Show("a".to_owned())] {
            assert_eq!(transaction.admit(&action).unwrap_err().code, code::FAILED_TRANSACTION);
        }
        assert!(transaction.admit(&Action::Commit).is_ok());
        assert_eq!(transaction.step(&Action::Commit).unwrap(), Some("ROLLBACK"), "a failed one does not commit");
        assert_eq!(transaction.status(), TransactionStatus::Idle);
    }

    #[test]
    fn a_savepoint_mends_a_failure() {
        let mut transaction = Transaction::default();
        for action in [named(Action::Savepoint), named(Action::Release), named(Action::RollbackTo)] {
            assert_eq!(transaction.step(&action).unwrap_err().code, code::NO_TRANSACTION);
        }
        transaction.step(&Action::Begin).unwrap();
        transaction.step(&named(Action::Savepoint)).unwrap();
        transaction.fail();
        assert_eq!(transaction.step(&named(Action::RollbackTo)).unwrap(), Some("ROLLBACK"));
        assert_eq!(transaction.status(), TransactionStatus::Transaction);
        transaction.step(&named(Action::Release)).unwrap();
        assert_eq!(transaction.step(&named(Action::RollbackTo)).unwrap_err().code, code::NO_SAVEPOINT);
    }
}
