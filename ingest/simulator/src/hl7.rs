//! HL7 v2 messages, written by the place of each field, with the usual separators `|^~\&`.

/// One segment while it is written.
pub(crate) struct Segment {
    /// The name, then the fields as they will stand.
    fields: Vec<String>,
    /// Of the header, whose first field is the separator itself: 1.
    offset: usize,
}

impl Segment {
    /// The header of every message.
    pub(crate) fn header() -> Self {
        Self { fields: vec!["MSH".to_owned(), "^~\\&".to_owned()], offset: 1 }
    }

    /// Any other segment.
    pub(crate) fn new(name: &str) -> Self {
        Self { fields: vec![name.to_owned()], offset: 0 }
    }

    /// A field by its number in the standard, with one component.
    pub(crate) fn text(self, field: usize, value: &str) -> Self {
        self.repeated(field, &[&[value]])
    }

    /// The same, left empty when there is no value.
    pub(crate) fn optional(self, field: usize, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(field, value),
            None => self,
        }
    }

    /// A field with components.
    pub(crate) fn components(self, field: usize, components: &[&str]) -> Self {
        self.repeated(field, &[components])
    }

    /// A field that is repeated, each time with components.
    pub(crate) fn repeated(mut self, field: usize, repetitions: &[&[&str]]) -> Self {
        let place = field - self.offset;
        if self.fields.len() <= place {
            self.fields.resize(place + 1, String::new());
        }
        let joined = |components: &&[&str]| components.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("^");
        self.fields[place] = repetitions.iter().map(joined).collect::<Vec<_>>().join("~");
        self
    }
}

/// The segments as one message; each ends with a carriage return.
pub(crate) fn message(segments: impl IntoIterator<Item = Segment>) -> String {
    segments.into_iter().map(|segment| segment.fields.join("|") + "\r").collect()
}

/// A value in which no separator is left.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' => escaped.push_str("\\E\\"),
            '|' => escaped.push_str("\\F\\"),
            '^' => escaped.push_str("\\S\\"),
            '~' => escaped.push_str("\\R\\"),
            '&' => escaped.push_str("\\T\\"),
            '\r' => escaped.push_str("\\X0D\\"),
            '\n' => escaped.push_str("\\X0A\\"),
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_at_their_numbers_and_separators_are_escaped() {
        let written = message([
            Segment::header().text(3, "PAS").components(9, &["ADT", "A01"]),
            Segment::new("PID").text(1, "1").repeated(3, &[&["7", "", "MR"], &["a|b"]]).optional(4, None),
            Segment::new("PV1").text(3, "A&E ^~\\\r\n"),
        ]);
        let expected =
            "MSH|^~\\&|PAS||||||ADT^A01\rPID|1||7^^MR~a\\F\\b\rPV1|||A\\T\\E \\S\\\\R\\\\E\\\\X0D\\\\X0A\\\r";
        assert_eq!(written, expected);
        let fields: Vec<&str> = written.split('\r').next().unwrap().split('|').collect();
        assert_eq!((fields[2], fields[8]), ("PAS", "ADT^A01"), "MSH-1 is the separator itself");
    }
}
