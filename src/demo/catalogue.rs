//! The demo catalogue as plain data: what the demo API knows of each movie, torrent and person.
//! Nothing of JSON or HTTP; how the values are drawn is in `generator`, `torrents` and `people`.

use super::generator::Generator;

/// The host in every address of the catalogue: a reserved name, so that nothing here leads to a real server.
pub(super) const SITE: &str = "https://yts.example";

/// One movie as the API would give it; `None` where the API leaves the key out or sends null.
#[derive(Clone, Debug, PartialEq)]
pub struct Movie {
    /// The API's id: sparse, and only nearly in the order of the dates.
    pub id: u32,
    /// "tt" and 7 or 8 digits; two pairs of movies share theirs.
    pub imdb_code: String,
    /// The title, sent as `title_english` too; null for a few.
    pub title: Option<String>,
    /// The title and the year in brackets; " (2012)" without a title.
    pub title_long: String,
    /// Title and year for addresses; repeated only within positions (2k, 2k+1) of the default order.
    pub slug: String,
    /// The year of release, 0 where unknown.
    pub year: u16,
    /// The rating from 0 to 10, 0 where unknown; the key is absent for some.
    pub rating: Option<f64>,
    /// The length in minutes, 0 where unknown; the key is absent for some.
    pub runtime: Option<u32>,
    /// One to four genres; empty where the key is absent.
    pub genres: Vec<&'static str>,
    /// Sent as `summary`, `description_full` and `synopsis`; empty for some.
    pub description: String,
    /// The first sentence of the description, in details only.
    pub description_intro: String,
    /// Mostly empty.
    pub yt_trailer_code: String,
    /// A code or a name ("en", "English"), null for some.
    pub language: Option<&'static str>,
    /// Mostly empty.
    pub mpa_rating: &'static str,
    /// In details only.
    pub like_count: u32,
    /// Orders the list on request; today's API does not send it.
    pub download_count: u32,
    /// One to eight torrents; empty where the key is absent.
    pub torrents: Vec<Torrent>,
    /// None to four roles, in details on request; empty where the key is absent.
    pub cast: Vec<CastMember>,
    /// `date_uploaded_unix`, seconds of UTC; no two movies have the same.
    pub uploaded_at: i64,
}

impl Movie {
    /// Returns the movie's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{SITE}/movies/{}", self.slug)
    }

    /// Returns the address of one of the movie's images, such as `background` or `small-cover`.
    #[must_use]
    pub fn image_url(&self, image: &str) -> String {
        format!("{SITE}/assets/images/movies/{}/{image}.jpg", self.slug.replace('-', "_"))
    }
}

/// One torrent of a movie; `None` where the keys are absent, as in old uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torrent {
    /// 40 upper-case hex digits, unique in the catalogue.
    pub hash: String,
    /// "480p", "720p", "1080p", "2160p" or "3D".
    pub quality: &'static str,
    /// `type`: "bluray" or "web".
    pub release_type: Option<&'static str>,
    /// "0", "1" or "".
    pub is_repack: Option<&'static str>,
    /// "x264" or "x265".
    pub video_codec: Option<&'static str>,
    /// "8" or "10".
    pub bit_depth: Option<&'static str>,
    /// "2.0", "5.1" or "7.1".
    pub audio_channels: Option<&'static str>,
    /// 0 to 100, where the API clamps it.
    pub seeds: u32,
    /// The number of peers.
    pub peers: u32,
    /// The size as text, such as "1.49 GB".
    pub size: String,
    /// The size in bytes.
    pub size_bytes: u64,
    /// `date_uploaded_unix`, seconds of UTC.
    pub uploaded_at: i64,
}

impl Torrent {
    /// Returns the torrent's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{SITE}/torrent/download/{}", self.hash)
    }
}

/// One role in a movie and who plays it. A person's name, code and image are the same in every movie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CastMember {
    /// The person's name; one in a thousand has a namesake with another code.
    pub name: String,
    /// The role.
    pub character_name: String,
    /// At least seven digits; absent for a few, whose names nobody else has.
    pub imdb_code: Option<String>,
    /// Absent for most.
    pub url_small_image: Option<String>,
}

/// A catalogue of movies, drawn from a seed: the same seed and count give the same catalogue.
#[derive(Debug)]
pub struct Catalogue {
    generator: Generator,
    movies: Vec<Movie>,
}

impl Catalogue {
    /// Draws a catalogue of `count` movies.
    #[must_use]
    pub fn generate(seed: u64, count: u32) -> Self {
        let mut generator = Generator::new(seed, count);
        let movies = (0..count).map(|_| generator.next_movie()).collect();
        Self { generator, movies }
    }

    /// Returns the movies, the oldest first: the reverse of the API's default order.
    #[must_use]
    pub fn movies(&self) -> &[Movie] {
        &self.movies
    }

