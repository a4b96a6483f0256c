//! `deploy/compose.yaml`: what it mounts exists, what it starts is hardened, what it publishes stays on the machine,
//! and nothing in it is a password.

use std::collections::BTreeSet;
use std::process::Output;

use serde_json::{Map, Value};

use crate::tool::{deploy, run, succeed, text, tool, words, yaml};

/// The one service that ends by itself.
const ONE_SHOT: &str = "kafka-topics";

pub(crate) fn services() -> Option<Map<String, Value>> {
    Some(yaml("compose.yaml")?["services"].as_object().expect("services").clone())
}

pub(crate) fn list(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}

/// `docker-compose config`. Debian's is older than the top-level `name`, the only thing here that it does not know.
fn docker_compose(secrets: Option<&str>) -> Option<Output> {
    let mut command = tool("docker-compose")?;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("compose.yaml");
    std::fs::write(&copy, text("compose.yaml").replace("\nname: homeward\n", "\n")).unwrap();
    command.arg("-f").arg(&copy).args(["config", "--quiet"]).env_remove("HOMEWARD_SECRETS").current_dir(folder.path());
    if let Some(secrets) = secrets {
        command.env("HOMEWARD_SECRETS", secrets);
    }
    Some(run(&mut command))
}

#[test]
fn docker_compose_takes_the_file() {
    let Some(output) = docker_compose(Some("/nowhere")) else { return };
    assert!(output.status.success() && words(&output).trim().is_empty(), "{}", words(&output));
}

#[test]
fn without_secrets_nothing_starts_and_the_message_says_what_to_run() {
    let Some(output) = docker_compose(None) else { return };
    assert!(!output.status.success(), "it was taken without secrets");
    assert!(words(&output).contains("run deploy/secrets.sh first"), "{}", words(&output));
}

#[test]
fn every_mounted_file_is_there_and_read_only() {
    let Some(services) = services() else { return };
    let volumes = yaml("compose.yaml").expect("read a moment ago")["volumes"].clone();
    let mut bound = 0;
    for (name, service) in &services {
        for mount in list(&service["volumes"]) {
            let mut parts = mount.split(':');
            let (source, target, mode) = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
            assert!(target.starts_with('/'), "{name}: {mount}");
            if source.starts_with('.') {
                bound += 1;
                assert!(deploy().join(source).exists(), "{name}: there is no deploy/{source}");
                assert_eq!(mode, Some("ro"), "{name}: {mount} can be written");
            } else {
                assert!(volumes.get(source).is_some(), "{name}: the volume {source} is not declared");
            }
        }
    }
    assert!(bound >= 8, "only {bound} files are mounted");
}

