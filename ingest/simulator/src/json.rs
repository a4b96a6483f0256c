//! A JSON object written in the order of its calls: `serde_json`'s maps would sort the keys of an event.

/// The text of one JSON object while it is written.
pub(crate) struct Object {
    text: String,
}

impl Object {
    /// An empty object.
    pub(crate) fn new() -> Self {
        Self { text: String::from("{") }
    }

    fn key(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push_str(&quoted(name));
        self.text.push(':');
    }

    /// A text field.
    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.key(name);
        self.text.push_str(&quoted(value));
        self
    }

    /// A text field, `null` when there is none.
    pub(crate) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, "null"),
        }
    }

    /// A field whose value is JSON already: a number, a truth value, an object.
    pub(crate) fn raw(mut self, name: &str, value: &str) -> Self {
        self.key(name);
        self.text.push_str(value);
        self
    }

    /// The finished object.
    pub(crate) fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

/// `text` as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_text_is_escaped() {
        let json = Object::new().text("b", "say \"hi\"").optional("a", None).raw("c", "3").finish();
        assert_eq!(json, r#"{"b":"say \"hi\"","a":null,"c":3}"#);
    }
}
