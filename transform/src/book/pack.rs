//! What is known of a referral or a person as few bytes, and back: the form in which the book keeps what it does not
//! look at. Only this process reads what it wrote, so there is no version and no error.
//!
//! A text that the book shares is a number here, and so is one that the same record holds already.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::NaiveDate;

use super::Map;
use super::clock::Area;
use super::contacts::Manner;
use super::read::{Interner, date_of};

/// What packed values leave out because many of them have it.
#[derive(Default)]
pub struct Shared {
    /// Texts.
    pub texts: Interner,
    areas: Numbered<Area>,
    manners: Numbered<Manner>,
}

/// More than this are written out: hostile data must not grow the table for ever.
const NUMBERED_MAX: usize = 65_536;

/// Values that were packed before, by their numbers.
struct Numbered<T> {
    held: Vec<Arc<T>>,
    numbers: Map<Arc<T>, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { held: Vec::new(), numbers: Map::default() }
    }
}

impl<T: Hash + Eq> Numbered<T> {
    fn number(&mut self, value: &Arc<T>) -> Option<u32> {
        if let Some(number) = self.numbers.get(value) {
            return Some(*number);
        }
        let number = u32::try_from(self.held.len()).ok().filter(|_| self.held.len() < NUMBERED_MAX)?;
        self.held.push(Arc::clone(value));
        self.numbers.insert(Arc::clone(value), number);
        Some(number)
    }
}

/// Writes one record.
pub struct Packer<'a> {
    bytes: &'a mut Vec<u8>,
    shared: &'a mut Shared,
    own: Vec<Arc<str>>,
}

/// Reads one record.
pub struct Unpacker<'a> {
    rest: &'a [u8],
    shared: &'a Shared,
    own: Vec<Arc<str>>,
}

/// A value that can be packed.
pub trait Pack: Sized {
    /// Writes the value.
    fn pack(&self, to: &mut Packer<'_>);
    /// Reads what [`Pack::pack`] wrote.
    fn unpack(from: &mut Unpacker<'_>) -> Self;
}

/// Appends a record to `bytes`.
pub fn pack<T: Pack>(value: &T, shared: &mut Shared, bytes: &mut Vec<u8>) {
    value.pack(&mut Packer { bytes, shared, own: Vec::new() });
}

/// The record that these bytes begin with.
pub fn unpack<T: Pack>(bytes: &[u8], shared: &Shared) -> T {
    T::unpack(&mut Unpacker { rest: bytes, shared, own: Vec::new() })
}

impl Packer<'_> {
    /// Seven bits a byte, the lowest first.
    fn whole(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    fn length(&mut self, length: usize) {
        self.whole(length as u64);
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

impl<'a> Unpacker<'a> {
    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn whole(&mut self) -> u64 {
        let mut number = 0;
        for (place, byte) in self.rest.iter().enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[place + 1..];
                break;
            }
        }
        number
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was a length in this process")]
    fn length(&mut self) -> usize {
        self.whole() as usize
    }

    fn text(&mut self) -> &'a str {
        let length = self.length();
        str::from_utf8(self.take(length)).unwrap_or_default()
    }
}

macro_rules! pack_whole {
    ($($number:ty),*) => {$(
        impl Pack for $number {
            fn pack(&self, to: &mut Packer<'_>) {
                to.whole(u64::from(*self));
            }
            fn unpack(from: &mut Unpacker<'_>) -> Self {
                #[expect(clippy::cast_possible_truncation, reason = "it was such a number in this process")]
                let number = from.whole() as $number;
                number
            }
        }
    )*};
}

pack_whole!(u8, u32);

impl Pack for NonZeroU32 {
    fn pack(&self, to: &mut Packer<'_>) {
        self.get().pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self::new(u32::unpack(from)).unwrap_or(Self::MIN)
    }
}

impl Pack for i64 {
    /// Small numbers of either sign are short.
    fn pack(&self, to: &mut Packer<'_>) {
        to.whole((self << 1 ^ self >> 63).cast_unsigned());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = from.whole();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }
}

impl Pack for i32 {
    fn pack(&self, to: &mut Packer<'_>) {
        i64::from(*self).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "it was such a number in this process")]
        let number = i64::unpack(from) as i32;
        number
    }
}

