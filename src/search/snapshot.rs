//! What search keeps of the catalogue in memory, as it was at one state of the database; another state, another snapshot.
//!
//! Titles are read at once; which movies have a word is read when the word is first asked for, vectors when first
//! needed. Movies are numbered by their place in order of the source's ids, so that ties fall alike on every database.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use super::Error;
use super::matrix::Matrix;
use super::question::Term;
use super::spelling::{allowed_errors, distance};
use super::words::{fold, is_in_word, is_stop_word, words};
use crate::store::{Filter, Store, Titles, WordQuery};

/// The most words that are kept; more than any session asks for.
const MAX_KEPT: usize = 2_000;
/// The most filters that are kept.
const MAX_FILTERS: usize = 64;
/// The most corrections of one word that are tried.
const MAX_CORRECTIONS: usize = 4;

/// Movies by their places, ascending.
type Places = Arc<Vec<u32>>;

/// Where a word occurs.
#[derive(Clone, Debug, Default)]
pub(super) struct Occurrences {
    /// In title or description.
    pub(super) texts: Places,
    /// In titles.
    pub(super) titles: Places,
    /// In names of the cast.
    pub(super) cast: Places,
    /// In names of genres.
    pub(super) genres: Places,
}

/// A genre.
#[derive(Debug)]
struct Genre {
    id: i32,
    /// Those of its name.
    words: Vec<String>,
    /// Its movies, read when it is first asked for.
    movies: OnceCell<Places>,
}

/// The catalogue at one state.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) state: String,
    store: Store,
    /// Our ids, by place.
    ids: Vec<i64>,
    /// Folded titles, by place.
    titles: Vec<Vec<String>>,
    places: HashMap<i64, u32>,
    /// Where each word of a title occurs.
    title_words: HashMap<String, Vec<u32>>,
    genres: Vec<Genre>,
    kept: Mutex<HashMap<WordQuery, (Places, Places)>>,
    matrix: OnceCell<Matrix>,
    /// Filters asked last, and the movies that they leave.
    passed: Mutex<Vec<(Filter, Arc<Vec<bool>>)>>,
}

impl Snapshot {
    /// Reads what is needed at once: the vectors of a model, too, where one is named with its dimension, and where the
    /// words of a question stand.
    pub(super) async fn read(
        store: &Store,
        state: String,
        vectors: Option<(String, usize)>,
        words_of_question: Vec<WordQuery>,
    ) -> Result<Self, Error> {
        let without_vectors = async {
            let all = store.all_titles().await?;
            let genre = |(id, name): (i32, String)| Genre { id, words: words(&name), movies: OnceCell::new() };
            let genres = store.genre_list().await?.into_iter().map(genre).collect();
            Ok::<_, Error>(Self::new(store.clone(), state, all, genres))
        };
        let packed = async {
            match &vectors {
                Some((model, dimension)) => Ok(store.packed_vectors(model, *dimension).await?),
                None => Ok(Vec::new()),
            }
        };
        let found = async { Ok(store.movies_with(&words_of_question).await?) };
        let (mut snapshot, packed, found) = tokio::try_join!(without_vectors, packed, found)?;
        snapshot.keep(words_of_question, found).await;
        if let Some((_, dimension)) = vectors {
            snapshot.matrix = OnceCell::new_with(Some(Matrix::new(dimension, packed, |id| snapshot.place(id))));
        }
        Ok(snapshot)
    }

    fn new(store: Store, state: String, all: Vec<Titles>, genres: Vec<Genre>) -> Self {
        let ids: Vec<i64> = all.iter().map(|titles| titles.id).collect();
        let places = ids.iter().zip(0..).map(|(&id, place)| (id, place)).collect();
        let folded = |titles: Vec<String>| titles.iter().map(|title| fold(title).into_owned()).collect();
        let titles: Vec<Vec<String>> = all.into_iter().map(|titles| folded(titles.all)).collect();
        let title_words = index(&titles);
        let (kept, matrix, passed) = (Mutex::default(), OnceCell::new(), Mutex::default());
        Self { state, store, ids, titles, places, title_words, genres, kept, matrix, passed }
    }

