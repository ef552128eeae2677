//! Damage to bytes: flips, cuts, insertions, and extreme numbers in the place of others.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Bytes that text formats give a meaning to, and numbers that no type holds.
const TOKENS: &[&str] = &[
    "\n",
    "\r\n",
    ",",
    "\t",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    "null",
    "true",
    "NaN",
    "inf",
    "-1",
    "-0",
    "0",
    "0.5",
    "1e999",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "\u{0}",
    "\u{feff}",
    "\u{1F600}",
    "\\ud800",
    "1677-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    " ",
    "''",
];

/// One change of a file.
#[derive(Debug, Clone)]
enum Edit {
    Flip(Place, u8),
    Number(Place, Vec<u8>),
    Remove(Place, usize),
    Insert(Place, Vec<u8>),
    Replace(Place, Vec<u8>),
    Repeat(Place, usize),
    Truncate(Place),
}

/// Where: headers and footers are small, and say the most.
#[derive(Debug, Clone)]
enum Place {
    Head(usize),
    Tail(usize),
    Anywhere(Index),
    /// At a multiple of eight bytes, as numbers in binary files are.
    Aligned(Index),
}

impl Place {
    /// The position in so many bytes, at most their number.
    fn of(&self, len: usize) -> usize {
        match self {
            Self::Head(at) => (*at).min(len),
            Self::Tail(at) => len.saturating_sub(*at),
            Self::Anywhere(at) => at.index(len + 1),
            Self::Aligned(at) => at.index(len / 8 + 1) * 8,
        }
    }
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        match self {
            Self::Flip(place, mask) => {
                if let Some(byte) = bytes.get_mut(place.of(len)) {
                    *byte ^= mask;
                }
            }
            Self::Number(place, number) => {
                let at = place.of(len);
                bytes.iter_mut().skip(at).zip(number).for_each(|(byte, &new)| *byte = new);
            }
            Self::Remove(place, count) => {
                let at = place.of(len);
                bytes.drain(at..(at + count).min(len));
            }
            Self::Insert(place, new) => {
                let at = place.of(len);
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Replace(place, new) => {
                let at = place.of(len);
                let word = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte));
                let end = at + word.count();
                bytes.splice(at..end, new.iter().copied());
            }
            Self::Repeat(place, count) => {
                let at = place.of(len);
                let again = bytes[at..(at + count).min(len)].to_vec();
                bytes.splice(at..at, again);
            }
            Self::Truncate(place) => bytes.truncate(place.of(len)),
        }
    }
}

/// One of these files after a few changes, or random bytes.
pub fn damaged(files: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changed = (select(files), vec(edit(), 0..6)).prop_map(|(mut bytes, edits)| {
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        bytes
    });
    prop_oneof![15 => changed, 1 => vec(any::<u8>(), 0..512)]
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        2 => (0..96_usize).prop_map(Place::Head),
        2 => (0..700_usize).prop_map(Place::Tail),
        2 => any::<Index>().prop_map(Place::Anywhere),
        1 => any::<Index>().prop_map(Place::Aligned),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let token = || select(TOKENS).prop_map(|text| text.as_bytes().to_vec());
    let new = || prop_oneof![vec(any::<u8>(), 1..9), token()];
    prop_oneof![
        3 => (place(), 1..=u8::MAX).prop_map(|(at, mask)| Edit::Flip(at, mask)),
        4 => (place(), number()).prop_map(|(at, bytes)| Edit::Number(at, bytes)),
        1 => (place(), 1..40_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        1 => (place(), new()).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        2 => (place(), new()).prop_map(|(at, bytes)| Edit::Replace(at, bytes)),
        1 => (place(), 1..200_usize).prop_map(|(at, count)| Edit::Repeat(at, count)),
        1 => place().prop_map(Edit::Truncate),
    ]
}

/// A small or an extreme number of 1, 2, 4 or 8 bytes in either order, or as a varint.
fn number() -> impl Strategy<Value = Vec<u8>> {
    let value = |(width, extreme, small): (u32, usize, u64)| {
        let most = u64::MAX >> (64 - 8 * width);
        [0, 1, most, most - 1, most / 2, most / 2 + 1, most / 2 - 1, most.wrapping_sub(small), most / 8 + 1, small]
            [extreme]
    };
    let fixed = (select(&[1_u32, 2, 4, 8][..]), 0..10_usize, 0..5000_u64, any::<bool>());
    let fixed = fixed.prop_map(move |(width, extreme, small, swap)| {
        let mut bytes = value((width, extreme, small)).to_le_bytes()[..width as usize].to_vec();
        if swap {
            bytes.reverse();
        }
        bytes
    });
    let varint = (select(&[4_u32, 8][..]), 0..10_usize, 0..5000_u64).prop_map(move |number| {
        let (mut left, mut bytes) = (value(number), Vec::new());
        while left >= 0x80 {
            bytes.push(left as u8 | 0x80);
            left >>= 7;
        }
        bytes.push(left as u8);
        bytes
    });
    prop_oneof![3 => fixed, 1 => varint]
}
