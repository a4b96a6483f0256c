//! A decision about a submission: it is withdrawn, or reinstated. It travels on the CSDS topic and is never undone, only
//! followed by another.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;

use crate::identity;
use crate::submission::ID_CHARACTERS;
use crate::time;

/// Most characters of a reason or of who decided.
const TEXT_CHARACTERS: usize = 200;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The submission counts no longer.
    Withdrawn,
    /// It counts again.
    Reinstated,
}

impl Verdict {
    /// The word stored and exchanged.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Withdrawn => "withdrawn",
            Verdict::Reinstated => "reinstated",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Verdict::Withdrawn, Verdict::Reinstated].into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// One decision. For a submission the latest `at` wins, then the greatest id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its own id, so that a repeated record changes nothing.
    pub id: String,
    /// The submission it is about.
    pub submission: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, in words without a patient.
    pub reason: String,
    /// Role or name of who decided.
    pub by: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
}

impl Decision {
    /// Reads and checks the `decision` object of a record.
    ///
    /// # Errors
    /// The member that is absent or cannot be read.
    pub fn from_json(json: &str) -> Result<Self, &'static str> {
        let wire: DecisionWire = serde_json::from_str(json).map_err(|_| "decision")?;
        let text = |value: Option<String>| value.unwrap_or_default().trim().to_owned();
        let decision = Self {
            id: text(wire.id),
            submission: text(wire.submission),
            verdict: Verdict::from_word(&text(wire.decision)).ok_or("decision")?,
            reason: text(wire.reason),
            by: text(wire.by),
            at: time::parse_instant_or_local(&text(wire.at)).map_err(|_| "at")?.at,
        };
        decision.check()?;
        Ok(decision)
    }

    /// Checks that every text is there, is short, and names no patient.
    ///
    /// # Errors
    /// The member at fault.
    pub fn check(&self) -> Result<(), &'static str> {
        let texts = [
            ("id", &self.id, ID_CHARACTERS),
            ("submission", &self.submission, ID_CHARACTERS),
            ("reason", &self.reason, TEXT_CHARACTERS),
            ("by", &self.by, TEXT_CHARACTERS),
        ];
        let fits = |text: &str, most| {
            let length = text.chars().count();
            (1..=most).contains(&length) && !text.chars().any(char::is_control) && !identity::names_a_patient(text)
        };
        texts.into_iter().find(|(_, text, most)| !fits(text.as_str(), *most)).map_or(Ok(()), |(part, _, _)| Err(part))
    }

    /// The Kafka payload. Its key is the submission's id.
    #[must_use]
    pub fn payload(&self) -> String {
        serde_json::json!({"decision": {
            "id": self.id,
            "submission": self.submission,
            "decision": self.verdict.as_str(),
            "reason": self.reason,
            "by": self.by,
            "at": self.at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        }})
        .to_string()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DecisionWire {
    id: Option<String>,
    submission: Option<String>,
    decision: Option<String>,
    reason: Option<String>,
    by: Option<String>,
    at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> Decision {
        Decision {
            id: "d-1".to_owned(),
            submission: "NR5-202504-20250512T091500".to_owned(),
            verdict: Verdict::Withdrawn,
            reason: "the wrong month was sent".to_owned(),
            by: "data manager".to_owned(),
            at: "2025-05-13T10:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_decision_goes_to_a_record_and_back() {
        let payload: serde_json::Value = serde_json::from_str(&decision().payload()).unwrap();
        assert_eq!(Decision::from_json(&payload["decision"].to_string()), Ok(decision()));
        assert_eq!(Verdict::from_word("reinstated"), Some(Verdict::Reinstated));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let with = |member: &str, value: serde_json::Value| {
            let mut payload: serde_json::Value = serde_json::from_str(&decision().payload()).unwrap();
            payload["decision"][member] = value;
            Decision::from_json(&payload["decision"].to_string())
        };
        for (member, value) in [
            ("id", "".into()),
            ("submission", serde_json::Value::Null),
            ("decision", "paused".into()),
            ("reason", "999 000 0018 was sent in error".into()),
            ("reason", "line\nbreak".into()),
            ("by", "x".repeat(201).into()),
            ("at", "yesterday".into()),
        ] {
            assert_eq!(with(member, value), Err(member));
        }
        assert_eq!(Decision::from_json("[]").map(|_| ()), Err("decision"));
        assert_eq!(Decision::from_json("7").map(|_| ()), Err("decision"));
    }
}
