//! A certificate for the length of a test, from the `openssl` command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Certificate and key, both PEM; the certificate is its own authority.
pub(crate) struct Certificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificate {
    /// One for `localhost` and 127.0.0.1, valid for two days.
    pub(crate) fn made_in(folder: &Path) -> Self {
        let made = Self { certificate: folder.join("server.crt"), key: folder.join("server.key") };
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        command.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]);
        command.arg("-keyout").arg(&made.key).arg("-out").arg(&made.certificate).stdin(Stdio::null());
        let output = command.output().expect("openssl can be run (Debian package openssl)");
        assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
        made
    }
}
