//! The receipt of `homeward load`, as a data manager reads it: what was taken, what was refused and why, whether it counts,
//! and what it changed.

use std::fmt;
use std::io::{self, Write};

use homeward_ingest::kafka::PublishReceipt;
use homeward_transform::book::roll::{Line, Outcome};
use homeward_transform::book::submission::Standing;
use homeward_transform::feedback::Feedback;
use homeward_transform::release::{Policy, Rounding, Shown};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;

use super::effect::Moved;
use super::feedback::{Told, write_findings};
use super::load::{ReceiptLine, write_partitions};
use super::validate::Validated;

/// Figures that moved and are printed; the JSON receipt holds them all.
const MOVED_SHOWN: usize = 40;

/// What to do with a file that was changed and kept its id.
const MEND_CHANGED: &str = "a file that was changed needs another FileCreation_DateTime";

/// Everything there is to tell of one load.
pub(super) struct Receipt<'a> {
    pub(super) validated: &'a Validated,
    /// What the broker acknowledged; none when nothing was to be sent.
    pub(super) published: Option<&'a PublishReceipt>,
    /// How Homeward stands to what was sent.
    pub(super) homeward: Homeward,
    pub(super) moved: Vec<Moved>,
    pub(super) policy: &'a Policy,
}

/// What is known of Homeward's side.
pub(super) enum Homeward {
    /// There is no lake at hand.
    Unseen,
    /// The lake as it was before the load.
    Before(Vec<Line>),
    /// The lake before and after it took the load in.
    After(Vec<Line>, Vec<Line>),
    /// The lake had not taken the load in when patience ended.
    NotInTime(u64),
}

/// What one submission is to Homeward.
enum Place {
    Unseen,
    New,
    /// Every row of it was there already.
    Held(Outcome),
    /// As many rows were there, and they say something else.
    Differs(Outcome),
    /// Every row was there, and so many of the refused ones are mended now.
    Mends(u64),
    /// A part of it was there.
    Part(Outcome),
    /// The lake took it in.
    TakenIn {
        now: Outcome,
        was: Option<Box<Place>>,
    },
    NotInTime(u64),
}

