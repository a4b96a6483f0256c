//! The container file and the compose file agree with each other, with the example configuration and with the program.

use std::collections::BTreeSet;
use std::process::Command;

use crate::compose::{list, services};
use crate::tool::{succeed, text, tool};

/// Instructions of the container file, a line each, comments and continuations resolved.
fn instructions() -> Vec<String> {
    let file = text("container/Containerfile");
    let lines: Vec<&str> = file.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    lines
        .join("\n")
        .replace("\\\n", " ")
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn value_of(name: &str) -> String {
    let all = instructions();
    let found: Vec<&str> = all.iter().filter_map(|line| line.strip_prefix(&format!("{name} "))).collect();
    found.last().unwrap_or_else(|| panic!("no {name}")).to_string()
}

#[test]
fn the_image_runs_as_nobody_special_from_pinned_images() {
    let user = value_of("USER");
    assert!(user.split(':').all(|part| part.parse::<u32>().is_ok_and(|id| id >= 10_000)), "USER {user}");
    for line in instructions().iter().filter(|line| line.starts_with("ARG ") && line.contains("_IMAGE=")) {
        let tag = line.rsplit(':').next().unwrap();
        assert!(tag.contains(|c: char| c.is_ascii_digit()) && !tag.contains("latest"), "{line}");
    }
    assert_eq!(value_of("ENTRYPOINT"), r#"["homeward"]"#, "a shell would not hand on SIGTERM");
    assert_eq!(value_of("STOPSIGNAL"), "SIGTERM");
}

#[test]
fn the_compiler_is_new_enough_for_the_workspace() {
    let workspace = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).unwrap();
    let wanted = workspace.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    let file = text("container/Containerfile");
    let image = file.lines().find_map(|line| line.strip_prefix("ARG RUST_IMAGE=library/rust:")).unwrap();
    let numbers = |text: &str| -> Vec<u32> { text.split(['.', '-']).map_while(|part| part.parse().ok()).collect() };
    assert!(numbers(image) >= numbers(wanted), "the image has Rust {image}, the workspace wants {wanted}");
}

#[test]
fn every_library_that_the_program_loads_is_installed_in_the_image() {
    let (Some(mut ldd), Some(_)) = (tool("ldd"), tool("dpkg")) else { return };
    let loaded = succeed(ldd.arg(env!("CARGO_BIN_EXE_homeward")));
    let installed: BTreeSet<String> = instructions()
        .iter()
        .skip_while(|line| !line.ends_with(" AS run"))
        .filter(|line| line.contains("apt-get install"))
        .flat_map(|line| {
            line.split("&&")
                .find(|part| part.contains("apt-get install"))
                .unwrap()
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    // In every Debian image: the C library and the compiler's runtime.
    let essential = ["libc6", "libgcc-s1"];
    for line in loaded.lines() {
        let Some(path) = line.split("=> ").nth(1).and_then(|rest| rest.split(' ').next()) else { continue };
        let real = std::fs::canonicalize(path).unwrap();
        let mut dpkg = Command::new("dpkg");
        // Since /usr was merged, dpkg may know either path.
        let short = real.to_str().unwrap().trim_start_matches("/usr").to_owned();
        let output = crate::tool::run(dpkg.args(["-S"]).arg(&real).arg(&short));
        let owner = String::from_utf8_lossy(&output.stdout);
        let package = owner.split(':').next().unwrap_or_default();
        assert!(
            essential.contains(&package) || installed.contains(package),
            "{} belongs to '{package}', which the image does not install: {installed:?}",
            real.display()
        );
    }
}

#[test]
fn what_the_build_does_not_install_it_does_not_need() {
    let build: String = instructions().iter().take_while(|line| !line.ends_with(" AS run")).cloned().collect();
    let script = text("test-deps.sh");
    for package in ["build-essential", "cmake", "libssl-dev", "perl", "pkg-config", "zlib1g-dev"] {
        assert!(build.contains(package), "{package} is not installed in the build stage");
        assert!(script.contains(package), "{package} is not in deploy/test-deps.sh");
    }
}

#[test]
fn users_ports_and_paths_agree() {
    let Some(services) = services() else { return };
    let homeward = &services["homeward"];
    assert_eq!(homeward["user"].as_str(), Some(value_of("USER").as_str()));
    let environment = homeward["environment"].as_object().expect("an environment");
    let port = |name: &str| environment[name].as_str().expect("a text").rsplit(':').next().unwrap().to_owned();
    let (board, metrics) = (port("HOMEWARD_SERVE__BIND"), port("HOMEWARD_SERVE__METRICS_BIND"));
    let exposed = value_of("EXPOSE");
    assert!([&board, &metrics].iter().all(|port| exposed.split(' ').any(|own| own == port.as_str())), "{exposed}");
    assert!(list(&homeward["ports"]).iter().all(|published| published.ends_with(&format!(":{board}"))));
    let check = format!("http://127.0.0.1:{board}/readyz");
    assert!(list(&homeward["healthcheck"]["test"]).contains(&check), "{}", homeward["healthcheck"]);
    assert!(instructions().iter().any(|line| line.starts_with("HEALTHCHECK") && line.contains(&check)));

    let lake = text("homeward.toml").lines().find_map(|line| line.strip_prefix("path = ").map(str::to_owned)).unwrap();
    let volume = value_of("VOLUME");
    assert!(lake.trim_matches('"').starts_with(&format!("{volume}/")), "{lake} is outside the volume {volume}");
    assert!(list(&homeward["volumes"]).contains(&format!("lake:{volume}")));
    assert!(list(&homeward["volumes"]).contains(&"./homeward.toml:/etc/homeward/homeward.toml:ro".to_owned()));

    let broker = environment["HOMEWARD_KAFKA__BROKERS"].as_str().unwrap();
    let properties = text("container/kafka/server.properties");
    assert!(properties.contains(&format!("advertised.listeners=CLIENT://{broker},")), "{broker} is not advertised");
    let topics = text("container/kafka/topics.sh");
    for feed in homeward_contract::feed::Feed::ALL {
        let settings = text("homeward.toml");
        let line = settings.lines().find(|line| line.starts_with(&format!("{feed} = "))).unwrap();
        let topic = line.split('"').nth(1).unwrap();
        assert!(topics.contains(&format!(" {topic}")), "topics.sh does not make {topic}");
    }
}
