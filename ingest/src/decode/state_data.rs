//! The JSON shape of the `data` of a whole state, as the contract's items say it.

use std::fmt;

use homeward_contract::state::StateItem;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::extra::Extra;
use super::scalar::{Key, Scalar};

/// Stands before the names of the items that are members of `person`.
const PERSON: &str = "person.";

/// The values of one event: one for each item of its feed, and the fields that are none.
#[derive(Debug, Default)]
pub(super) struct StateData<'a> {
    pub(super) values: Vec<Scalar<'a>>,
    pub(super) extra: Extra<'a>,
}

impl<'a> StateData<'a> {
    /// Parses the text of `data`.
    pub(super) fn parse(items: &'static [StateItem], json: &'a str) -> Result<Self, serde_json::Error> {
        let mut data = StateData { values: vec![Scalar::Null; items.len()], extra: Extra::default() };
        let mut parser = serde_json::Deserializer::from_str(json);
        Object { items, data: &mut data, is_person: false }.deserialize(&mut parser)?;
        Ok(data)
    }
}

/// One of the two objects: `data`, or `person` within it.
struct Object<'v, 'a> {
    items: &'static [StateItem],
    data: &'v mut StateData<'a>,
    is_person: bool,
}

impl Object<'_, '_> {
    /// The item that is this member of this object.
    fn place(&self, member: &str) -> Option<usize> {
        self.items.iter().position(|item| match (self.is_person, item.name.strip_prefix(PERSON)) {
            (true, Some(name)) => name == member,
            (false, None) => item.name == member,
            _ => false,
        })
    }

    fn has_person(&self) -> bool {
        !self.is_person && self.items.iter().any(|item| item.name.starts_with(PERSON))
    }
}

impl<'a> DeserializeSeed<'a> for Object<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        // The person may be null; data may not, which the envelope has seen to.
        if self.is_person { deserializer.deserialize_option(self) } else { deserializer.deserialize_map(self) }
    }
}

impl<'a> Visitor<'a> for Object<'_, 'a> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let (has_person, mut seen_person) = (self.has_person(), false);
        while let Some(Key(key)) = map.next_key()? {
            if let Some(place) = self.place(&key) {
                if !self.data.values[place].is_null() {
                    return Err(A::Error::duplicate_field(self.items[place].name));
                }
                self.data.values[place] = map.next_value()?;
            } else if has_person && key == "person" {
                if std::mem::replace(&mut seen_person, true) {
                    return Err(A::Error::duplicate_field("person"));
                }
                map.next_value_seed(Object { items: self.items, data: &mut *self.data, is_person: true })?;
            } else {
                let prefix = if self.is_person { "data.person." } else { "data." };
                self.data.extra.keep(prefix, key, map.next_value()?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeward_contract::feed::Feed;
    use homeward_contract::state::items;

    fn value<'a>(data: &StateData<'a>, feed: Feed, name: &str) -> Scalar<'a> {
        data.values[items(feed).iter().position(|item| item.name == name).unwrap()].clone()
    }

    #[test]
    fn members_find_their_items_and_the_rest_is_extra() {
        let json = r#"{"segment":1,"person":{"ageYears":79,"sex":"2","spell_id":"P","nhsNumber":null},"note":"x","practice":"L1",
            "spell_id":"S"}"#;
        let data = StateData::parse(items(Feed::Spell), json).unwrap();
        assert_eq!(value(&data, Feed::Spell, "segment"), Scalar::Integer(1));
        assert_eq!(value(&data, Feed::Spell, "person.ageYears"), Scalar::Integer(79));
        assert_eq!(value(&data, Feed::Spell, "spell_id"), Scalar::Text("S".into()), "not the person's");
        assert_eq!(value(&data, Feed::Spell, "person.practice"), Scalar::Null, "not the spell's");
        assert!(data.extra.dropped_identifier());
        assert_eq!(
            data.extra.to_json().unwrap().unwrap(),
            r#"{"data.person.sex":"2","data.person.spell_id":"P","data.practice":"L1"}"#
        );
        // A feed without a person keeps what it does not know.
        let data = StateData::parse(items(Feed::VwCapacity), r#"{"person":{"sex":"2"}}"#).unwrap();
        assert_eq!(data.extra.to_json().unwrap().unwrap(), r#"{"data.person":{"sex":"2"}}"#);
    }

    #[test]
    fn a_member_given_twice_is_refused() {
        for (json, name) in [
            (r#"{"status":"open","status":"closed"}"#, "status"),
            (r#"{"person":{"lsoa":"E1","lsoa":"E2"}}"#, "person.lsoa"),
            (r#"{"person":{},"person":null}"#, "person"),
        ] {
            let error = StateData::parse(items(Feed::Spell), json).unwrap_err();
            assert!(error.to_string().starts_with(&format!("duplicate field `{name}`")), "{error}");
        }
    }
}
