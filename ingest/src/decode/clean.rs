//! The contract's normalising functions without a copy when the value is clean already, which it is
//! nearly always.

use std::borrow::Cow;
use std::sync::LazyLock;

use homeward_contract::codes;

/// The stand-in for a missing referral id (D2), looked for in any letter case.
const PLACEHOLDER_MARK: &[u8] = b"NHSNOREM";

/// [`codes::two_digit`].
pub(super) fn two_digit(raw: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if matches!(raw.as_bytes(), [b'0'..=b'9', b'0'..=b'9']) {
        Some(raw)
    } else {
        codes::two_digit(&raw).map(Cow::Owned)
    }
}

/// [`codes::one_digit`].
pub(super) fn one_digit(raw: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if matches!(raw.as_bytes(), [b'1'..=b'9']) { Some(raw) } else { codes::one_digit(&raw).map(Cow::Owned) }
}

/// [`codes::code`].
pub(super) fn code(raw: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if !raw.is_empty() && is_code(&raw) { Some(raw) } else { codes::code(&raw).map(Cow::Owned) }
}

/// [`codes::provider`].
pub(super) fn provider(raw: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if raw.len() == 3 && is_code(&raw) { Some(raw) } else { codes::provider(&raw).map(Cow::Owned) }
}

/// [`codes::organisation`].
pub(super) fn organisation(raw: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if !raw.is_empty() && is_code(&raw) { Some(raw) } else { codes::organisation(&raw).map(Cow::Owned) }
}

fn is_code(raw: &str) -> bool {
    raw.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// [`codes::service_request_id`]: the id cut at the bar, and whether it is a placeholder.
pub(super) fn service_request_id(raw: Cow<'_, str>) -> Option<(Cow<'_, str>, bool)> {
    let clean = !raw.is_empty()
        && raw.is_ascii()
        && raw.trim().len() == raw.len()
        && !raw.contains('|')
        && !raw.as_bytes().windows(PLACEHOLDER_MARK.len()).any(|window| window.eq_ignore_ascii_case(PLACEHOLDER_MARK));
    if clean {
        Some((raw, false))
    } else {
        codes::service_request_id(&raw).map(|read| (Cow::Owned(read.id), read.placeholder))
    }
}

/// [`codes::team_type`]: the answers for the hundred two-digit codes are worked out once.
pub(super) fn team_type(raw: Cow<'_, str>) -> Option<Cow<'_, str>> {
    static BY_NUMBER: LazyLock<Vec<Option<String>>> =
        LazyLock::new(|| (0..100).map(|number| codes::team_type(&format!("{number:02}"))).collect());
    match raw.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            let number = usize::from(tens - b'0') * 10 + usize::from(ones - b'0');
            BY_NUMBER.get(number).and_then(Option::as_deref).map(Cow::Borrowed)
        }
        _ => codes::team_type(&raw).map(Cow::Owned),
    }
}

/// Lower case, for words.
pub(super) fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The short ways must say what the contract says, for every text.
        #[test]
        fn short_ways_agree_with_the_contract(raw in "[ #|0-9A-Za-zé]{0,6}|[0-9]{1,3}|[A-Z0-9]{3}(00)?|(?i)x?nhsnorem[|a]?|.{0,8}") {
            let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
            prop_assert_eq!(owned(two_digit(Cow::Borrowed(&raw))), codes::two_digit(&raw));
            prop_assert_eq!(owned(one_digit(Cow::Borrowed(&raw))), codes::one_digit(&raw));
            prop_assert_eq!(owned(code(Cow::Borrowed(&raw))), codes::code(&raw));
            prop_assert_eq!(owned(provider(Cow::Borrowed(&raw))), codes::provider(&raw));
            prop_assert_eq!(owned(organisation(Cow::Borrowed(&raw))), codes::organisation(&raw));
            prop_assert_eq!(owned(team_type(Cow::Borrowed(&raw))), codes::team_type(&raw));
            let read = service_request_id(Cow::Borrowed(&raw)).map(|(id, placeholder)| (id.into_owned(), placeholder));
            prop_assert_eq!(read, codes::service_request_id(&raw).map(|read| (read.id, read.placeholder)));
        }
    }
}
