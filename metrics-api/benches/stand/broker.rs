//! A real Apache Kafka for the length of the benchmark, through `deploy/kafka/kafka.sh`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Fault;

/// The broker; stopped when dropped.
pub(crate) struct Broker {
    /// `host:port`.
    pub(crate) address: String,
    /// Its folder, unless it is somebody else's.
    folder: Option<PathBuf>,
    partitions: String,
}

impl Broker {
    /// Starts one with its data in `folder`, or takes the one that is `running`.
    pub(crate) fn start(folder: &Path, partitions: u32, running: Option<&str>) -> Result<Self, Fault> {
        let partitions = partitions.to_string();
        if let Some(address) = running {
            return Ok(Self { address: address.to_owned(), folder: None, partitions });
        }
        script(&["jars"])?;
        // Both are held until both are known, so that they differ.
        let held = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
        let [port, controller] = [held[0].local_addr()?.port(), held[1].local_addr()?.port()];
        drop(held);
        let broker = Self { address: format!("127.0.0.1:{port}"), folder: Some(folder.join("broker")), partitions };
        let (port, controller, guardian) = (port.to_string(), controller.to_string(), std::process::id().to_string());
        broker.command(&["start", "--port", &port, "--controller-port", &controller, "--with-process", &guardian])?;
        Ok(broker)
    }

    /// Makes a topic.
    pub(crate) fn create_topic(&self, name: &str) -> Result<(), Fault> {
        self.command(&["topic", "--name", name, "--topic-partitions", &self.partitions])
    }

    fn command(&self, arguments: &[&str]) -> Result<(), Fault> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let folder = folder.to_str().ok_or("the temporary folder's name is not UTF-8")?;
        let (command, rest) = arguments.split_first().ok_or("no command")?;
        let mut all = vec![*command, "--dir", folder];
        all.extend(rest);
        script(&all)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Killed, not stopped: nothing of it is needed any more.
        let _ = self.command(&["kill"]);
    }
}

fn script(arguments: &[&str]) -> Result<(), Fault> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kafka/kafka.sh");
    let output = Command::new(&script).args(arguments).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("kafka.sh {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into())
}
