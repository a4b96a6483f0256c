//! `homeward sql-verifier`: what a server keeps instead of a password.

use std::io::{BufRead, Read, Write};

use super::error::{CliError, Outcome};
use crate::config::verifier_of_password;

/// Longest line that is read; passwords are shorter.
const LINE_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn run(input: &mut impl BufRead, out: &mut (dyn Write + Send)) -> Result<Outcome, CliError> {
    let mut line = String::new();
    input.take(LINE_BYTES_MAX).read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    let verifier = verifier_of_password(password)
        .map_err(|error| CliError::argument(error.to_string(), "write the password as the first line"))?;
    writeln!(out, "{verifier}")?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use homeward_sql::scram::Verifier;

    use super::*;

    #[test]
    fn the_first_line_is_the_password_and_the_output_is_a_verifier() {
        let mut out = Vec::new();
        run(&mut &b"a password\r\nanother"[..], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with('\n') && text.trim().parse::<Verifier>().is_ok(), "{text}");
        let error = run(&mut &b"\n"[..], &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("password"), "{error}");
    }
}
