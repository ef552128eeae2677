//! Generated persons: a table of any size in which some are there several times, with the errors that people and programs
//! make. Names and places have the frequencies of real ones: few are common, most are rare.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

const SYLLABLES: [&str; 36] = [
    "an", "ber", "cor", "da", "el", "fa", "gre", "ha", "il", "jo", "ka", "lin", "ma", "nor", "os", "pe", "qui", "ro",
    "sal", "ta", "ul", "ver", "wen", "xa", "yor", "zel", "bra", "chi", "dro", "fle", "gla", "kri", "mon", "pra", "ste",
    "tho",
];
const ROADS: [&str; 6] = ["street", "road", "lane", "avenue", "place", "close"];
/// What is written instead, by chance.
const SHORT: [(&str, &str); 5] = [("street", "st"), ("road", "rd"), ("avenue", "ave"), ("place", "pl"), ("lane", "ln")];
/// Rows of keys: a wrong key is one beside the right one.
const KEYS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
/// Of persons, so many in a hundred are there again, and so many live with the one before.
const AGAIN: u32 = 20;
const HOUSEHOLD: u32 = 15;
/// The most further entries of a person.
const MOST_AGAIN: u32 = 3;

/// An entry; a value that is not known is empty.
#[derive(Debug, Clone, Default)]
struct Person {
    given: String,
    surname: String,
    number: String,
    street: String,
    suburb: String,
    postcode: String,
    born: String,
    phone: String,
}

/// Words whose frequencies fall with their rank (Zipf).
struct Words(Vec<String>);

impl Words {
    fn new(many: usize, syllables: usize, rng: &mut Xoshiro256PlusPlus) -> Self {
        let word =
            |_| (0..syllables + rng.random_range(0..2)).map(|_| *SYLLABLES.choose(rng).unwrap_or(&"a")).collect();
        Self((0..many).map(word).collect())
    }

    fn draw(&self, rng: &mut Xoshiro256PlusPlus) -> usize {
        // Ranks are log-uniform, which is Zipf's law with an exponent of 1.
        let rank = (self.0.len() as f64).powf(rng.random::<f64>()) - 1.0;
        (rank as usize).min(self.0.len() - 1)
    }

    fn pick(&self, rng: &mut Xoshiro256PlusPlus) -> String {
        self.0[self.draw(rng)].clone()
    }
}

/// Writes a table of so many rows as CSV: `id`, the columns of a person, and `person`, who it is. The same seed writes the
/// same bytes.
pub fn write(path: &Path, rows: usize, seed: u64) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let rng = &mut rng;
    let places = (rows / 200).clamp(50, 10_000);
    let (given, surnames) = (Words::new(1500, 2, rng), Words::new((rows / 20).clamp(500, 60_000), 3, rng));
    let (streets, suburbs) = (Words::new(places * 2, 3, rng), Words::new(places, 2, rng));
    let mut entries: Vec<(Person, usize)> = Vec::with_capacity(rows);
    let (mut last, mut number) = (Person::default(), 0);
    while entries.len() < rows {
        let person = if number > 0 && rng.random_ratio(HOUSEHOLD, 100) {
            let (given, born) = (given.pick(rng), day(rng));
            Person { given, born, ..last.clone() }
        } else {
            let place = suburbs.draw(rng);
            Person {
                given: given.pick(rng),
                surname: surnames.pick(rng),
                number: rng.random_range(1..250).to_string(),
                street: format!("{} {}", streets.pick(rng), ROADS.choose(rng).unwrap_or(&"road")),
                suburb: suburbs.0[place].clone(),
                postcode: (1000 + place % 9000).to_string(),
                born: day(rng),
                phone: format!(
                    "0{} {:04} {:04}",
                    rng.random_range(2..9),
                    rng.random_range(0..10_000),
                    rng.random_range(0..10_000)
                ),
            }
        };
        let again = if rng.random_ratio(AGAIN, 100) { rng.random_range(1..=MOST_AGAIN) } else { 0 };
        for _ in 0..again.min((rows - entries.len()).saturating_sub(1) as u32) {
            let mut entry = person.clone();
            (0..rng.random_range(1..4)).for_each(|_| spoil(&mut entry, &streets, &suburbs, rng));
            entries.push((entry, number));
        }
        entries.push((person.clone(), number));
        (last, number) = (person, number + 1);
    }
    // The order tells nothing.
    for at in (1..entries.len()).rev() {
        entries.swap(at, rng.random_range(0..=at));
    }
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "id,given_name,surname,street_number,street,suburb,postcode,date_of_birth,phone,person")?;
    for (id, (p, person)) in entries.iter().enumerate() {
        writeln!(
            out,
            "{id},{},{},{},{},{},{},{},{},{person}",
            p.given, p.surname, p.number, p.street, p.suburb, p.postcode, p.born, p.phone
        )?;
    }
    out.flush()
}

fn day(rng: &mut Xoshiro256PlusPlus) -> String {
    format!("{}-{:02}-{:02}", rng.random_range(1930..2008), rng.random_range(1..13), rng.random_range(1..29))
}

/// One of the things that go wrong with an entry.
fn spoil(p: &mut Person, streets: &Words, suburbs: &Words, rng: &mut Xoshiro256PlusPlus) {
    match rng.random_range(0..14) {
        0 | 1 => typo(&mut p.given, rng),
        2 | 3 => typo(&mut p.surname, rng),
        4 => typo(&mut p.street, rng),
        5 => typo(&mut p.suburb, rng),
        6 => p.phone.retain(|letter| letter != ' '),
        7 => p.phone.clear(),
        8 => std::mem::swap(&mut p.given, &mut p.surname),
        9 => p.given.truncate(1),
        10 => {
            // Somebody has moved.
            let place = suburbs.draw(rng);
            (p.suburb, p.postcode) = (suburbs.0[place].clone(), (1000 + place % 9000).to_string());
            p.street = format!("{} {}", streets.pick(rng), ROADS.choose(rng).unwrap_or(&"road"));
            p.number = rng.random_range(1..250).to_string();
        }
        11 => SHORT.iter().for_each(|(long, short)| p.street = p.street.replace(long, short)),
        12 => p.born.clear(),
        _ => digit(&mut p.born, rng),
    }
}

/// A letter is left out, doubled, swapped with the next one, or one beside it on the keyboard.
fn typo(text: &mut String, rng: &mut Xoshiro256PlusPlus) {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return;
    }
    let at = rng.random_range(0..letters.len() - 1);
    match rng.random_range(0..4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters.swap(at, at + 1),
        _ => {
            let row = KEYS.iter().find(|row| row.contains(letters[at]));
            let place = row.and_then(|row| row.find(letters[at]).map(|place| (row, place)));
            if let Some((row, place)) = place {
                let beside = if place == 0 { 1 } else { place - 1 };
                letters[at] = row.as_bytes()[beside].into();
            }
        }
    }
    *text = letters.into_iter().collect();
}

/// Another digit somewhere.
fn digit(text: &mut String, rng: &mut Xoshiro256PlusPlus) {
    let places: Vec<usize> =
        text.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).map(|(at, _)| at).collect();
    if let Some(&at) = places.choose(rng) {
        text.replace_range(at..=at, &rng.random_range(1..3).to_string());
    }
}