    /// Adds the movie that a server of this catalogue inserts next (`demo::Faults::insert`).
    pub fn grow(&mut self) {
        self.movies.push(self.generator.next_movie());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_catalogue_and_another_seed_another() {
        let catalogue = Catalogue::generate(7, 300);
        assert_eq!(catalogue.movies(), Catalogue::generate(7, 300).movies());
        assert_ne!(catalogue.movies(), Catalogue::generate(8, 300).movies());
    }

    #[test]
    fn ids_and_hashes_are_unique_and_ids_are_as_sparse_as_the_real_ones() {
        let catalogue = Catalogue::generate(1, 4000);
        let ids: HashSet<u32> = catalogue.movies().iter().map(|movie| movie.id).collect();
        assert_eq!(ids.len(), 4000);
        let newest = ids.into_iter().max().unwrap();
        assert!((4056..=4084).contains(&newest), "newest id {newest}");
        let torrents: Vec<_> = catalogue.movies().iter().flat_map(|movie| &movie.torrents).collect();
        let hashes: HashSet<_> = torrents.iter().map(|torrent| &torrent.hash).collect();
        assert_eq!(hashes.len(), torrents.len());
    }

    #[test]
    fn slugs_repeat_only_within_an_even_pair_of_the_default_order() {
        for count in [4000, 4001] {
            let catalogue = Catalogue::generate(3, count);
            let mut positions: HashMap<&str, Vec<usize>> = HashMap::new();
            for (position, movie) in catalogue.movies().iter().rev().enumerate() {
                positions.entry(&movie.slug).or_default().push(position);
            }
            let repeated: Vec<_> = positions.into_values().filter(|places| places.len() > 1).collect();
            assert!(repeated.len() >= 2, "{repeated:?}");
            for places in repeated {
                assert!(places.len() == 2 && places[0] % 2 == 0 && places[1] == places[0] + 1, "{places:?}");
            }
        }
    }

    #[test]
    fn exactly_two_imdb_codes_stand_twice() {
        let catalogue = Catalogue::generate(3, 4000);
        let codes: HashSet<_> = catalogue.movies().iter().map(|movie| &movie.imdb_code).collect();
        assert_eq!(codes.len(), 3998);
    }

    #[test]
    fn every_oddity_of_the_real_api_occurs() {
        let catalogue = Catalogue::generate(1, 4000);
        let movies = catalogue.movies();
        let occurs = |odd: fn(&Movie) -> bool| movies.iter().filter(|movie| odd(movie)).count();
        assert_eq!(occurs(|movie| movie.title.is_none()), 4);
        assert!(occurs(|movie| movie.rating.is_none() && movie.runtime.is_none()) > 10);
        assert!(occurs(|movie| movie.rating == Some(0.0)) > 10);
        assert!(occurs(|movie| movie.runtime == Some(0)) > 10);
        assert!(occurs(|movie| movie.year == 0) > 2);
        assert!(occurs(|movie| movie.genres.is_empty()) > 10);
        assert!(occurs(|movie| movie.description.is_empty()) > 10);
        assert!(occurs(|movie| movie.language.is_none()) > 10);
        assert!(occurs(|movie| movie.torrents.is_empty()) > 10);
        assert!(occurs(|movie| movie.torrents.iter().any(|torrent| torrent.release_type.is_none())) > 10);
        assert!(occurs(|movie| movie.cast.is_empty()) > 10);
        assert!(occurs(|movie| movie.cast.iter().any(|member| member.imdb_code.is_none())) > 10);
        assert!(occurs(|movie| !movie.title_long.is_ascii()) > 100);
    }

    #[test]
    fn averages_are_near_those_of_the_real_catalogue() {
        let catalogue = Catalogue::generate(1, 20_000);
        let sum = |size: fn(&Movie) -> usize| catalogue.movies().iter().map(size).sum::<usize>();
        assert!((60_000..66_000).contains(&sum(|movie| movie.torrents.len())));
        assert!((44_000..48_000).contains(&sum(|movie| movie.genres.len())));
        assert!((75_000..79_000).contains(&sum(|movie| movie.cast.len())));
        let people: HashSet<_> = catalogue
            .movies()
            .iter()
            .flat_map(|movie| &movie.cast)
            .map(|member| (&member.name, &member.imdb_code))
            .collect();
        assert!((23_000..27_000).contains(&people.len()), "{} people", people.len());
        let genres: HashSet<_> = catalogue.movies().iter().flat_map(|movie| &movie.genres).collect();
        assert_eq!(genres.len(), 25);
    }

    #[test]
    fn a_person_is_the_same_in_every_movie() {
        let catalogue = Catalogue::generate(1, 4000);
        let mut people: HashMap<Option<&str>, (&str, Option<&str>)> = HashMap::new();
        let mut codeless_names = HashSet::new();
        let members = catalogue.movies().iter().flat_map(|movie| &movie.cast);
        for member in members.clone() {
            let person = (member.name.as_str(), member.url_small_image.as_deref());
            match member.imdb_code.as_deref() {
                Some(code) => assert_eq!(*people.entry(Some(code)).or_insert(person), person),
                None => _ = codeless_names.insert(member.name.as_str()),
            }
        }
        assert!(
            members.filter(|member| member.imdb_code.is_some()).all(|member| !codeless_names.contains(&*member.name))
        );
    }
}
