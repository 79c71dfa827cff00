//! The demo's pool of people and who plays in a movie. A person is a number; everything about them follows from it, so
//! that they are the same in every movie without being kept anywhere.

use rand::Rng;
use rand::rngs::StdRng;

use super::catalogue::{CastMember, SITE};
use super::draw::{Purpose, one_in, pick, stream, weighted};
use super::words::{BIT_PARTS, FIRST_NAMES, LAST_NAMES};

/// How many codes there are, and the step from one person's to the next one's: without a common factor, so that nobody
/// shares one.
const CODES: u64 = 20_000_000;
const CODE_STEP: u64 = 48_271;

/// The step between one person's name and the next one's; a prime that divides the number of neither kind of name.
const NAME_STEP: u64 = 7_919;

/// Everybody who may play in the movies of one catalogue.
#[derive(Debug)]
pub(super) struct People {
    pool: u64,
    name_offset: u64,
    code_offset: u64,
}

impl People {
    /// Makes the pool for a catalogue: twice as many people as movies, of whom two in three get a role.
    pub(super) fn new(seed: u64, movie_count: u32) -> Self {
        let mut offsets = stream(seed, Purpose::Offset, 1);
        Self {
            pool: u64::from(movie_count) * 2 + 8,
            name_offset: offsets.random_range(0..name_count()),
            code_offset: offsets.random_range(0..CODES),
        }
    }

    /// Draws none to four roles; at times one person plays two of them.
    pub(super) fn cast(&self, rng: &mut StdRng) -> Vec<CastMember> {
        let count = weighted(rng, &[(4, 93), (3, 3), (2, 1), (1, 1), (0, 2)]);
        let mut persons: Vec<u64> = Vec::with_capacity(count);
        let mut cast: Vec<CastMember> = Vec::with_capacity(count);
        while cast.len() < count {
            let person = match persons.last() {
                Some(&last) if one_in(rng, 240) => last,
                _ => self.stranger_to(&persons, rng),
            };
            persons.push(person);
            let role = role(rng, &cast);
            cast.push(self.member(person, role));
        }
        cast
    }

    /// Draws somebody who is not among `persons`. The square makes low numbers common: those people are in many movies.
    fn stranger_to(&self, persons: &[u64], rng: &mut StdRng) -> u64 {
        loop {
            let draw = rng.random_range(0..self.pool);
            let person = draw * draw / self.pool;
            if !persons.contains(&person) {
                return person;
            }
        }
    }

    fn member(&self, person: u64, character_name: String) -> CastMember {
        let imdb_code = (!is_codeless(person)).then(|| format!("{:07}", self.code(person)));
        let has_image = (person * 31 + self.code_offset) % 12 < 5;
        let url_small_image = imdb_code
            .as_ref()
            .filter(|_| has_image)
            .map(|code| format!("{SITE}/assets/images/actors/thumb/nm{code}.jpg"));
        CastMember { name: self.name(person), character_name, imdb_code, url_small_image }
    }

    fn code(&self, person: u64) -> u64 {
        (person * CODE_STEP + self.code_offset) % CODES + 1
    }

    /// Returns a name nobody else has, but for namesakes. As first names run out, middle initials come in.
    fn name(&self, person: u64) -> String {
        let named_like = if is_namesake(person) { person - 1 } else { person };
        let number = (named_like % name_count() * NAME_STEP + self.name_offset) % name_count();
        let first = nth(FIRST_NAMES, number);
        let last = nth(LAST_NAMES, number / length(FIRST_NAMES));
        match named_like / name_count() {
            0 => format!("{first} {last}"),
            round => format!("{first} {} {last}", initials(round)),
        }
    }
}

/// One in a thousand is called like the person before.
fn is_namesake(person: u64) -> bool {
    person % 1000 == 977
}

/// A few have no code. Neither of two namesakes does, so that a person without a code can be told by the name.
fn is_codeless(person: u64) -> bool {
    person % 61 == 60 && !is_namesake(person) && !is_namesake(person + 1)
}

fn role(rng: &mut StdRng, taken: &[CastMember]) -> String {
    loop {
        let role = match rng.random_range(0..6) {
            0 => pick(rng, BIT_PARTS).to_owned(),
            1 => format!("Dr. {}", pick(rng, LAST_NAMES)),
            2 | 3 => pick(rng, FIRST_NAMES).to_owned(),
            _ => format!("{} {}", pick(rng, FIRST_NAMES), pick(rng, LAST_NAMES)),
        };
        if taken.iter().all(|member| member.character_name != role) {
            return role;
        }
    }
}

/// Returns "A." to "Z.", then "A. A." and so on.
fn initials(round: u64) -> String {
    let letter = char::from(b'A' + u8::try_from((round - 1) % 26).unwrap_or_default());
    match (round - 1) / 26 {
        0 => format!("{letter}."),
        before => format!("{} {letter}.", initials(before)),
    }
}

fn name_count() -> u64 {
    length(FIRST_NAMES) * length(LAST_NAMES)
}

fn nth(names: &'static [&'static str], number: u64) -> &'static str {
    let index = usize::try_from(number % length(names)).unwrap_or_default();
    names[index]
}

fn length(names: &[&str]) -> u64 {
    u64::try_from(names.len()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_repeat_only_for_namesakes_and_codes_never() {
        let people = People::new(5, 60_000);
        let names: HashSet<_> = (0..90_000).map(|person| people.name(person)).collect();
        assert_eq!(names.len(), 90_000 - 90);
        let codes: HashSet<_> = (0..90_000).map(|person| people.code(person)).collect();
        assert_eq!(codes.len(), 90_000);
    }

    #[test]
    fn one_person_plays_two_different_roles_at_times() {
        let people = People::new(5, 2000);
        let mut numbers = stream(5, Purpose::Movie, 0);
        let double_roles = (0..1000).filter(|_| {
            let cast = people.cast(&mut numbers);
            let roles: HashSet<_> = cast.iter().map(|member| &member.character_name).collect();
            assert_eq!(roles.len(), cast.len());
            cast.iter().map(|member| &member.name).collect::<HashSet<_>>().len() < cast.len()
        });
        assert!((1..100).contains(&double_roles.count()));
    }
}
