//! Instants as people in Devon read them: London time, in words.

use chrono::{DateTime, Utc};
use homeward_contract::time::london;

/// `14:05 on Thursday 12 June 2025`.
pub(super) fn long(at: DateTime<Utc>) -> String {
    london(at).format("%H:%M on %A %-d %B %Y").to_string()
}

/// `12 June 14:05`.
pub(super) fn short(at: DateTime<Utc>) -> String {
    london(at).format("%-d %B %H:%M").to_string()
}

/// `3 minutes`, `2 hours 5 minutes`, `4 days`: how long ago, without a promise of seconds.
pub(super) fn span(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1 => "1 minute".to_owned(),
        2..=59 => format!("{minutes} minutes"),
        60..=2_879 => {
            let (hours, rest) = (minutes / 60, minutes % 60);
            let hours = if hours == 1 { "1 hour".to_owned() } else { format!("{hours} hours") };
            match rest {
                0 => hours,
                1 => format!("{hours} 1 minute"),
                _ => format!("{hours} {rest} minutes"),
            }
        }
        _ => format!("{} days", minutes / 1_440),
    }
}

/// `13:05`.
pub(super) fn clock(at: DateTime<Utc>) -> String {
    london(at).format("%H:%M").to_string()
}
