//! Shows that a list which shifts while it is read was seen whole, or says which pages to read again.
//!
//! New movies enter at the top and push the rest down; a removed one pulls the rest up. A reading of a page is a stretch
//! of the list at one moment. Two stretches belong together where they share a movie, or where they are neighbours and
//! the source gave the same count with both. Where all of them belong together, nothing was missed between them.
//! Equal counts prove that only where movies did not both come in and go meanwhile. The top tells: it is read before all
//! other pages of a pass and once more when nothing else is left to read, and has to have grown by as much as the count.
//! Where it has not, the whole list is read in a new pass.
//! Fetching is the workers' affair; this file only decides.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::store::PageReading;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Everything was seen.
    Covered,
    /// These pages are to be read again, or for the first time in their pass.
    ReadAgain(Vec<i32>),
    /// All pages are to be read again in a new pass, which begins with the first alone.
    NewPass,
}

/// Decides from the readings of a run, in the order in which they were saved.
///
/// `is_unchanged` says that the run found nothing that was not known: then the top need not be read once more, where equal
/// counts and no movie on two pages show that nothing shifted.
pub(super) fn judge(readings: &[PageReading], page_limit: u32, is_unchanged: bool) -> Verdict {
    let pass = pass(readings);
    let tops: Vec<&PageReading> = readings.iter().filter(|reading| reading.pass == pass && reading.page <= 1).collect();
    let readings_of_pages = readings.iter().filter(|reading| reading.page != PageReading::TOP);
    let (of_pass, earlier): (Vec<&PageReading>, Vec<&PageReading>) =
        readings_of_pages.partition(|reading| reading.pass == pass);
    let Some(last) = of_pass.last() else { return Verdict::Covered };
    let read: BTreeSet<i32> = of_pass.iter().map(|reading| reading.page).collect();
    let unread: BTreeSet<i32> =
        earlier.iter().map(|reading| reading.page).filter(|page| !read.contains(page)).collect();
    if !unread.is_empty() {
        return Verdict::ReadAgain(unread.into_iter().collect());
    }
    let looks_at_top = of_pass.iter().filter(|reading| reading.page == 1).count();
    if is_unchanged && looks_at_top == 1 && stood_still(&tops, &of_pass) {
        return Verdict::Covered;
    }
    let gaps = gaps(&of_pass);
    let top = Top::of(&of_pass);
    let changes: Vec<Change> = tops.iter().map(|earlier| top.change_since(earlier)).collect();
    if changes.contains(&Change::Hidden) {
        return Verdict::NewPass;
    }
    if let Some(grown_by) = changes.iter().filter_map(|change| change.moved_away()).max() {
        let pages = i32::try_from(grown_by / i64::from(page_limit.max(1)) + 2).unwrap_or(i32::MAX);
        return Verdict::ReadAgain(gaps.into_iter().chain(1..=pages).collect::<BTreeSet<i32>>().into_iter().collect());
    }
    if !gaps.is_empty() {
        return Verdict::ReadAgain(gaps);
    }
    // Alone, so that it is read when everything else is.
    if looks_at_top < 2 || last.page != 1 { Verdict::ReadAgain(vec![1]) } else { Verdict::Covered }
}

/// Returns the pass that is judged: the last one.
pub(super) fn pass(readings: &[PageReading]) -> i32 {
    readings.iter().map(|reading| reading.pass).max().unwrap_or(1)
}

/// Says how many movies are lacking where the pages held clearly fewer than the source counts: then they were cut short,
/// and that they join shows nothing. A source counts a few that it does not list, so a page of them, or a fiftieth of the
/// list, may lack.
pub(super) fn lacking(readings: &[PageReading], seen: usize, page_limit: u32) -> Option<i64> {
    let movie_count = readings.last().map_or(0, |reading| reading.movie_count);
    let lacking = movie_count.saturating_sub(i64::try_from(seen).unwrap_or(i64::MAX));
    (lacking > Ord::max(movie_count / 50, page_limit.into())).then_some(lacking)
}

/// Returns the distinct movies that were seen on pages that were saved, in whichever pass, sorted.
pub(super) fn seen(readings: &[PageReading]) -> Vec<i32> {
    let mut seen = Vec::with_capacity(listed(readings));
    seen.extend(
        readings.iter().filter(|reading| reading.page != PageReading::TOP).flat_map(|reading| &reading.external_ids),
    );
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// Returns how many movies the readings list, those that are there twice counted twice.
fn listed<'a>(readings: impl IntoIterator<Item = &'a PageReading>) -> usize {
    readings.into_iter().map(|reading| reading.external_ids.len()).sum()
}

