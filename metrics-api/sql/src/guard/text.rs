//! Bounds on the text of a statement, and its fingerprint for the audit log.
//!
//! Limits: 256 KiB, 20,000 tokens, 1,000 operators (each may nest once more than the one before) and, by the parser,
//! 50 levels of brackets. Whatever passes fits the stack of the threads that plan it.

use std::fmt::Write;

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use sha2::{Digest, Sha256};

use crate::refusal::{Refusal, code};

/// Longest text of one message, in bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Most tokens in one message.
pub const TOKENS_MAX: usize = 20_000;

/// Most tokens that can nest an expression or a relation deeper.
pub const OPERATORS_MAX: usize = 1_000;

/// Most statements in one message.
pub const STATEMENTS_MAX: usize = 50;

/// What a text is, before it is parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The same for texts that differ only in literals, spaces and comments: 16 hexadecimal digits.
    pub fingerprint: String,
    /// Nothing but spaces, comments and semicolons.
    pub is_empty: bool,
}

/// Measures a text.
///
/// # Errors
/// When it is too large, nests too deeply, or is no text of SQL.
pub fn measure(sql: &str) -> Result<Measured, Refusal> {
    if sql.len() > TEXT_BYTES_MAX {
        return Err(too_complex(format!("the statement has {} bytes, at most {TEXT_BYTES_MAX} are taken", sql.len())));
    }
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql)
        .tokenize()
        .map_err(|error| Refusal::new(code::SYNTAX, format!("syntax error: {error}"), "check quotes and comments"))?;
    let (mut digest, mut count, mut operators, mut statements) = (Sha256::new(), 0, 0, 1);
    let mut is_empty = true;
    for token in tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF)) {
        count += 1;
        operators += usize::from(nests(token));
        match token {
            Token::SemiColon => statements += 1,
            _ => is_empty = false,
        }
        // A separator keeps `a b` from `ab`.
        digest.update(if is_literal(token) { "?".to_owned() } else { token.to_string() });
        digest.update([0]);
    }
    if count > TOKENS_MAX {
        return Err(too_complex(format!("the statement has {count} tokens, at most {TOKENS_MAX} are taken")));
    }
    if operators > OPERATORS_MAX {
        return Err(too_complex(format!("the statement has {operators} operators, at most {OPERATORS_MAX} are taken")));
    }
    if statements > STATEMENTS_MAX + 1 {
        return Err(too_complex(format!("the message has more than {STATEMENTS_MAX} statements")));
    }
    let fingerprint = digest.finalize()[..8].iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok(Measured { fingerprint, is_empty })
}

fn too_complex(message: String) -> Refusal {
    Refusal::new(code::COMPLEX, message, "write it shorter: IN (...) instead of OR, a join instead of a long list")
}

fn is_literal(token: &Token) -> bool {
    match token {
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_) => true,
        // An identifier in quotes may hold what somebody typed in the wrong quotes.
        Token::Word(word) => word.quote_style.is_some(),
        _ => false,
    }
}

/// Whether the token can make the tree one level deeper. Commas, names and literals never do.
fn nests(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            word.quote_style.is_none() && {
                let upper = word.value.to_ascii_uppercase();
                ["AND", "OR", "NOT", "IS", "UNION", "EXCEPT", "INTERSECT", "JOIN", "COLLATE", "AT", "BETWEEN", "LIKE"]
                    .contains(&upper.as_str())
            }
        }
        Token::Comma
        | Token::Period
        | Token::SemiColon
        | Token::Placeholder(_)
        | Token::RParen
        | Token::RBracket
        | Token::Number(..)
        | Token::SingleQuotedString(_) => false,
        _ => !is_literal(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_forgets_literals_and_layout() {
        let of = |sql: &str| measure(sql).unwrap().fingerprint;
        let plain = of("SELECT * FROM outcomes.figures WHERE area = 'QJK' AND value > 0.5");
        assert_eq!(plain, of("SELECT *\n  FROM outcomes.figures -- why\n WHERE area = 'XX''Y' AND value > 12"));
        assert_ne!(plain, of("SELECT * FROM outcomes.figures WHERE level = 'QJK' AND value > 0.5"));
        assert_eq!(of("SELECT E'a'"), of("SELECT E'b'"));
        assert_eq!(of("SELECT $$a$$"), of("SELECT $$b$$"));
        assert_eq!(plain.len(), 16);
    }

    #[test]
    fn what_says_nothing_is_empty() {
        for sql in ["", "  ", ";", ";;", "-- ping", "/* a */ ; -- b"] {
            assert!(measure(sql).unwrap().is_empty, "{sql:?}");
        }
        assert!(!measure("SELECT 1").unwrap().is_empty);
    }

    #[test]
    fn what_would_exhaust_a_stack_is_refused_before_it_is_parsed() {
        let chain = |terms: usize| format!("SELECT 1{}", "+1".repeat(terms - 1));
        assert!(measure(&chain(OPERATORS_MAX)).is_ok());
        for (sql, words) in [
            (chain(OPERATORS_MAX + 2), "operators"),
            (format!("SELECT {}1", "- ".repeat(OPERATORS_MAX + 1)), "operators"),
            (format!("SELECT {}1", "NOT ".repeat(OPERATORS_MAX + 1)), "operators"),
            (format!("SELECT 1 {}", "UNION ALL SELECT 1 ".repeat(OPERATORS_MAX + 1)), "operators"),
            (format!("SELECT {}1{}", "(".repeat(OPERATORS_MAX + 1), ")".repeat(OPERATORS_MAX + 1)), "operators"),
            (format!("SELECT 1{}", "::int".repeat(OPERATORS_MAX + 1)), "operators"),
            (format!("SELECT 1{}", ",1".repeat(TOKENS_MAX)), "tokens"),
            (";".repeat(STATEMENTS_MAX + 2), "statements"),
            (format!("SELECT '{}'", "x".repeat(TEXT_BYTES_MAX)), "bytes"),
        ] {
            let refusal = measure(&sql).unwrap_err();
            assert_eq!(refusal.code, code::COMPLEX);
            assert!(refusal.message.contains(words), "{words}: {}", refusal.message);
        }
    }

    #[test]
    fn a_long_list_is_no_nesting() {
        assert!(measure(&format!("SELECT 1 WHERE 1 IN (1{})", ",1".repeat(5_000))).is_ok());
    }

    #[test]
    fn an_open_quote_is_a_syntax_error() {
        assert_eq!(measure("SELECT 'a").unwrap_err().code, code::SYNTAX);
    }
}
