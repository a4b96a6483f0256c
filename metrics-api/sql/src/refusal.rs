//! What a client is told when it cannot have what it asked for: PostgreSQL's code, what is wrong, how to mend it.

use datafusion_postgres::pgwire::error::{ErrorInfo, PgWireError};

/// PostgreSQL's error codes that we use (its appendix A).
pub mod code {
    /// `feature_not_supported`
    pub const NOT_SUPPORTED: &str = "0A000";
    /// `protocol_violation`
    pub const PROTOCOL: &str = "08P01";
    /// `invalid_parameter_value`
    pub const BAD_VALUE: &str = "22023";
    /// `data_exception`
    pub const DATA: &str = "22000";
    /// `division_by_zero`
    pub const DIVISION_BY_ZERO: &str = "22012";
    /// `invalid_text_representation`
    pub const BAD_TEXT: &str = "22P02";
    /// `read_only_sql_transaction`
    pub const READ_ONLY: &str = "25006";
    /// `no_active_sql_transaction`
    pub const NO_TRANSACTION: &str = "25P01";
    /// `in_failed_sql_transaction`
    pub const FAILED_TRANSACTION: &str = "25P02";
    /// `invalid_sql_statement_name`
    pub const NO_STATEMENT: &str = "26000";
    /// `invalid_authorization_specification`
    pub const NOT_AUTHORISED: &str = "28000";
    /// `invalid_password`
    pub const BAD_PASSWORD: &str = "28P01";
    /// `invalid_savepoint_specification`
    pub const NO_SAVEPOINT: &str = "3B001";
    /// `invalid_catalog_name`
    pub const NO_DATABASE: &str = "3D000";
    /// `invalid_cursor_name`
    pub const NO_CURSOR: &str = "34000";
    /// `insufficient_privilege`
    pub const FORBIDDEN: &str = "42501";
    /// `syntax_error`
    pub const SYNTAX: &str = "42601";
    /// `undefined_column`
    pub const NO_COLUMN: &str = "42703";
    /// `undefined_object`
    pub const NO_SETTING: &str = "42704";
    /// `undefined_function`
    pub const NO_FUNCTION: &str = "42883";
    /// `undefined_table`
    pub const NO_TABLE: &str = "42P01";
    /// `duplicate_cursor`
    pub const CURSOR_EXISTS: &str = "42P03";
    /// `syntax_error_or_access_rule_violation`
    pub const MEANING: &str = "42000";
    /// `out_of_memory`
    pub const MEMORY: &str = "53200";
    /// `too_many_connections`
    pub const CONNECTIONS: &str = "53300";
    /// `program_limit_exceeded`
    pub const LIMIT: &str = "54000";
    /// `statement_too_complex`
    pub const COMPLEX: &str = "54001";
    /// `query_canceled`
    pub const CANCELLED: &str = "57014";
    /// `admin_shutdown`
    pub const SHUTDOWN: &str = "57P01";
    /// `cannot_connect_now`
    pub const STARTING: &str = "57P03";
    /// `internal_error`
    pub const DEFECT: &str = "XX000";
}

/// A refusal, ready for the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}{hint}", if hint.is_empty() { "" } else { "; " })]
pub struct Refusal {
    /// PostgreSQL's error code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty where the message says it all.
    pub hint: String,
    /// The connection ends with it.
    pub is_fatal: bool,
}

impl Refusal {
    /// A refusal after which the session goes on.
    pub fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into(), is_fatal: false }
    }

    /// A refusal that ends the connection.
    pub fn fatal(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { is_fatal: true, ..Self::new(code, message, hint) }
    }

    /// A defect of ours. What happened goes to the log, as it may quote data.
    pub(crate) fn defect(what: &str, detail: &dyn std::fmt::Display) -> Self {
        tracing::error!(what, %detail, "defect in the SQL outlet");
        Self::new(code::DEFECT, format!("defect: {what}"), "please report it; the server's log has the details")
    }

    /// The message of the wire.
    pub(crate) fn into_info(self) -> ErrorInfo {
        let severity = if self.is_fatal { "FATAL" } else { "ERROR" };
        let mut info = ErrorInfo::new(severity.to_owned(), self.code.to_owned(), self.message);
        info.severity_nonlocalized = Some(severity.to_owned());
        info.hint = Some(self.hint).filter(|hint| !hint.is_empty());
        info
    }
}

/// Encoders and decoders of the wire library refuse with their own words.
impl From<PgWireError> for Refusal {
    fn from(error: PgWireError) -> Self {
        let info = ErrorInfo::from(error);
        let code = match info.code.as_str() {
            "22P02" => code::BAD_TEXT,
            "22023" => code::BAD_VALUE,
            "08P01" => code::PROTOCOL,
            _ => code::DATA,
        };
        Self { is_fatal: info.severity == "FATAL", ..Self::new(code, info.message, "") }
    }
}