impl Receipt<'_> {
    fn place(&self, feedback: &Feedback) -> Place {
        let find = |lines: &[Line]| lines.iter().find(|line| line.id == feedback.line.id).cloned();
        let (before, after) = match &self.homeward {
            Homeward::Unseen => return Place::Unseen,
            Homeward::Before(before) => (before, None),
            Homeward::After(before, after) => (before, Some(after)),
            Homeward::NotInTime(seconds) => return Place::NotInTime(*seconds),
        };
        let was = find(before).map(|line| held(&line, feedback));
        if let Some(now) = after.and_then(|after| find(after)) {
            return Place::TakenIn { now: now.outcome, was: was.map(Box::new) };
        }
        was.unwrap_or(Place::New)
    }

    /// The receipt for people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for feedback in &self.validated.submissions {
            let line = &feedback.line;
            let (kind, rows) = (line.file_type.as_str(), feedback.rows);
            writeln!(out, "{} ({kind}, {} to {})", line.id, line.rp_start, line.rp_end)?;
            let read = rows.taken + rows.refused + rows.cascaded;
            let (taken, refused, fell) = (rows.taken, rows.refused, rows.cascaded);
            writeln!(
                out,
                "  read     {read} rows: {taken} to be taken, {refused} refused, {fell} not counted with them"
            )?;
            write_findings(out, feedback)?;
            writeln!(out, "  Homeward {}", self.place(feedback))?;
        }
        self.write_events(out)?;
        if let Some(published) = self.published {
            write_partitions(published, out)?;
        } else {
            writeln!(out, "nothing was sent: --check only looks")?;
        }
        self.write_moved(out)
    }

    fn write_events(&self, out: &mut dyn Write) -> io::Result<()> {
        let events = &self.validated.events;
        let refused: u64 = events.refused.values().sum();
        if events.taken + refused > 0 {
            writeln!(out, "events: {} to be taken, {refused} refused or left out", events.taken)?;
        }
        for (code, count) in events.refused.iter().chain(&events.warnings).chain(&self.validated.unplaced) {
            let severity = code.severity().as_str();
            writeln!(out, "  {severity:<8} {count} x {code}: {}; {}", code.message(), code.mend())?;
        }
        Ok(())
    }

    fn write_moved(&self, out: &mut dyn Write) -> io::Result<()> {
        if !matches!(self.homeward, Homeward::After(..)) {
            return Ok(());
        }
        if self.moved.is_empty() {
            return writeln!(out, "no figure of a provider's month moved");
        }
        writeln!(out, "figures that moved meanwhile ({}):", self.policy.label())?;
        for moved in self.moved.iter().take(MOVED_SHOWN) {
            let figure = &moved.figure;
            let [old, new] = [moved.old, moved.new].map(|side| self.side(side));
            write!(
                out,
                "  {} {}, {} {}: {old} to {new}",
                figure.provider, figure.month, figure.indicator, figure.basis
            )?;
            match self.because(moved) {
                Some(because) => writeln!(out, " because {because}")?,
                None => writeln!(out)?,
            }
        }
        match self.moved.len().saturating_sub(MOVED_SHOWN) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more; --receipt FILE has them all"),
        }
    }

    /// The reason holds exact counts of records.
    fn because<'m>(&self, moved: &'m Moved) -> Option<&'m str> {
        Some(moved.because.as_str()).filter(|words| self.policy.rounding == Rounding::Exact && !words.is_empty())
    }

    fn count(&self, count: Option<i64>) -> Option<Shown> {
        count.map(|count| *self.policy.release_count(count, false))
    }

    fn side(&self, side: Option<(Option<i64>, Option<i64>)>) -> String {
        let Some((numerator, denominator)) = side else { return "no data".to_owned() };
        match [numerator, denominator].map(|count| self.count(count)) {
            [Some(numerator), Some(denominator)] => format!("{numerator} of {denominator}"),
            [Some(count), None] | [None, Some(count)] => count.to_string(),
            [None, None] => "no data".to_owned(),
        }
    }
}

/// How the lake's line stands to what is sent.
fn held(line: &Line, feedback: &Feedback) -> Place {
    let rows = feedback.rows;
    let is_part = matches!(
        line.outcome,
        Outcome::Out(Standing::NoHeader | Standing::NoManifest | Standing::Missing(_) | Standing::Contradictory)
    );
    if is_part || line.accepted + line.refused != rows.taken + rows.cascaded + rows.refused {
        return Place::Part(line.outcome.clone());
    }
    // A header of another sender may have no checksum: then the counts are all there is.
    let is_changed = line.content.as_ref().zip(feedback.line.content.as_ref()).is_some_and(|(one, other)| one != other);
    match line.refused.saturating_sub(rows.refused) {
        0 if is_changed => Place::Differs(line.outcome.clone()),
        0 => Place::Held(line.outcome.clone()),
        mended => Place::Mends(mended),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = |out: &mut fmt::Formatter<'_>, outcome: &Outcome| match outcome {
            Outcome::Counts => out.write_str("it counts"),
            other => write!(out, "it does not count: {other}"),
        };
        match self {
            Self::Unseen => out.write_str(
                "unknown: there is no lake at hand (--lake); 'homeward submission list' where Homeward runs says \
                 whether it counts",
            ),
            Self::New => out.write_str("has nothing of it yet; --wait SECONDS waits until it is taken in"),
            Self::Held(outcome) => {
                out.write_str("holds every row of it already, so that the same files change nothing; ")?;
                counts(out, outcome)
            }
            Self::Differs(outcome) => {
                write!(out, "holds as many rows under this id that say something else: {MEND_CHANGED}; ")?;
                counts(out, outcome)
            }
            Self::Mends(rows) => write!(out, "holds it already; {rows} rows that were refused are mended by this one"),
            Self::Part(outcome) => write!(out, "holds a part of it already: {outcome}"),
            Self::TakenIn { now, was } => {
                match was.as_deref() {
                    Some(Self::Held(_)) => {
                        out.write_str("held every row of it already, and the same files change nothing; ")?;
                    }
                    Some(Self::Differs(_)) => write!(
                        out,
                        "has taken it in beside as many rows under this id that said something else: {MEND_CHANGED}; "
                    )?,
                    _ => out.write_str("has taken it in; ")?,
                }
                counts(out, now)
            }
            Self::NotInTime(seconds) => write!(
                out,
                "has not taken it in within {seconds} seconds: is 'homeward run' with the role ingest running on this \
                 lake? Kafka keeps what was sent until then"
            ),
        }
    }
}

