//! What `deploy/` promises, held against the files: compose file, container file, systemd unit, example configuration,
//! scripts. The broker of the compose file is really started, without a container, and Homeward with its environment
//! beside it.
//!
//! No container engine runs here, so no image is built or started by these tests; docs/deploying.md says what that
//! leaves open. Tools come from Debian (`deploy/test-deps.sh`). A missing one skips its test and says so, unless
//! `HOMEWARD_TESTS_REQUIRE_ALL` is set, as `./test.sh` does: then the test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test skips is told where cargo shows it")]

#[path = "../real_kafka/broker.rs"]
#[allow(dead_code, reason = "the test broker is not started here, but its ports and jars are used")]
mod broker;
mod compose;
mod container;
mod example;
#[path = "../real_kafka/http.rs"]
#[allow(dead_code, reason = "made for the tests against the test broker as well")]
mod http;
#[path = "../real_kafka/patience.rs"]
mod patience;
mod running;
mod scripts;
mod systemd;
mod tool;
mod watching;
