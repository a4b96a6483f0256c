//! `homeward.toml` and the environment into settings; what they mean is checked where Kafka and SQL are known.

#[path = "../../../metrics-api/src/config/fault.rs"]
mod fault;
#[path = "../../../metrics-api/src/config/overlay.rs"]
mod overlay;
#[path = "../../../metrics-api/src/config/read.rs"]
mod read;
#[path = "../../../metrics-api/src/config/secret.rs"]
mod secret;
#[path = "../../../metrics-api/src/config/settings.rs"]
mod settings;

pub use read::read_settings;
pub use settings::Settings;
