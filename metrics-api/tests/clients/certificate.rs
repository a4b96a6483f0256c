//! An authority and a certificate for the length of a test, from the `openssl` command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// All PEM. Clients trust the authority; the server shows the certificate.
pub(crate) struct Certificate {
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificate {
    /// One for `localhost` and 127.0.0.1, valid for two days.
    pub(crate) fn made_in(folder: &Path) -> Self {
        let [authority, authority_key, certificate, key] =
            ["authority.crt", "authority.key", "server.crt", "server.key"].map(|name| folder.join(name));
        let mut own = request(&authority, &authority_key, "/CN=Authority of a test");
        own.args(["-addext", "basicConstraints=critical,CA:TRUE"]);
        run(own);
        let mut signed = request(&certificate, &key, "/CN=localhost");
        signed.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        signed.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        signed.arg("-CA").arg(&authority).arg("-CAkey").arg(&authority_key);
        run(signed);
        Self { authority, certificate, key }
    }
}

fn request(certificate: &Path, key: &Path, subject: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    command.args(["-subj", subject]).arg("-keyout").arg(key).arg("-out").arg(certificate).stdin(Stdio::null());
    command
}

fn run(mut command: Command) {
    let output = command.output().expect("openssl can be run (Debian package openssl)");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}