impl Pack for u64 {
    /// Hashes: eight bytes each.
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(from.take(8));
        Self::from_le_bytes(bytes)
    }
}

impl Pack for u128 {
    /// Random ids: sixteen bytes each.
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(from.take(16));
        Self::from_le_bytes(bytes)
    }
}

impl Pack for bool {
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes.push(u8::from(*self));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        u8::unpack(from) != 0
    }
}

impl Pack for NaiveDate {
    fn pack(&self, to: &mut Packer<'_>) {
        self.signed_duration_since(Self::default()).num_days().pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        date_of(i32::unpack(from))
    }
}

impl Pack for Arc<str> {
    /// An odd number is that of a shared text, an even one that of a text of this record; 0 goes before a new one.
    fn pack(&self, to: &mut Packer<'_>) {
        if let Some(place) = to.own.iter().position(|held| held == self) {
            to.whole((place as u64 + 1) << 1);
        } else if let Some(number) = to.shared.texts.number(self) {
            to.whole(u64::from(number) << 1 | 1);
        } else {
            to.whole(0);
            to.text(self);
            to.own.push(Arc::clone(self));
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = from.length();
        match (number, number & 1) {
            (0, _) => {
                let text: Self = Self::from(from.text());
                from.own.push(Self::clone(&text));
                text
            }
            (_, 0) => Self::clone(&from.own[(number >> 1) - 1]),
            _ => from.shared.texts.text(number >> 1),
        }
    }
}

impl Pack for Box<str> {
    fn pack(&self, to: &mut Packer<'_>) {
        to.text(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self::from(from.text())
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        self.is_some().pack(to);
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        bool::unpack(from).then(|| T::unpack(from))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        to.length(self.len());
        self.iter().for_each(|value| value.pack(to));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let length = from.length();
        (0..length).map(|_| T::unpack(from)).collect()
    }
}

impl<T: Pack> Pack for Box<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        (**self).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self::new(T::unpack(from))
    }
}

impl<T: Pack> Pack for [T; 2] {
    fn pack(&self, to: &mut Packer<'_>) {
        self.iter().for_each(|value| value.pack(to));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        [T::unpack(from), T::unpack(from)]
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, to: &mut Packer<'_>) {
        self.0.pack(to);
        self.1.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (A::unpack(from), B::unpack(from))
    }
}

impl<A: Pack, B: Pack, C: Pack> Pack for (A, B, C) {
    fn pack(&self, to: &mut Packer<'_>) {
        self.0.pack(to);
        self.1.pack(to);
        self.2.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (A::unpack(from), B::unpack(from), C::unpack(from))
    }
}

/// A value that others share: its number, or 0 and the value.
macro_rules! pack_numbered {
    ($($type:ident $table:ident),*) => {$(
        impl Pack for Arc<$type> {
            fn pack(&self, to: &mut Packer<'_>) {
                match to.shared.$table.number(self) {
                    Some(number) => to.whole(u64::from(number) + 1),
                    None => {
                        to.whole(0);
                        $type::pack(self, to);
                    }
                }
            }

            fn unpack(from: &mut Unpacker<'_>) -> Self {
                match from.length() {
                    0 => Self::new($type::unpack(from)),
                    number => Self::clone(&from.shared.$table.held[number - 1]),
                }
            }
        }
    )*};
}

pack_numbered!(Area areas, Manner manners);

/// Packs a struct field by field.
macro_rules! pack_fields {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::book::pack::Pack for $type {
            fn pack(&self, to: &mut $crate::book::pack::Packer<'_>) {
                $(self.$field.pack(to);)+
            }

            fn unpack(from: &mut $crate::book::pack::Unpacker<'_>) -> Self {
                Self { $($field: $crate::book::pack::Pack::unpack(from)),+ }
            }
        }
    };
}