    /// How many movies there are.
    pub(super) fn count(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn id(&self, place: u32) -> i64 {
        self.ids[place as usize]
    }

    pub(super) fn place(&self, id: i64) -> Option<u32> {
        self.places.get(&id).copied()
    }

    /// Returns the places of those movies that the source lists, ascending.
    pub(super) fn places(&self, ids: &[i64]) -> Vec<u32> {
        let mut places: Vec<u32> = ids.iter().filter_map(|&id| self.place(id)).collect();
        places.sort_unstable();
        places
    }

    /// Returns the folded titles of a movie.
    pub(super) fn titles(&self, place: u32) -> &[String] {
        &self.titles[place as usize]
    }

    /// Returns the movies whose titles have all of these words.
    pub(super) fn titled(&self, wanted: &[String]) -> Vec<u32> {
        let mut lists: Vec<&Vec<u32>> = Vec::new();
        for word in wanted {
            let Some(list) = self.title_words.get(word) else { return Vec::new() };
            lists.push(list);
        }
        lists.sort_unstable_by_key(|list| list.len());
        let Some((first, others)) = lists.split_first() else { return Vec::new() };
        first.iter().copied().filter(|place| others.iter().all(|list| list.binary_search(place).is_ok())).collect()
    }

    /// Returns where each word of a question occurs.
    pub(super) async fn occurrences(&self, terms: &[Term]) -> Result<Vec<Occurrences>, Error> {
        let queries: Vec<WordQuery> = terms.iter().map(Term::query).collect();
        let read = self.read_once(&queries).await?;
        let mut occurrences = Vec::with_capacity(terms.len());
        for ((term, query), (texts, cast)) in terms.iter().zip(&queries).zip(read) {
            let (titles, genres) = (Arc::new(self.in_titles(term, query)), Arc::new(self.in_genres(term).await?));
            occurrences.push(Occurrences { texts, titles, cast, genres });
        }
        Ok(occurrences)
    }

    fn in_titles(&self, term: &Term, query: &WordQuery) -> Vec<u32> {
        match query {
            WordQuery::AnyOf(forms) => {
                union(forms.iter().filter_map(|form| self.title_words.get(form)).map(Vec::as_slice))
            }
            WordQuery::Prefix(_) | WordQuery::Phrase(_) => {
                union(self.title_words.iter().filter(|(word, _)| term.is_in(word)).map(|(_, places)| places.as_slice()))
            }
        }
    }

    async fn in_genres(&self, term: &Term) -> Result<Vec<u32>, Error> {
        let mut lists = Vec::new();
        for genre in self.genres.iter().filter(|genre| genre.words.iter().any(|word| term.is_in(word))) {
            let read = async || Ok::<_, Error>(Arc::new(self.places(&self.store.movies_with_genre(genre.id).await?)));
            lists.push(genre.movies.get_or_try_init(read).await?.as_slice());
        }
        Ok(union(lists))
    }

    /// Returns for each phrase the movies with it in title, description or cast.
    pub(super) async fn with_phrases(&self, phrases: &[WordQuery]) -> Result<Vec<Vec<u32>>, Error> {
        let read = self.read_once(phrases).await?;
        Ok(read.iter().map(|(texts, cast)| union([texts.as_slice(), cast.as_slice()])).collect())
    }

    /// Returns where these stand, from memory as far as they were asked for before.
    async fn read_once(&self, queries: &[WordQuery]) -> Result<Vec<(Places, Places)>, Error> {
        let known: Vec<Option<(Places, Places)>> = {
            let kept = self.kept.lock().await;
            queries.iter().map(|query| kept.get(query).cloned()).collect()
        };
        let asked = queries.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(query, _)| query.clone());
        let new: Vec<WordQuery> = asked.collect();
        let found = self.store.movies_with(&new).await?;
        let mut found = self.keep(new, found).await.into_iter();
        Ok(known.into_iter().filter_map(|known| known.or_else(|| found.next())).collect())
    }

