//! One HL7 v2 message: its character set, its fields by place, its times. The only place that names the parser.
//!
//! Limits: [`MOST_MESSAGE_BYTES`], so that the parser's tree of even a hostile message stays small.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use homeward_contract::reject::RejectCode;
use homeward_contract::time::{self, TimeError};

use super::fault::Fault;

/// Bytes of one message. An ADT message has a few thousand.
const MOST_MESSAGE_BYTES: usize = 64 << 10;

/// A message that was parsed whole.
pub(super) struct Message(er7::Message);

impl Message {
    /// Parses one message, with or without the frame of MLLP around it.
    ///
    /// # Errors
    /// The fault for which no field of it can be read.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let bytes = unframed(payload);
        if bytes.len() > MOST_MESSAGE_BYTES {
            return Err(Fault::new(RejectCode::RecordTooLarge));
        }
        // The parser would also take the head of a batch file.
        if !bytes.starts_with(b"MSH") {
            return Err(Fault::new(RejectCode::AdtNotHl7));
        }
        let parsed = er7::parse(&text(bytes)?).map_err(|_| Fault::new(RejectCode::AdtNotHl7))?;
        if parsed.segments_named("MSH").count() > 1 {
            return Err(Fault::new(RejectCode::AdtSeveralMessages));
        }
        Ok(Self(parsed))
    }

    pub(super) fn has(&self, segment: &str) -> bool {
        self.0.segment(segment).is_some()
    }

    /// A component of a field's first repetition, escapes resolved; none when it is absent, empty or the null `""`.
    pub(super) fn value(&self, segment: &str, field: usize, component: usize) -> Option<String> {
        self.read(self.0.segment(segment)?.component(field, component)?)
    }

    /// Components of every repetition of a field, as [`Message::value`] reads them.
    pub(super) fn repetitions<const N: usize>(
        &self,
        segment: &str,
        field: usize,
        components: [usize; N],
    ) -> Vec<[Option<String>; N]> {
        let field = self.0.segment(segment).and_then(|segment| segment.field(field));
        let read = |repetition: &er7::Repetition| {
            components.map(|number| repetition.component(number).and_then(|component| self.read(component)))
        };
        field.map(|field| field.repetitions.iter().map(read).collect()).unwrap_or_default()
    }

    /// The time in a field; none when there is none. `start` decides which of two instants an end means.
    pub(super) fn time(
        &self,
        segment: &str,
        field: usize,
        start: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, Fault> {
        let Some(text) = self.value(segment, field, 1) else { return Ok(None) };
        instant(&text, start).map(Some).map_err(|error| {
            let code = if error == TimeError::Offset { RejectCode::AdtBadOffset } else { RejectCode::AdtBadTime };
            Fault::item(code, &format!("{segment}-{field}"))
        })
    }

    fn read(&self, component: &er7::Component) -> Option<String> {
        let value = component.subcomponent(1)?.value(&self.0.separators);
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// The message without the frame of MLLP: a vertical tab before it, a file separator and a carriage return after it.
pub(crate) fn unframed(payload: &[u8]) -> &[u8] {
    let is_frame = |byte: &u8| matches!(byte, 0x0b | 0x1c | b'\r' | b'\n' | b' ');
    let start = payload.iter().position(|byte| !is_frame(byte)).unwrap_or(payload.len());
    let end = payload.iter().rposition(|byte| !is_frame(byte)).map_or(start, |last| last + 1);
    let inner = &payload[start..end];
    inner.strip_prefix(b"\xef\xbb\xbf").unwrap_or(inner)
}

/// The message as text, by the character set that MSH-18 names. Without a name UTF-8 where it is that, else ISO 8859-1
/// (our choice).
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let wrong = || Fault::new(RejectCode::AdtBadEncoding);
    match character_set(bytes).as_str() {
        "" => Ok(str::from_utf8(bytes).map_or_else(|_| latin1(bytes), Cow::Borrowed)),
        "UNICODE UTF-8" | "UTF-8" | "UTF8" | "ASCII" => str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| wrong()),
        "8859/1" => Ok(latin1(bytes)),
        _ if bytes.is_ascii() => str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// Each byte of ISO 8859-1 is the character of its number.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())
}

/// MSH-18, read before the text can be: all that stands in front of it is ASCII in every set that is taken.
fn character_set(bytes: &[u8]) -> String {
    let header = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let (Some(field), Some(repetition)) = (header.get(3), header.get(5)) else { return String::new() };
    let named = header.split(|byte| byte == field).nth(17).unwrap_or_default();
    let first = named.split(|byte| byte == repetition).next().unwrap_or_default();
    String::from_utf8_lossy(first).trim().to_ascii_uppercase()
}

/// `CCYYMMDDHHMM[SS[.fraction]]` with or without `+0000` or `+0100`. Without one it is London's wall clock, read as
/// everywhere: the first of two hours for a start, for an end the first that is not before its start.
fn instant(text: &str, start: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, TimeError> {
    let (local, offset) = match text.find(['+', '-']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let digits = match local.split_once('.') {
        Some((digits, fraction)) if digits.len() == 14 && fraction.bytes().all(|byte| byte.is_ascii_digit()) => digits,
        Some(_) => return Err(TimeError::DateTime),
        None => local,
    };
    if !matches!(digits.len(), 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TimeError::DateTime);
    }
    let seconds = digits.get(12..14).unwrap_or("00");
    let (date, clock) = (&digits[..8], &digits[8..12]);
    let written = format!("{}-{}-{}T{}:{}:{seconds}", &date[..4], &date[4..6], &date[6..], &clock[..2], &clock[2..]);
    match offset {
        None => {
            let local = time::parse_local_date_time(&written)?;
            Ok(if start.is_some() { time::resolve_end(local, start) } else { time::resolve_start(local) }.at)
        }
        Some("+0000" | "-0000") => time::parse_offset_instant(&format!("{written}Z")),
        Some("+0100") => time::parse_offset_instant(&format!("{written}+01:00")),
        Some(_) => Err(TimeError::Offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, start: Option<&str>) -> Result<String, TimeError> {
        let start = start.map(|start| start.parse().unwrap());
        instant(text, start).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }

    #[test]
    fn times_are_londons_unless_they_say_otherwise() {
        for (text, start, expected) in [
            ("202505062130", None, "2025-05-06T20:30:00Z"),
            ("20250506213015.1234", None, "2025-05-06T20:30:15Z"),
            ("20250106213015", None, "2025-01-06T21:30:15Z"),
            ("20250506213000+0100", None, "2025-05-06T20:30:00Z"),
            ("20250506213000+0000", None, "2025-05-06T21:30:00Z"),
            // The hour that never was, and the hour that came twice.
            ("20250330013000", None, "2025-03-30T01:30:00Z"),
            ("20251026013000", None, "2025-10-26T00:30:00Z"),
            ("20251026013000", Some("2025-10-26T00:10:00Z"), "2025-10-26T00:30:00Z"),
            ("20251026013000", Some("2025-10-26T00:45:00Z"), "2025-10-26T01:30:00Z"),
        ] {
            assert_eq!(at(text, start).as_deref(), Ok(expected), "{text}");
        }
        for text in ["20250506", "2025050621", "20250506213", "20250230120000", "20250506240000", "2025050621300é", "x"]
        {
            assert_eq!(at(text, None), Err(TimeError::DateTime), "{text}");
        }
        for text in ["20250506213000+0200", "20250506213000-0500", "20250506213000+"] {
            assert_eq!(at(text, None), Err(TimeError::Offset), "{text}");
        }
    }

    fn parsed(bytes: &[u8]) -> Result<Message, RejectCode> {
        Message::parse(bytes).map_err(|fault| fault.code)
    }

    #[test]
    fn separators_escapes_repetitions_and_nulls_are_read_as_the_header_says() {
        let message = parsed(b"MSH!*~\\@!APP!RA9\rPID!!!1*x~2*a\\S\\b\\F\\c!\"\"!@second").unwrap();
        assert_eq!(message.value("MSH", 3, 1).as_deref(), Some("APP"));
        assert_eq!(message.repetitions("PID", 3, [1, 2])[1], [Some("2".to_owned()), Some("a*b!c".to_owned())]);
        assert_eq!((message.value("PID", 4, 1), message.value("PID", 5, 1)), (None, None));
        assert_eq!((message.value("PID", 99, 1), message.value("ZZZ", 1, 1)), (None, None));
        // Escapes among letters of more than one byte.
        let message = parsed("MSH|^~\\&|A\rPV1|||Zoë \\T\\ Ömer\\X0D\\".as_bytes()).unwrap();
        assert_eq!(message.value("PV1", 3, 1).as_deref(), Some("Zoë & Ömer"));
    }

    #[test]
    fn the_character_set_is_the_one_named() {
        let with = |set: &str, ward: &[u8]| {
            let head = format!("MSH|^~\\&|A|RA9|||20250506||ADT^A01|1|P|2.4||||||{set}\rPV1||I|");
            parsed(&[head.as_bytes(), ward].concat()).map(|message| message.value("PV1", 3, 1).unwrap())
        };
        for (set, ward) in
            [("UNICODE UTF-8", "Zoë".as_bytes()), ("", "Zoë".as_bytes()), ("", b"Zo\xeb"), ("8859/1~", b"Zo\xeb")]
        {
            assert_eq!(with(set, ward).as_deref(), Ok("Zoë"), "{set}");
        }
        assert_eq!(with("8859/15", b"Zoe").as_deref(), Ok("Zoe"));
        for (set, ward) in [("UNICODE UTF-8", &b"Zo\xeb"[..]), ("8859/15", b"Zo\xeb"), ("ASCII", b"Zo\xeb")] {
            assert_eq!(with(set, ward), Err(RejectCode::AdtBadEncoding), "{set}");
        }
    }

    #[test]
    fn what_is_no_single_message_is_refused() {
        assert!(parsed(b"\x0bMSH|^~\\&|A\rPID|1\r\x1c\r").is_ok());
        for bytes in [&b""[..], b"MSH", b"PID|1", b"MSH|^^\\&|A", b"FHS|^~\\&|A", b"\xff\xfeM\0S\0H\0", b"{}"] {
            assert_eq!(parsed(bytes).err(), Some(RejectCode::AdtNotHl7), "{}", bytes.escape_ascii());
        }
        assert_eq!(parsed(b"MSH|^~\\&|A\rMSH|^~\\&|B").err(), Some(RejectCode::AdtSeveralMessages));
        let long = [b"MSH|^~\\&|".to_vec(), vec![b'^'; MOST_MESSAGE_BYTES]].concat();
        assert_eq!(parsed(&long).err(), Some(RejectCode::RecordTooLarge));
    }
}
