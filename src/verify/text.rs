//! The report as lines for people, safe to print.

use std::fmt;

use super::{Repaired, Report};
use crate::terminal::printable;

/// How many findings of one kind are shown to people.
const SHOWN_OF_A_KIND: usize = 20;

/// How long a value is shown at most.
const SHOWN_CHARACTERS: usize = 60;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { checked, sample, .. } = self;
        write!(f, "checked    {} movies · {} genres · ", checked.movies, checked.genres)?;
        write!(f, "{} cast members · {} torrents · ", checked.casts, checked.torrents)?;
        writeln!(f, "{} embeddings · {} runs", checked.embeddings, checked.runs)?;
        match checked.certified_run {
            Some(run) => writeln!(f, "certified  run {run}, which saw {} movies", checked.movies_seen)?,
            None => writeln!(f, "certified  no run of this source and these filters yet")?,
        }
        write!(f, "sample     {} movies · {} alike · ", sample.asked, sample.alike)?;
        write!(f, "{} differ · {} unknown to the source · ", sample.differing.len(), sample.unknown.len())?;
        writeln!(f, "{} could not be had", sample.failed.len())?;
        self.write_differences(f)?;
        self.write_findings(f)?;
        if let Some(repaired) = &self.repaired {
            writeln!(f, "{repaired}")?;
        }
        match self.findings.len() {
            0 if sample.failed.is_empty() => write!(f, "verified: nothing found"),
            0 => write!(f, "verified: nothing found, but not all of the sample could be compared with the source"),
            count if self.repaired.is_some() => write!(f, "verified: {count} findings are left"),
            count => write!(f, "verified: {count} findings; fetch-yts --verify --repair mends what can be mended"),
        }
    }
}

impl Report {
    fn write_differences(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for movie in self.sample.differing.iter().take(SHOWN_OF_A_KIND) {
            for difference in movie.fields.iter().take(SHOWN_OF_A_KIND) {
                let (stored, source) = (shown(difference.stored.as_deref()), shown(difference.source.as_deref()));
                let field = printable(&difference.field);
                writeln!(f, "differs    movie {} {field}: stored {stored}, source {source}", movie.external_id)?;
            }
        }
        Ok(())
    }

    fn write_findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<&str> = self.findings.iter().map(|finding| finding.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let of_kind: Vec<_> = self.findings.iter().filter(|finding| finding.kind == kind).collect();
            for finding in of_kind.iter().take(SHOWN_OF_A_KIND) {
                writeln!(f, "found      {kind}: {}: {}", printable(&finding.what), printable(&finding.detail))?;
            }
            if of_kind.len() > SHOWN_OF_A_KIND {
                let more = of_kind.len() - SHOWN_OF_A_KIND;
                writeln!(f, "found      {kind}: {more} more; --json lists them all")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, movies_saved, rows_removed, values_cleared, leases_freed } = self;
        write!(
            f,
            "repaired   {found} findings · {movies_saved} movies fetched again · {rows_removed} rows removed · "
        )?;
        write!(f, "{values_cleared} values cleared · {leases_freed} leases freed")
    }
}

/// Returns a value in one short line.
fn shown(value: Option<&str>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let head: String = value.chars().take(SHOWN_CHARACTERS).collect();
    let end = if value.chars().count() > SHOWN_CHARACTERS { "…" } else { "" };
    format!("\"{}{end}\"", printable(&head))
}