impl Serialize for Receipt<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_map(None)?;
        told.serialize_entry("partitions", &self.published.map(ReceiptLine::of).unwrap_or_default())?;
        let progress = self.published.map(|published| published.progress).unwrap_or_default();
        told.serialize_entry("sent", &progress.sent)?;
        told.serialize_entry("acknowledged", &progress.acknowledged)?;
        let taken_in = match self.homeward {
            Homeward::After(..) => Some(true),
            Homeward::NotInTime(..) => Some(false),
            Homeward::Unseen | Homeward::Before(_) => None,
        };
        told.serialize_entry("taken_in", &taken_in)?;
        let submissions: Vec<_> =
            self.validated.submissions.iter().map(|feedback| Submitted { receipt: self, feedback }).collect();
        told.serialize_entry("submissions", &submissions)?;
        let by_code = |counts: &std::collections::BTreeMap<homeward_contract::reject::RejectCode, u64>| {
            counts.iter().map(|(code, count)| (code.code().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>()
        };
        let events = &self.validated.events;
        let (refused, warnings) = (by_code(&events.refused), by_code(&events.warnings));
        told.serialize_entry("events", &json!({"taken": events.taken, "refused": refused, "warnings": warnings}))?;
        told.serialize_entry("unplaced", &by_code(&self.validated.unplaced))?;
        let moved: Vec<_> = self.moved.iter().map(|moved| self.moved_json(moved)).collect();
        told.serialize_entry("moved", &moved)?;
        told.serialize_entry("release", &self.policy.label())?;
        told.end()
    }
}

impl Receipt<'_> {
    fn moved_json(&self, moved: &Moved) -> serde_json::Value {
        let side = |side: Option<(Option<i64>, Option<i64>)>| {
            let (numerator, denominator) = side.unwrap_or_default();
            (self.count(numerator), self.count(denominator))
        };
        let ((old_numerator, old_denominator), (new_numerator, new_denominator)) = (side(moved.old), side(moved.new));
        json!({
            "indicator": moved.figure.indicator,
            "basis": moved.figure.basis,
            "provider": moved.figure.provider,
            "month": moved.figure.month,
            "old_numerator": old_numerator,
            "old_denominator": old_denominator,
            "new_numerator": new_numerator,
            "new_denominator": new_denominator,
            "because": self.because(moved),
        })
    }
}

/// One submission of a receipt: its feedback by rule, and what it is to Homeward.
struct Submitted<'a> {
    receipt: &'a Receipt<'a>,
    feedback: &'a Feedback,
}

#[derive(Serialize)]
struct SubmittedRow<'a> {
    #[serde(flatten)]
    told: Told<'a>,
    homeward: String,
}

impl Serialize for Submitted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let homeward = self.receipt.place(self.feedback).to_string();
        SubmittedRow { told: Told { feedback: self.feedback, with_entries: false }, homeward }.serialize(serializer)
    }
}