/// Says whether the list cannot have shifted while each page was read once: the count stayed the same, the top too, and no
/// movie was on two pages, as it would be where one came in above it and another went.
fn stood_still(tops: &[&PageReading], readings: &[&PageReading]) -> bool {
    let is_same = |reading: &&PageReading| reading.movie_count == readings[0].movie_count;
    let is_same_top =
        |top: &&PageReading| top.movie_count == tops[0].movie_count && top.external_ids == tops[0].external_ids;
    let mut ids: Vec<i32> = readings.iter().flat_map(|reading| reading.external_ids.iter().copied()).collect();
    ids.sort_unstable();
    readings.iter().all(is_same) && tops.iter().all(is_same_top) && ids.windows(2).all(|pair| pair[0] != pair[1])
}

/// The top of the list as it was last seen.
struct Top<'a> {
    movie_count: i64,
    /// The pages from the first one down, as far as they were seen with that count.
    pages: Vec<&'a [i32]>,
}

/// What became of the top since an earlier look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Movies only came in, or only went, so that the counts between rose, or fell, all the time.
    Plain,
    /// Some came in and others went: equal counts between prove nothing.
    Hidden,
    /// None of the movies is where the top was seen; the count grew by so many.
    MovedAway(i64),
}

impl Change {
    fn moved_away(self) -> Option<i64> {
        match self {
            Self::MovedAway(grown_by) => Some(grown_by),
            Self::Plain | Self::Hidden => None,
        }
    }
}

impl<'a> Top<'a> {
    fn of(readings: &[&'a PageReading]) -> Self {
        let latest: BTreeMap<i32, &'a PageReading> = readings.iter().map(|reading| (reading.page, *reading)).collect();
        let movie_count = latest.get(&1).map_or(0, |first| first.movie_count);
        let seen_together =
            (1..).map_while(|page| latest.get(&page)).take_while(|page| page.movie_count == movie_count);
        Self { movie_count, pages: seen_together.map(|page| page.external_ids.as_slice()).collect() }
    }

    fn change_since(&self, earlier: &PageReading) -> Change {
        let grown_by = self.movie_count - earlier.movie_count;
        let place = |id: &i32| self.pages.iter().copied().flatten().position(|other| other == id);
        let came_in = earlier.external_ids.iter().find_map(place).map(|place| i64::try_from(place).unwrap_or(i64::MAX));
        match came_in {
            // There was nothing that could have gone.
            _ if earlier.external_ids.is_empty() => Change::Plain,
            Some(came_in) if came_in == grown_by || (came_in == 0 && grown_by <= 0) => Change::Plain,
            None if grown_by >= i64::try_from(earlier.external_ids.len()).unwrap_or(i64::MAX) => {
                Change::MovedAway(grown_by)
            }
            _ => Change::Hidden,
        }
    }
}

/// Returns the pages on both sides of each place where neighbouring pages do not belong together.
fn gaps(readings: &[&PageReading]) -> Vec<i32> {
    let mut stretches = Stretches::new(readings.len());
    join_by_count(readings, &mut stretches);
    let gaps = gaps_between(readings, &mut stretches);
    if gaps.is_empty() {
        // Most lists do not shift while they are read; which movies their pages share need not be looked up.
        return gaps;
    }
    join_by_movie(readings, &mut stretches);
    gaps_between(readings, &mut stretches)
}

/// Returns the pages on both sides of each place where neighbouring pages are in different stretches.
fn gaps_between(readings: &[&PageReading], stretches: &mut Stretches) -> Vec<i32> {
    let latest: BTreeMap<i32, usize> = readings.iter().enumerate().map(|(at, reading)| (reading.page, at)).collect();
    let mut pages = Vec::new();
    for ((page, at), (next_page, next_at)) in latest.iter().zip(latest.iter().skip(1)) {
        let is_beyond_the_end = readings[*next_at].external_ids.is_empty();
        if !is_beyond_the_end && stretches.root(*at) != stretches.root(*next_at) {
            pages.extend([*page, *next_page]);
        }
    }
    pages.dedup();
    pages
}

fn join_by_movie(readings: &[&PageReading], stretches: &mut Stretches) {
    // Small pairs, sorted: a map of all movies would be the largest thing that a crawl holds.
    let mut ids_at = Vec::with_capacity(listed(readings.iter().copied()));
    for (reading, at) in readings.iter().zip(0_u32..) {
        ids_at.extend(reading.external_ids.iter().map(|id| (*id, at)));
    }
    ids_at.sort_unstable();
    for neighbours in ids_at.windows(2) {
        if let [(id, at), (other_id, other)] = neighbours
            && id == other_id
        {
            stretches.join(*at as usize, *other as usize);
        }
    }
}

fn join_by_count(readings: &[&PageReading], stretches: &mut Stretches) {
    let mut latest_with = HashMap::new();
    for (at, reading) in readings.iter().enumerate() {
        latest_with.insert((reading.page, reading.movie_count), at);
    }
    for (at, reading) in readings.iter().enumerate() {
        if let Some(next) = latest_with.get(&(reading.page + 1, reading.movie_count)) {
            stretches.join(at, *next);
        }
    }
}

/// Which readings belong together: a disjoint-set forest.
struct Stretches {
    parents: Vec<usize>,
}

impl Stretches {
    fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one] = other;
    }
}

#[cfg(test)]
mod tests;
