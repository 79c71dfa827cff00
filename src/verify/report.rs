//! What was checked, what was found, and what came of the sample: data for programs; text is in the file beside.

use serde::Serialize;

use super::sample::Asked;
use crate::store::{Comparison, Difference, Finding, Inspection, Totals};

/// The whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What was looked at.
    pub checked: Checked,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// What came of the sample.
    pub sample: Sample,
    /// What was repaired, where anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired: Option<Repaired>,
    /// Movies that are missing or differ, by the source's ids.
    #[serde(skip)]
    pub(super) movies_to_save: Vec<i32>,
    /// Movies that are marked as deleted although the certified run saw them.
    #[serde(skip)]
    pub(super) marked_as_deleted: Vec<i32>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Movies.
    pub movies: u64,
    /// Genres.
    pub genres: u64,
    /// Cast members.
    pub casts: u64,
    /// Torrents.
    pub torrents: u64,
    /// Vectors.
    pub embeddings: u64,
    /// Runs.
    pub runs: u64,
    /// The last run of this source that is certified to have seen everything, if there is one.
    pub certified_run: Option<i64>,
    /// Distinct movies that it saw.
    pub movies_seen: usize,
}

/// What came of comparing movies with the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Movies that were asked for.
    pub asked: usize,
    /// Those that are as the source says.
    pub alike: usize,
    /// Those that are not.
    pub differing: Vec<SampledMovie>,
    /// Those that the source does not know any more, by its ids: nothing here is wrong with them.
    pub unknown: Vec<i32>,
    /// Those whose details could not be had.
    pub failed: Vec<UncheckedMovie>,
}

/// A movie that differs from the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SampledMovie {
    /// The movie, by the source's id.
    pub external_id: i32,
    /// Where it differs.
    pub fields: Vec<Difference>,
}

/// A movie that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UncheckedMovie {
    /// The movie, by the source's id.
    pub external_id: i32,
    /// Why.
    pub reason: String,
}

/// What was repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// Findings before the repair.
    pub found: usize,
    /// Movies that were fetched again and saved.
    pub movies_saved: usize,
    /// Rows removed that led nowhere, or that nothing linked to, and unusable vectors.
    pub rows_removed: u64,
    /// Values that broke a rule and were set to NULL.
    pub values_cleared: u64,
    /// Leases of dead processes that were freed.
    pub leases_freed: u64,
}

const MISSING: &str = "missing_movie";
const DELETED: &str = "deleted_movie";

impl Report {
    /// Takes over what the database itself shows.
    pub(super) fn new(totals: Totals, inspection: Inspection) -> Self {
        let Inspection { runs, certified_run, movies_seen, missing, deleted, mut findings } = inspection;
        let run = certified_run.unwrap_or_default();
        let of_movie = |kind, external_id: &i32, detail| Finding { kind, what: movie(*external_id), detail };
        findings
            .extend(missing.iter().map(|id| of_movie(MISSING, id, format!("run {run} saw it, and it is not there"))));
        let marked = |id| of_movie(DELETED, id, format!("run {run} saw it, and it is marked as deleted"));
        findings.extend(deleted.iter().map(marked));
        let Totals { movies, genres, casts, torrents, embeddings } = totals;
        Self {
            checked: Checked { movies, genres, casts, torrents, embeddings, runs, certified_run, movies_seen },
            findings,
            sample: Sample::default(),
            repaired: None,
            movies_to_save: missing.iter().chain(&deleted).copied().collect(),
            marked_as_deleted: deleted,
        }
    }

    /// Takes over what came of comparing movies with the source.
    pub(super) fn add_sample(&mut self, sampled: usize, asked: &Asked, compared: Vec<Comparison>) {
        self.sample.asked = sampled;
        self.sample.unknown.clone_from(&asked.unknown);
        for Comparison { external_id, differences } in compared {
            match differences {
                // It went while it was asked for; a crawl goes on beside.
                None => {}
                Some(fields) if fields.is_empty() => self.sample.alike += 1,
                Some(fields) => {
                    let names: Vec<&str> = fields.iter().map(|difference| difference.field.as_str()).collect();
                    let detail = format!("differs from the source in {}", names.join(", "));
                    self.findings.push(Finding { kind: "differs", what: movie(external_id), detail });
                    self.movies_to_save.push(external_id);
                    self.sample.differing.push(SampledMovie { external_id, fields });
                }
            }
        }
        for (external_id, reason) in &asked.failed {
            let detail = format!("could not be compared with the source: {reason}");
            self.findings.push(Finding { kind: "not_compared", what: movie(*external_id), detail });
            self.sample.failed.push(UncheckedMovie { external_id: *external_id, reason: reason.clone() });
        }
    }

    /// Takes over the movies that the database refused to save.
    pub(super) fn add_refused(&mut self, refused: Vec<(i32, String)>) {
        let not_saved = |(external_id, detail)| Finding { kind: "not_saved", what: movie(external_id), detail };
        self.findings.extend(refused.into_iter().map(not_saved));
    }

    /// Takes movies back that the source does not know any more: they are not missing, they are gone.
    pub(super) fn forget_unknown(&mut self, unknown: &[i32]) {
        let names: Vec<String> = unknown.iter().copied().map(movie).collect();
        self.findings.retain(|finding| !matches!(finding.kind, MISSING | DELETED) || !names.contains(&finding.what));
        self.movies_to_save.retain(|external_id| !unknown.contains(external_id));
        self.sample.unknown.extend(unknown);
        self.sample.unknown.sort_unstable();
        self.sample.unknown.dedup();
    }
}

fn movie(external_id: i32) -> String {
    format!("movie {external_id}")
}