#[test]
fn every_service_is_hardened_bounded_and_pinned() {
    let Some(services) = services() else { return };
    for (name, service) in &services {
        assert_eq!(service["read_only"], true, "{name}: the root can be written");
        assert_eq!(list(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(list(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service.get("privileged").is_none() && service.get("cap_add").is_none(), "{name}");
        let user = service["user"].as_str().unwrap_or_else(|| panic!("{name}: no user"));
        let number: u32 = user.split(':').next().unwrap().parse().unwrap_or_else(|_| panic!("{name}: user {user}"));
        assert_ne!(number, 0, "{name} runs as root");
        for limit in ["cpus", "mem_limit", "pids_limit"] {
            assert!(!service[limit].is_null(), "{name}: no {limit}");
        }
        assert!(service["logging"]["options"]["max-size"].is_string(), "{name}: logs without a bound");
        let image = service["image"].as_str().unwrap_or_else(|| panic!("{name}: no image"));
        let tag = image.trim_end_matches('}').rsplit(':').next().unwrap();
        let version = tag.trim_start_matches('v').split('.').filter(|part| part.parse::<u32>().is_ok()).count();
        assert_eq!(version, 3, "{name}: {image} does not name one version");
        assert_eq!(service["healthcheck"].is_null(), name == ONE_SHOT, "{name}: health check");
    }
}

#[test]
fn who_waits_for_whom_can_come_about() {
    let Some(services) = services() else { return };
    for (name, service) in &services {
        let Some(needed) = service["depends_on"].as_object() else { continue };
        for (other, how) in needed {
            let depended = services.get(other).unwrap_or_else(|| panic!("{name}: there is no service {other}"));
            match how["condition"].as_str().expect("a condition") {
                "service_healthy" => assert!(!depended["healthcheck"].is_null(), "{name}: {other} is never healthy"),
                "service_completed_successfully" => {
                    assert_eq!(depended["restart"], "no", "{name}: {other} never ends");
                }
                "service_started" => {}
                other => panic!("{name}: condition {other}"),
            }
        }
    }
    let prometheus = &services["prometheus"]["depends_on"]["homeward"]["condition"];
    assert_eq!(prometheus, "service_started", "an alert that Homeward is down needs a Prometheus that is up");
}

#[test]
fn published_ports_stay_on_this_machine_and_the_broker_has_none() {
    let Some(services) = services() else { return };
    for (name, service) in &services {
        for port in list(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port} is published to other machines");
        }
        let on_the_front = list(&service["networks"]).contains(&"front".to_owned());
        assert_eq!(on_the_front, !list(&service["ports"]).is_empty(), "{name}: the front network is for ports");
    }
    assert_eq!(services["kafka"]["ports"], Value::Null);
    assert_eq!(services[ONE_SHOT]["network_mode"], "service:kafka");
    let networks = yaml("compose.yaml").expect("read a moment ago")["networks"].clone();
    assert!(networks["feed"]["internal"] == true && networks["watch"]["internal"] == true, "{networks}");
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[test]
fn secrets_are_files_that_the_script_makes_and_no_value_is_written_down() {
    let Some(services) = services() else { return };
    let whole = yaml("compose.yaml").expect("read a moment ago");
    let declared: BTreeSet<String> = whole["secrets"].as_object().expect("secrets").keys().cloned().collect();
    for (name, secret) in whole["secrets"].as_object().expect("secrets") {
        let file = secret["file"].as_str().unwrap_or_else(|| panic!("{name} is no file"));
        assert!(file.starts_with("${HOMEWARD_SECRETS:?") && file.ends_with(&format!("}}/{name}")), "{file}");
    }
    let made: BTreeSet<String> = crate::scripts::made_secrets();
    assert_eq!(declared, made, "compose.yaml and secrets.sh name different secrets");

    let mut used = BTreeSet::new();
    for (name, service) in &services {
        let own = list(&service["secrets"]);
        used.extend(own.iter().cloned());
        let Some(environment) = service["environment"].as_object() else { continue };
        for (variable, value) in environment {
            let value = value.as_str().unwrap_or_else(|| panic!("{name}: {variable} is not a text"));
            let speaks_of_one = ["PASSWORD", "TOKEN", "SECRET", "KEY"].iter().any(|word| variable.contains(word));
            if speaks_of_one || value.contains("/run/secrets/") {
                // The whole value is a path, or a list of accounts whose passwords are paths.
                let files: Vec<&str> = value.split("/run/secrets/").skip(1).map(first_word).collect();
                let is_path = value.strip_prefix("/run/secrets/").is_some_and(|file| file == first_word(file));
                let is_accounts = value.matches("password_file").count()
                    == value.matches("password").count()
                        - files.iter().filter(|file| file.contains("password")).count()
                    && value.matches("password_file").count() == value.matches("password_file = \"/run/").count();
                assert!(!files.is_empty() && (is_path || is_accounts), "{name}: {variable} is written down");
                for file in files {
                    assert!(own.contains(&file.to_owned()), "{name}: {variable} names {file}, which is not mounted");
                }
            }
        }
    }
    assert_eq!(used, declared, "a secret that nobody uses");
}

#[test]
fn no_file_of_deploy_holds_a_password() {
    let listed = succeed(tool("git").expect("git made this checkout").arg("-C").arg(deploy()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]));
    let mut read = 0;
    for name in listed.lines().filter(|name| !name.starts_with("kafka/")) {
        let Ok(text) = std::fs::read_to_string(deploy().join(name)) else { continue };
        read += 1;
        for (index, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            let at = ["password", "secret", "token"].iter().filter_map(|word| lower.find(word)).min();
            let Some(rest) = at.map(|at| &line[at..]) else { continue };
            let value = rest.split_once(['=', ':']).map(|(_, value)| value.trim().trim_matches(['"', '\'']));
            let looks_like_one = value.is_some_and(|value| {
                value.len() >= 6 && !value.contains([' ', '/', '$', '{', '[', '(', '%']) && !value.ends_with(',')
            });
            assert!(!looks_like_one, "deploy/{name}:{}: this looks like a password: {line}", index + 1);
        }
    }
    assert!(read > 10, "only {read} files were read");
}