/// Packs an enum of variants that hold one value each, by their numbers.
macro_rules! pack_variants {
    ($type:ident { $($number:literal $variant:ident),+ $(,)? }) => {
        impl $crate::book::pack::Pack for $type {
            fn pack(&self, to: &mut $crate::book::pack::Packer<'_>) {
                match self {
                    $(Self::$variant(value) => {
                        <u8 as $crate::book::pack::Pack>::pack(&$number, to);
                        value.pack(to);
                    })+
                }
            }

            fn unpack(from: &mut $crate::book::pack::Unpacker<'_>) -> Self {
                match <u8 as $crate::book::pack::Pack>::unpack(from) {
                    $($number => Self::$variant($crate::book::pack::Pack::unpack(from)),)+
                    other => unreachable!("packed by this process: variant {other}"),
                }
            }
        }
    };
}

/// Packs an enum of plain variants, by their place in a list of all.
macro_rules! pack_words {
    ($type:ident { $first:ident $(, $variant:ident)* }) => {
        impl $crate::book::pack::Pack for $type {
            fn pack(&self, to: &mut $crate::book::pack::Packer<'_>) {
                (*self as u8).pack(to);
            }

            fn unpack(from: &mut $crate::book::pack::Unpacker<'_>) -> Self {
                let number = <u8 as $crate::book::pack::Pack>::unpack(from);
                let all = [Self::$first $(, Self::$variant)*];
                all.into_iter().find(|variant| *variant as u8 == number).unwrap_or(Self::$first)
            }
        }
    };
}

pub(crate) use {pack_fields, pack_variants, pack_words};

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<T: Pack + PartialEq + std::fmt::Debug>(value: &T) {
        let mut shared = Shared::default();
        shared.texts.share("RH8");
        let mut bytes = Vec::new();
        pack(value, &mut shared, &mut bytes);
        assert_eq!(&unpack::<T>(&bytes, &shared), value);
    }

    #[test]
    fn values_come_back_as_they_were() {
        for number in [0, 1, -1, 63, -64, 64, 1_700_000_000_000_000, i64::MAX, i64::MIN] {
            there_and_back(&number);
            there_and_back(&Some((number, vec![number; 3])));
        }
        there_and_back(&[i32::MIN, -1, 0, i32::MAX].to_vec());
        there_and_back(&vec![Some(0_u32), None, Some(u32::MAX)]);
        there_and_back(&(u64::MAX, u128::MAX, true));
        let texts = ["RH8", "SRI-000912345", "", "SRI-000912345", "é", "RH8"];
        there_and_back(&texts.map(Arc::<str>::from).to_vec());
        there_and_back(&texts.map(Box::<str>::from).to_vec());
        there_and_back(&[date_of(-700_000), date_of(0), date_of(20_000)].to_vec());
    }

    /// Shared texts, areas and manners are the very ones again, and a text that a record repeats is held once.
    #[test]
    fn what_was_shared_is_shared_again() {
        let mut shared = Shared::default();
        let provider = shared.texts.share("RH8");
        let area = Arc::new(Area { icb: Some(Arc::from("QJK")), ..Area::default() });
        let id: Arc<str> = Arc::from("SRI-000912345");
        let mut bytes = Vec::new();
        pack(&(vec![Arc::clone(&provider), Arc::clone(&id), id], Arc::clone(&area)), &mut shared, &mut bytes);
        let (texts, back): (Vec<Arc<str>>, Arc<Area>) = unpack(&bytes, &shared);
        assert!(Arc::ptr_eq(&texts[0], &provider) && Arc::ptr_eq(&texts[1], &texts[2]) && Arc::ptr_eq(&back, &area));
        assert_eq!(bytes.len(), 1 + 1 + (1 + 1 + 13) + 1 + 1);
    }
}
