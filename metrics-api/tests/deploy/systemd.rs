//! The systemd unit: accepted, closed, and in agreement with the example configuration.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tool::{deploy, succeed, text, tool};

/// Directives of the unit: name and value, in order.
fn directives() -> Vec<(String, String)> {
    let unit = text("systemd/homeward.service");
    let lines = unit.lines().filter(|line| !line.starts_with(['#', '[']));
    lines.filter_map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

fn values<'a>(all: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    all.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
}

/// The unit with the binary of this build, because `verify` wants an executable that is there.
fn unit_in(folder: &Path) -> std::path::PathBuf {
    let unit = text("systemd/homeward.service").replace("/usr/local/bin/homeward", env!("CARGO_BIN_EXE_homeward"));
    let path = folder.join("homeward.service");
    std::fs::write(&path, unit).unwrap();
    path
}

#[test]
fn systemd_accepts_the_unit() {
    let Some(mut command) = tool("systemd-analyze") else { return };
    let folder = tempfile::tempdir().unwrap();
    let said = succeed(command.args(["verify", "--man=no"]).arg(unit_in(folder.path())));
    let own: Vec<&str> = said.lines().filter(|line| line.contains("homeward")).collect();
    assert!(own.is_empty(), "{said}");
}

#[test]
fn the_sandbox_leaves_little_exposed() {
    let Some(mut command) = tool("systemd-analyze") else { return };
    let folder = tempfile::tempdir().unwrap();
    // 1.5 of 10, where 10 is a unit without a sandbox; the network itself is most of what is left.
    let threshold = "--threshold=15";
    command.args(["security", "--offline=true", "--no-pager", threshold]).arg(unit_in(folder.path()));
    let said = succeed(&mut command);
    assert!(said.contains("Overall exposure level"), "{said}");
}

#[test]
fn user_and_folders_are_made_as_the_unit_wants_them() {
    let (Some(mut sysusers), Some(mut tmpfiles)) = (tool("systemd-sysusers"), tool("systemd-tmpfiles")) else { return };
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("etc")).unwrap();
    let option = format!("--root={}", root.path().display());
    succeed(sysusers.arg(&option).arg(deploy().join("systemd/homeward.sysusers")));
    let users = std::fs::read_to_string(root.path().join("etc/passwd")).unwrap();
    assert!(users.contains(":/var/lib/homeward:/usr/sbin/nologin"), "{users}");
    let all = directives();
    assert_eq!(values(&all, "User"), ["homeward"]);
    assert!(users.starts_with("homeward:x:"), "{users}");
    // Owners can be set by root alone; the folders and the syntax are looked at by everybody.
    let is_root = users_id() == "0";
    if is_root {
        succeed(tmpfiles.arg(&option).arg("--create").arg(deploy().join("systemd/homeward.tmpfiles")));
        assert!(root.path().join("etc/homeward/secrets").is_dir());
    }
}

fn users_id() -> String {
    succeed(tool("id").expect("coreutils").arg("-u")).trim().to_owned()
}

#[test]
fn the_unit_and_the_example_configuration_agree() {
    let all = directives();
    let configuration = text("homeward.toml");
    let credentials: BTreeSet<&str> =
        values(&all, "LoadCredential").iter().filter_map(|value| value.split(':').next()).collect();
    let named: BTreeSet<&str> = configuration
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split("/run/credentials/homeward.service/").nth(1)?.split('"').next())
        .collect();
    assert_eq!(credentials, named, "credentials of the unit and of homeward.toml differ");
    for value in values(&all, "LoadCredential") {
        let (name, path) = value.split_once(':').unwrap();
        assert_eq!(path, format!("/etc/homeward/secrets/{name}"));
        assert!(crate::scripts::made_secrets().contains(name), "secrets.sh does not make {name}");
    }
    assert_eq!(values(&all, "StateDirectory"), ["homeward"]);
    assert!(configuration.contains("path = \"/var/lib/homeward/lake\""), "the lake is outside the StateDirectory");
    assert_eq!(values(&all, "Environment"), ["HOMEWARD_CONFIG=/etc/homeward/homeward.toml"]);
    assert!(!values(&all, "MemoryMax").is_empty() && !values(&all, "TasksMax").is_empty());
}
