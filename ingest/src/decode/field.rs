//! Single fields of an event: from a JSON scalar to a checked, normalised cell.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use homeward_contract::event::{IDENTIFIER_CHARACTERS, in_list};
use homeward_contract::reject::RejectCode;
use homeward_contract::time::{parse_date, parse_offset_instant};

use super::clean;
use super::fault::Fault;
use super::scalar::Scalar;

/// The longest text a column takes, in bytes. The data set's own identifiers stop at 20 characters.
pub(super) const MOST_TEXT_BYTES: usize = 255;

/// Trimmed text, or `None` when absent, null or blank.
#[inline]
pub(super) fn text<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    // Most fields of an event type are absent, and this is asked of each.
    if value.is_null() {
        return Ok(None);
    }
    let text =
        std::mem::take(value).into_text().map_err(|_| Fault::because(RejectCode::WrongKind, item, "is not text"))?;
    match text {
        Some(text) if text.len() > MOST_TEXT_BYTES => {
            Err(Fault::because(RejectCode::WrongKind, item, "is longer than 255 bytes"))
        }
        text => Ok(text),
    }
}

/// An attribute of the envelope, which must be there.
pub(super) fn attribute<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Cow<'a, str>, Fault> {
    text(item, value)?.ok_or_else(|| Fault::item(RejectCode::MissingAttribute, item))
}

/// `id` or `source`: short and without control characters.
pub(super) fn identifier<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Cow<'a, str>, Fault> {
    let id = attribute(item, value)?;
    let plain = id.len() <= IDENTIFIER_CHARACTERS || id.chars().count() <= IDENTIFIER_CHARACTERS;
    if plain && !id.bytes().any(|byte| byte.is_ascii_control()) {
        Ok(id)
    } else {
        Err(Fault::item(RejectCode::BadIdentifier, item))
    }
}

/// A two-character code (D1).
pub(super) fn two_digit<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    Ok(text(item, value)?.and_then(clean::two_digit))
}

/// A one-character code (D1).
pub(super) fn one_digit<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    Ok(text(item, value)?.and_then(clean::one_digit))
}

/// A waiting time type: two digits after normalising.
pub(super) fn waiting_type<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    match two_digit(item, value)? {
        Some(code) if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Fault::item(RejectCode::BadWaitingType, item))
        }
        code => Ok(code),
    }
}

/// An organisation, practice or area code: capitals without blanks.
pub(super) fn organisation<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    match text(item, value)?.and_then(clean::organisation) {
        Some(code) if code.len() > 12 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Err(Fault::item(RejectCode::BadOrganisation, item))
        }
        code => Ok(code),
    }
}

/// A service or team type: retired codes moved to their successors, junk to 98.
pub(super) fn team_type<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    Ok(text(item, value)?.and_then(clean::team_type))
}

/// A word of a closed list, in the list's own spelling.
pub(super) fn listed<'a>(
    item: &'static str,
    value: &mut Scalar<'a>,
    list: &'static [&'static str],
    code: RejectCode,
) -> Result<Option<Cow<'a, str>>, Fault> {
    match text(item, value)? {
        None => Ok(None),
        Some(raw) => in_list(list, &raw).map(|word| Some(Cow::Borrowed(word))).ok_or_else(|| Fault::item(code, item)),
    }
}

/// A word of an open list, such as `own_home`: letters, digits and `_-`, in lower case. Anything
/// else might be free text and is left out: the item decides no figure.
pub(super) fn word<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    let plain = |text: &str| {
        text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    Ok(text(item, value)?.filter(|text| plain(text)).map(clean::lower_case))
}

/// An instant; the offset must be `Z`, `+00:00` or `+01:00`.
pub(super) fn instant(item: &'static str, value: &mut Scalar<'_>) -> Result<Option<DateTime<Utc>>, Fault> {
    match text(item, value)? {
        None => Ok(None),
        Some(text) => parse_offset_instant(&text).map(Some).map_err(|error| Fault::date_time(item, error)),
    }
}

/// A date, as CCYY-MM-DD.
pub(super) fn date<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    match text(item, value)? {
        Some(text) if parse_date(&text).is_err() => Err(Fault::item(RejectCode::BadDate, item)),
        text => Ok(text),
    }
}

/// A whole number within `range`, sent as a number or as its digits.
pub(super) fn whole(
    item: &'static str,
    value: &mut Scalar<'_>,
    range: RangeInclusive<i64>,
    code: RejectCode,
) -> Result<Option<i64>, Fault> {
    let number = match value {
        Scalar::Integer(number) => Some(*number),
        other => match text(item, other).map_err(|_| Fault::item(code, item))? {
            None => return Ok(None),
            Some(text) => text.parse().ok(),
        },
    };
    number.filter(|number| range.contains(number)).map(Some).ok_or_else(|| Fault::item(code, item))
}

/// `true` or `false`; nothing else is read as either.
pub(super) fn flag(item: &'static str, value: &mut Scalar<'_>) -> Result<Option<bool>, Fault> {
    match value {
        Scalar::Null => Ok(None),
        Scalar::Flag(flag) => Ok(Some(*flag)),
        _ => Err(Fault::because(RejectCode::WrongKind, item, "is neither true nor false")),
    }
}
