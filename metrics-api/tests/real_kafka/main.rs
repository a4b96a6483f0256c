//! Homeward against a real Apache Kafka: two consumers, rebalance under load, broker restarted and killed, Homeward
//! killed with SIGKILL at random moments. The mock cluster of the other tests cannot show any of this.
//!
//! Each test plants a history whose answer it knows, publishes it with `homeward load`, does harm meanwhile, and then
//! holds the lake and the figures against the plan: every acknowledged event is durable exactly once, and what was
//! consumed is accepted, quarantined or filtered, to the last record.
//!
//! The broker comes from `deploy/kafka/kafka.sh` (Java 17, jars through Maven). Where these are missing the tests say
//! so and pass, unless `HOMEWARD_TESTS_REQUIRE_ALL` is set, as `./test.sh` does: then they fail.
#![allow(clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test skips or has seen is told where cargo shows it")]

mod broker;
mod history;
mod http;
mod ledger;
mod patience;
mod promtool;
mod random;
mod service;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker::{Broker, Security};
use history::History;
use random::Xorshift;
use service::{Homeward, Installation};

/// One broker and its consumers at a time: the machines of CI have two cores.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the figures say what was planted, stops the process, and checks the lake record by record.
fn settle(homeward: Homeward, installation: &Installation, broker: &Broker, history: &History) {
    homeward.wait_for_figures(history);
    homeward.check_own_counters();
    promtool::check(&homeward.exposition());
    homeward.stop();
    ledger::check(&installation.lake(), &broker.end_offsets(installation.topic()), history);
}

#[test]
fn every_event_is_counted_once_in_a_quiet_run() {
    let _turn = turn();
    let Some(broker) = Broker::start(Security::None) else { return };
    let installation = Installation::new(&broker);
    let history = History::planted(1, 400);
    let homeward = Homeward::start(&installation);
    homeward.wait_until_ready();
    installation.load(&history).finish();
    settle(homeward, &installation, &broker, &history);
}

#[test]
fn two_consumers_share_the_partitions_and_rebalance_under_load() {
    let _turn = turn();
    let Some(broker) = Broker::start(Security::None) else { return };
    let installation = Installation::new(&broker);
    let history = History::planted(2, 6_000);
    let parts = history.parts(12);
    let first = Homeward::start(&installation);
    first.wait_until_ready();

    // The second joins while data flows; more is published until it has taken a share.
    let second = Homeward::start_ingest_only(&installation);
    let mut published = 0;
    let mut shared = false;
    for part in &parts[..10] {
        published = part.end;
        installation.load_part(&history, part.clone()).finish();
        ledger::wait_for_records(&installation.lake(), part.end);
        shared = first.consumed() < part.end;
        if shared {
            break;
        }
    }
    assert!(shared, "the second consumer never took a share of the partitions");

    // It leaves while the rest flows, and the first takes its partitions back.
    let flowing = installation.load_part(&history, published..history.lines());
    second.stop();
    flowing.finish();
    first.wait_for_figures(&history);
    assert!(first.consumed() < history.lines(), "the first consumed everything itself");
    settle(first, &installation, &broker, &history);
}

#[test]
fn the_broker_may_restart_and_may_be_killed() {
    let _turn = turn();
    let Some(broker) = Broker::start(Security::None) else { return };
    let installation = Installation::new(&broker);
    let history = History::planted(3, 4_000);
    let parts = history.parts(3);
    let homeward = Homeward::start(&installation);
    homeward.wait_until_ready();
    installation.load_part(&history, parts[0].clone()).finish();

    let flowing = installation.load_part(&history, parts[1].clone());
    broker.restart();
    flowing.finish();

    // The last part is acknowledged before the broker is killed: one replica keeps what reached the page cache.
    installation.load_part(&history, parts[2].clone()).finish();
    broker.kill();
    broker.start_again();
    settle(homeward, &installation, &broker, &history);
}

#[test]
fn kill_minus_nine_at_random_moments_loses_and_doubles_nothing() {
    let _turn = turn();
    let Some(broker) = Broker::start(Security::None) else { return };
    let installation = Installation::new(&broker);
    let history = History::planted(4, 10_000);
    let mut random = Xorshift::new(0x0006_4f6d_6577_6172);
    let mut cut_short = 0;
    for (round, part) in history.parts(10).into_iter().enumerate() {
        let before = ledger::durable_records(&installation.lake());
        let published = part.end;
        let flowing = installation.load_part(&history, part);
        let homeward = Homeward::start(&installation);
        // The moment is drawn, and the seed is fixed: in one round anywhere from "not yet connected" on, in the next
        // shortly after a commit, when the following one, or the figures of the last, are being written.
        if round % 2 == 0 {
            homeward.kill_after(Duration::from_millis(200 + random.below(2_800)));
        } else {
            ledger::wait_for_records(&installation.lake(), before + 1);
            homeward.kill_after(Duration::from_millis(random.below(300)));
        }
        flowing.finish();
        cut_short += usize::from(ledger::durable_records(&installation.lake()) < published);
    }
    println!("{cut_short} of 10 kills left acknowledged events that were not yet durable");
    assert!(cut_short > 0, "every kill came after the work was done: the test has shown nothing");
    let homeward = Homeward::start(&installation);
    homeward.wait_until_ready();
    settle(homeward, &installation, &broker, &history);
}

#[test]
fn scram_settings_are_passed_through() {
    let _turn = turn();
    let Some(broker) = Broker::start(Security::Scram) else { return };
    let installation = Installation::new(&broker);
    let history = History::planted(5, 200);
    let homeward = Homeward::start(&installation);
    homeward.wait_until_ready();
    installation.load(&history).finish();
    settle(homeward, &installation, &broker, &history);
}
