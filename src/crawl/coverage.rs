//! Shows that a list which shifts while it is read was seen whole, or says which pages to read again.
//!
//! New movies enter at the top and push the rest down; a removed one pulls the rest up. A reading of a page is a stretch
//! of the list at one moment. Two stretches belong together where they share a movie, or where they are neighbours and
//! the source gave the same count with both. Where all of them belong together, nothing was missed between them.
//! The top is read once more at the end, so that what came in meanwhile is seen as well; if movies both
//! came in and went, equal counts prove nothing, and the whole list is read in a new pass.
//! Fetching is the workers' affair; this file only decides.

use std::collections::{BTreeMap, HashMap};

use crate::store::PageReading;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Everything was seen.
    Covered,
    /// These pages are to be read again.
    ReadAgain(Vec<i32>),
    /// All pages are to be read again, in a new pass.
    NewPass,
}

/// Decides from the readings of a run, in the order in which they were made.
///
/// `is_unchanged` says that the run found nothing that was not known: then equal counts are proof enough, and the top
/// need not be read once more.
pub(super) fn judge(readings: &[PageReading], page_limit: u32, is_unchanged: bool) -> Verdict {
    let pass = pass(readings);
    let readings: Vec<&PageReading> = readings.iter().filter(|reading| reading.pass == pass).collect();
    let heads: Vec<&PageReading> = readings.iter().copied().filter(|reading| reading.page == 1).collect();
    let Some(first) = readings.first() else { return Verdict::Covered };
    let is_static = readings.iter().all(|reading| reading.movie_count == first.movie_count);
    let gaps = gaps(&readings);
    match heads.as_slice() {
        [_] if is_static && is_unchanged => Verdict::Covered,
        [.., before, last] => match change_at_top(before, last) {
            Top::Grew(count) if may_hide_a_change(count, last.movie_count - before.movie_count) => Verdict::NewPass,
            Top::Grew(_) if gaps.is_empty() => Verdict::Covered,
            Top::Grew(_) => Verdict::ReadAgain(with_top(gaps, 1)),
            Top::MovedAway => Verdict::ReadAgain(with_top(gaps, pages_grown(before, last, page_limit))),
        },
        _ => Verdict::ReadAgain(with_top(gaps, 1)),
    }
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

/// Returns the distinct movies that were seen, in whichever pass, sorted.
pub(super) fn seen(readings: &[PageReading]) -> Vec<i32> {
    let mut seen = Vec::with_capacity(listed(readings));
    seen.extend(readings.iter().flat_map(|reading| &reading.external_ids));
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// Returns how many movies the readings list, those that are there twice counted twice.
fn listed<'a>(readings: impl IntoIterator<Item = &'a PageReading>) -> usize {
    readings.into_iter().map(|reading| reading.external_ids.len()).sum()
}

enum Top {
    /// So many movies came in above those that were there.
    Grew(i64),
    /// None of those that were there is on the first page any more.
    MovedAway,
}

fn change_at_top(before: &PageReading, last: &PageReading) -> Top {
    if before.external_ids.is_empty() {
        return Top::Grew(i64::try_from(last.external_ids.len()).unwrap_or(i64::MAX));
    }
    let still_there = before.external_ids.iter().find_map(|id| last.external_ids.iter().position(|other| other == id));
    still_there.map_or(Top::MovedAway, |count| Top::Grew(i64::try_from(count).unwrap_or(i64::MAX)))
}

/// Says whether as many movies may have come in as went between two readings with equal counts: not where they only
/// came in, or only went, since then the counts rose, or fell, all the time.
fn may_hide_a_change(came_in: i64, count_grew: i64) -> bool {
    let only_came_in = count_grew == came_in;
    let only_went = came_in == 0 && count_grew <= 0;
    !only_came_in && !only_went
}

/// Returns how many pages the list grew by between two readings of its top, and one more for the rest.
fn pages_grown(before: &PageReading, last: &PageReading, page_limit: u32) -> i32 {
    let movies_grown = (last.movie_count - before.movie_count).max(0);
    i32::try_from(movies_grown / i64::from(page_limit.max(1)) + 2).unwrap_or(i32::MAX)
}

fn with_top(pages: Vec<i32>, top_pages: i32) -> Vec<i32> {
    let mut pages: Vec<i32> = pages.into_iter().chain(1..=top_pages).collect();
    pages.sort_unstable();
    pages.dedup();
    pages
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
