//! A broker inside this process, for the demo and for tests: librdkafka's mock cluster.
//!
//! Limits: it keeps 5 MiB a partition in memory and drops the oldest beyond that, has no isolation levels and no
//! access control, and forgets everything when dropped. Exactly-once against a broker that crashes is proved on
//! real Kafka.

use std::sync::mpsc;
use std::thread::JoinHandle;

use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;

use super::config::KafkaConfig;

/// A running embedded broker; dropping it ends it.
#[derive(Debug)]
pub struct EmbeddedBroker {
    brokers: String,
    /// The cluster is bound to the thread that made it: others send their wishes there.
    wishes: Option<mpsc::Sender<Wish>>,
    thread: Option<JoinHandle<()>>,
}

struct Wish {
    topic: String,
    partitions: i32,
    done: mpsc::Sender<Result<(), KafkaError>>,
}

/// Why the embedded broker did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// librdkafka refused.
    #[error("embedded Kafka broker: {0}")]
    Kafka(#[from] KafkaError),
    /// The broker's thread could not start or has ended.
    #[error("embedded Kafka broker: its thread is not running")]
    Ended,
}

impl EmbeddedBroker {
    /// Starts a broker on a free local port.
    ///
    /// # Errors
    /// When librdkafka cannot open a local port.
    pub fn start() -> Result<Self, EmbeddedError> {
        let (ready, started) = mpsc::channel();
        let (wishes, inbox) = mpsc::channel::<Wish>();
        let thread = std::thread::Builder::new()
            .name("embedded-broker".to_owned())
            .spawn(move || {
                let cluster = match MockCluster::new(1) {
                    Ok(cluster) => cluster,
                    Err(error) => {
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok(cluster.bootstrap_servers()));
                for wish in inbox {
                    let _ = wish.done.send(cluster.create_topic(&wish.topic, wish.partitions, 1));
                }
            })
            .map_err(|_| EmbeddedError::Ended)?;
        let brokers = started.recv().map_err(|_| EmbeddedError::Ended)??;
        Ok(Self { brokers, wishes: Some(wishes), thread: Some(thread) })
    }

    /// Bootstrap servers to connect to.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Settings for this broker. The mock holds every rebalance up for a second less than the session timeout, so
    /// that is short; but it must outlast the three seconds for which the mock holds up a group's first one.
    #[must_use]
    pub fn config(&self) -> KafkaConfig {
        let mut config = KafkaConfig::new(&self.brokers);
        for (name, value) in [("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500")] {
            config.properties.insert(name.to_owned(), value.to_owned());
        }
        config
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// When the topic exists or the broker has ended.
    pub fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), EmbeddedError> {
        let (done, answer) = mpsc::channel();
        let wish = Wish { topic: topic.to_owned(), partitions, done };
        self.wishes.as_ref().and_then(|wishes| wishes.send(wish).ok()).ok_or(EmbeddedError::Ended)?;
        Ok(answer.recv().map_err(|_| EmbeddedError::Ended)??)
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        // Closing the channel ends the thread's loop, which drops the cluster where it was made.
        drop(self.wishes.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
