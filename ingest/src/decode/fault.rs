//! Why one record is refused: a code of the contract's list and a detail that names the item, never
//! a value.

use homeward_contract::reject::RejectCode;
use homeward_contract::time::TimeError;

/// The reason one record is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: RejectCode,
    /// The item and what is wrong with it. Holds no value of the record: it is shown to people who
    /// may not see one.
    pub(super) detail: String,
    /// The item alone, when there is one.
    pub(super) item: Option<Box<str>>,
}

impl Fault {
    /// The code says it all.
    pub(super) fn new(code: RejectCode) -> Self {
        Self { code, detail: code.message().to_owned(), item: None }
    }

    /// The code, and the item it is about.
    pub(super) fn item(code: RejectCode, item: &str) -> Self {
        Self { item: Some(Box::from(item)), ..Self::at(code, item) }
    }

    /// The code, and the place of the payload it is about.
    fn at(code: RejectCode, place: &str) -> Self {
        Self { code, detail: format!("{place}: {}", code.message()), item: None }
    }

    /// The code, the item, and words of our own.
    pub(super) fn because(code: RejectCode, item: &str, words: &str) -> Self {
        Self { code, detail: format!("{item} {words}"), item: Some(Box::from(item)) }
    }

    /// The payload could not be parsed. What the parser says is not passed on, because it quotes
    /// the payload.
    pub(super) fn json(error: &serde_json::Error, payload: &[u8], wrong_kind: RejectCode) -> Self {
        let said = error.to_string();
        // This message is our own: `object!` puts one of the known names into it.
        if let Some(name) = said.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
            return Self::item(RejectCode::RepeatedName, name);
        }
        let place = format!("line {} column {}", error.line(), error.column());
        if std::str::from_utf8(payload).is_err() {
            return Self::at(RejectCode::NotUtf8, &place);
        }
        if !error.is_data() {
            return Self::at(RejectCode::NotJson, &place);
        }
        match payload.trim_ascii_start().first() {
            Some(b'{') => Self::at(wrong_kind, &place),
            _ => Self::new(RejectCode::NotAnObject),
        }
    }

    /// The same fault in the codes of the feeds of whole states.
    pub(super) fn of_state(self) -> Self {
        let code = self.code.of_state();
        Self { code, detail: self.detail.replace(self.code.message(), code.message()), item: self.item }
    }

    pub(super) fn date_time(item: &str, error: TimeError) -> Self {
        let code = if error == TimeError::Offset { RejectCode::BadOffset } else { RejectCode::BadDateTime };
        Self::item(code, item)
    }

    /// A word the sender chose, shown only when it cannot be more than a word: see [`shown`].
    pub(super) fn word(code: RejectCode, word: &str) -> Self {
        Self { code, detail: format!("{}: {}", code.message(), shown(word)), item: None }
    }
}

/// A name the sender chose, fit to be shown: short, of letters, digits and `-_.`, with too few
/// digits to be anybody's number.
pub(crate) fn shown(word: &str) -> &str {
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let starts_with_letter = word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if plain && starts_with_letter && digits < 5 && word.len() <= 60 {
        word
    } else {
        "(name withheld: it may hold personal data)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parser_messages_never_quote_the_payload() {
        for payload in [
            &br#"{"id": 9990000018 x"#[..],
            br#"["9990000018"]"#,
            br#""9990000018""#,
            b"9990000018",
            b"{\"id\":\"\xff9990000018\"}",
            b"",
        ] {
            let error =
                serde_json::from_slice::<super::super::event::Envelope<'_, super::super::event::Data<'_>>>(payload)
                    .unwrap_err();
            let fault = Fault::json(&error, payload, RejectCode::WrongKind);
            assert!(!fault.detail.contains("9990000018"), "{}", fault.detail);
        }
    }

    #[test]
    fn only_plain_words_are_shown() {
        assert_eq!(shown("ucr-referral-paused-1"), "ucr-referral-paused-1");
        for hidden in ["9990000018", "Jane Doe", "a9990000018", "", &"a".repeat(61)] {
            assert!(shown(hidden).starts_with('('), "{hidden}");
        }
    }
}
