//! Configuration: `homeward.toml`, the environment over it, every fault in one message.
//!
//! Reading happens in three steps: the text becomes a table and the environment is laid over it (`overlay`), the
//! table becomes [`Settings`] section by section (`read`), and `check` turns those into a [`Config`] whose every value is
//! usable. Faults of all steps are gathered.

mod check;
mod fault;
mod keys;
mod lists;
mod overlay;
mod property_files;
mod read;
mod secret;
mod settings;
mod sql;
mod submissions;

pub use check::{Config, Role, ServeConfig};
pub use fault::{ConfigFault, ConfigFaults};
pub use keys::Keys;
pub use read::{DEFAULT_FILE, read_settings};
pub use secret::Secret;
pub use settings::{
    IngestSettings, KafkaSettings, KeySettings, LakeSettings, ServeSettings, Settings, SqlRoleSettings, SqlSettings,
    SubmissionSettings, TransformSettings,
};
pub use sql::of_password as verifier_of_password;

#[cfg(test)]
mod tests;