    /// Keeps where these stand, and returns it.
    async fn keep(&self, queries: Vec<WordQuery>, found: Vec<(Vec<i64>, Vec<i64>)>) -> Vec<(Places, Places)> {
        let placed =
            |(texts, cast): (Vec<i64>, Vec<i64>)| (Arc::new(self.places(&texts)), Arc::new(self.places(&cast)));
        let found: Vec<(Places, Places)> = found.into_iter().map(placed).collect();
        let mut kept = self.kept.lock().await;
        if kept.len() + queries.len() > MAX_KEPT {
            kept.clear();
        }
        kept.extend(queries.into_iter().zip(found.iter().cloned()));
        found
    }

    /// Returns the words of titles nearest to a word, which it may have been meant to be; none that lies too far away.
    pub(super) fn corrections(&self, word: &str) -> Vec<String> {
        let letters: Vec<char> = word.chars().collect();
        let most = allowed_errors(letters.len());
        if most == 0 {
            return Vec::new();
        }
        let near = self.title_words.iter().filter_map(|(other, places)| {
            let is_far = other.len().abs_diff(word.len()) > 4 * most || is_stop_word(other);
            let errors = if is_far { None } else { distance(&letters, &other.chars().collect::<Vec<_>>(), most) };
            errors.map(|errors| (errors, usize::MAX - places.len(), other))
        });
        let mut near: Vec<_> = near.filter(|(errors, ..)| *errors > 0).collect();
        near.sort_unstable();
        let least = near.first().map_or(0, |(errors, ..)| *errors);
        let nearest = near.into_iter().take_while(|(errors, ..)| *errors == least);
        nearest.take(MAX_CORRECTIONS).map(|(.., other)| other.clone()).collect()
    }

    /// Returns which places a filter leaves; nothing where it asks for nothing.
    pub(super) async fn allowed(&self, filter: &Filter) -> Result<Option<Arc<Vec<bool>>>, Error> {
        if let Some((_, allowed)) = self.passed.lock().await.iter().find(|(known, _)| known == filter) {
            return Ok(Some(Arc::clone(allowed)));
        }
        let Some(ids) = self.store.movies_that_pass(filter).await? else { return Ok(None) };
        let mut allowed = vec![false; self.count()];
        for place in self.places(&ids) {
            allowed[place as usize] = true;
        }
        let allowed = Arc::new(allowed);
        let mut passed = self.passed.lock().await;
        if passed.len() >= MAX_FILTERS {
            passed.remove(0);
        }
        passed.push((filter.clone(), Arc::clone(&allowed)));
        Ok(Some(allowed))
    }

    /// Returns all vectors of a model, read once.
    pub(super) async fn matrix(&self, model: &str, dimension: usize) -> Result<&Matrix, Error> {
        let read = || async {
            let packed = self.store.packed_vectors(model, dimension).await?;
            Ok(Matrix::new(dimension, packed, |id| self.place(id)))
        };
        self.matrix.get_or_try_init(read).await
    }
}

fn index(titles: &[Vec<String>]) -> HashMap<String, Vec<u32>> {
    let mut index = HashMap::<String, Vec<u32>>::new();
    for (titles, place) in titles.iter().zip(0_u32..) {
        for title in titles {
            for word in title.split(|character: char| !is_in_word(character)).filter(|word| !word.is_empty()) {
                if let Some(places) = index.get_mut(word) {
                    if places.last() != Some(&place) {
                        places.push(place);
                    }
                } else {
                    index.insert(word.to_owned(), vec![place]);
                }
            }
        }
    }
    index
}

/// Returns the places that are in any of the lists, ascending.
pub(super) fn union<'a>(lists: impl IntoIterator<Item = &'a [u32]>) -> Vec<u32> {
    let mut places: Vec<u32> = lists.into_iter().flatten().copied().collect();
    places.sort_unstable();
    places.dedup();
    places
}
