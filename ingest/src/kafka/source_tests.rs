use std::time::Instant;

use super::*;
use crate::kafka::EmbeddedBroker;

const PATIENCE: Duration = Duration::from_secs(60);

fn source(config: &KafkaConfig) -> Source {
    let telemetry = Arc::new(IngestTelemetry::default());
    let frontier = Box::new(|| Ok(BTreeMap::new()));
    Source::open(config, SourceOptions { feed: Feed::Ucr, buffer_bytes_max: 1 << 20, frontier, telemetry }).unwrap()
}

/// The watchdog must not rebuild a member for which there is no partition: others would lose theirs to the new one.
#[test]
fn a_member_without_a_partition_is_settled() {
    let broker = EmbeddedBroker::start().unwrap();
    broker.create_topic(Feed::Ucr.default_topic(), 1).unwrap();
    let mut members = [source(&broker.config()), source(&broker.config())];
    assert!(members.iter().all(|member| !member.is_settled()), "nobody was given anything yet");
    let begun = Instant::now();
    loop {
        members.iter_mut().for_each(|member| drop(member.receive(Duration::from_millis(50)).unwrap()));
        let mut partitions = members.each_ref().map(|member| member.positions().count());
        partitions.sort_unstable();
        if partitions == [0, 1] && members.iter().all(Source::is_settled) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{members:?} did not settle");
    }
}
