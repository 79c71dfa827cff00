//! The client: what a crawl asks the source for, and what all its users share.
//!
//! How a request is sent, paced, repeated and read is in the files beside.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::breaker::Breaker;
use super::budget::Budget;
use super::error::Error;
use super::http::{Answer, Call, Endpoint, Http};
use super::mirrors::Mirrors;
use super::options::{ListQuery, Options};
use super::pacing::Pacer;
use super::retry;
use super::wire::{Envelope, ListPage, Notice, ParsedMovie};

#[cfg(test)]
mod tests;

/// Asks the API for lists and details. Cloning is cheap, and clones share everything: pace, pauses, mirrors, verdict.
#[derive(Clone, Debug)]
pub struct Client {
    source: Arc<Source>,
}

/// The source as all users of a client share it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) options: Options,
    pub(super) http: Http,
    pub(super) mirrors: Mirrors,
    pub(super) pacer: Pacer,
    pub(super) breaker: Breaker,
    pub(super) budget: Budget,
    /// Places for requests in flight.
    pub(super) places: Semaphore,
    pub(super) counters: Counters,
    notice: OnceLock<Notice>,
}

/// What a client has sent and received so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent, retries included.
    pub total: u64,
    /// Of these, for list pages.
    pub list: u64,
    /// Of these, for details.
    pub details: u64,
    /// Of these, attempts after the first of a call.
    pub retried: u64,
    /// Bytes of bodies received, after decompression.
    pub bytes: u64,
}

/// [`Traffic`] as it is counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    list: AtomicU64,
    details: AtomicU64,
    retried: AtomicU64,
    /// Retries that waited longer because the retry budget was spent.
    pub(super) slowed: AtomicU64,
    pub(super) bytes: AtomicU64,
}

impl Client {
    /// Builds a client; sends nothing yet.
    pub fn new(options: Options) -> Result<Self, Error> {
        let mirrors = Mirrors::new(&options.base_urls)?;
        let source = Source {
            http: Http::new(&options)?,
            pacer: Pacer::new(options.rate, options.max_pause),
            breaker: Breaker::new(&options, mirrors.count()),
            budget: Budget::new(),
            mirrors,
            places: Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            counters: Counters::default(),
            notice: OnceLock::new(),
            options,
        };
        Ok(Self { source: Arc::new(source) })
    }

    /// Asks for a page of a list; pages count from 1. A page beyond the last is empty.
    pub async fn list(&self, query: &ListQuery, page: u32) -> Result<ListPage, Error> {
        let call = Call::list(query, page);
        retry::fetch(&self.source, &call, |answer| self.open(answer)?.list_page(page, query.page_size())).await
    }

    /// Asks for a movie's details: the only place where the API tells cast and likes.
    pub async fn details(&self, external_id: i32) -> Result<ParsedMovie, Error> {
        let call = Call::details(external_id);
        retry::fetch(&self.source, &call, |answer| self.open(answer)?.details(external_id)).await
    }

    /// Returns what was sent and received so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.source.counters.traffic()
    }

    /// Changes how many requests may start a second (0: no limit), from the next request on. The pace that the source
    /// itself admits, where it has shown one, still holds below that.
    pub fn set_rate(&self, rate: f64) {
        self.source.pacer.set_rate(rate);
    }

    /// Pauses all requests for a pause learnt elsewhere, such as from another process; capped as any other. It is not
    /// told on by [`Client::pauses`], so that two processes do not keep each other waiting.
    pub fn pause_for(&self, pause: Duration) {
        self.source.pacer.pause_for(pause);
    }

    /// Tells when an answer imposes a pause on this client; how long it is says [`Client::pause_left`].
    #[must_use]
    pub fn pauses(&self) -> watch::Receiver<()> {
        self.source.pacer.imposed()
    }

    /// Returns what is left of a pause the source asked for.
    #[must_use]
    pub fn pause_left(&self) -> Option<Duration> {
        self.source.pacer.pause_left()
    }

    /// Returns the source's notice that it is about to move, once it has given one. It is for people to read and
    /// never followed.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        self.source.notice.get().cloned()
    }

    /// Opens an answer's envelope and keeps the notice in it.
    fn open<'a>(&self, answer: &'a Answer) -> Result<Envelope<'a>, Error> {
        let envelope = Envelope::open(answer)?;
        if let Some(notice) = envelope.notice() {
            self.source.notice.get_or_init(|| notice);
        }
        Ok(envelope)
    }
}

impl Source {
    /// Notes an answer of the API.
    pub(super) fn succeeded(&self, mirror: usize) {
        self.mirrors.succeeded(mirror);
        self.breaker.succeeded();
        self.budget.earn();
    }
}

impl Counters {
    /// Counts a request.
    pub(super) fn count(&self, endpoint: Endpoint, is_retry: bool) {
        let counter = match endpoint {
            Endpoint::List => &self.list,
            Endpoint::Details => &self.details,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.retried.fetch_add(u64::from(is_retry), Ordering::Relaxed);
    }

    fn traffic(&self) -> Traffic {
        let list = self.list.load(Ordering::Relaxed);
        let details = self.details.load(Ordering::Relaxed);
        let retried = self.retried.load(Ordering::Relaxed);
        Traffic { total: list + details, list, details, retried, bytes: self.bytes.load(Ordering::Relaxed) }
    }
}
