//! Answers one request of the demo API: throttle, fault, endpoint, in this order, and counts what became of it.
//! Bytes on the wire are in `http`; what the endpoints answer is in `endpoints`; what those who run the server ask of it
//! is in `backstage`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use super::answer::{Answer, CHALLENGE_PAGE, Delivery, ERROR_PAGE, HTML, JSON};
use super::draw::fnv1a;
use super::endpoints::Endpoint;
use super::faults::{Fault, Faults};
use super::stats::{Counters, Stats};
use super::stock::Stock;
use super::throttle::{Admission, Throttle};
use super::{Options, backstage};

/// How long requests may be in flight, or being written, while a refusal is read: so many steps of so long. A machine that
/// is too busy to take them in time is as late with the requests, and the time is the longer for it.
const STEPS_IN_FLIGHT: u32 = 20;
const STEP: Duration = Duration::from_millis(5);

/// The demo API without its connections.
#[derive(Debug)]
pub(super) struct Service {
    stock: RwLock<Stock>,
    faults: Faults,
    throttle: Mutex<Throttle>,
    /// How often each target was asked, by its hash.
    asked: Mutex<HashMap<u64, u64>>,
    counters: Counters,
}

impl Service {
    /// Draws the catalogue, which takes its time.
    pub(super) fn new(options: &Options) -> Self {
        Self {
            stock: RwLock::new(Stock::new(options.seed, options.movies)),
            faults: options.faults.clone(),
            throttle: Mutex::new(Throttle::new(options.faults.rate, Instant::now())),
            asked: Mutex::default(),
            counters: Counters::default(),
        }
    }

    /// Returns what was done so far.
    pub(super) fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// Returns the ids in the list at this moment, the newest first.
    pub(super) fn listed_ids(&self) -> Vec<u32> {
        let stock = self.stock();
        stock.listed().iter().rev().map(|&index| stock.entry(index).id).collect()
    }

    /// Answers a request that arrived at `arrived`; the body replaces what is in `body`.
    pub(super) async fn answer(&self, target: &str, arrived: Instant, body: &mut Vec<u8>) -> Answer {
        body.clear();
        if let Some(answer) = backstage::answer(self, target, body) {
            return answer;
        }
        self.counters.requests.count();
        // Waiting comes first, so that a window announced afterwards begins when its answer leaves.
        if !self.faults.latency.is_zero() {
            tokio::time::sleep(self.faults.latency).await;
        }
        if let Some(refusal) = self.refusal(arrived) {
            return refusal;
        }
        let endpoint = Endpoint::of(target);
        self.change_list(endpoint);
        self.drawn_fault(target)
            .and_then(|fault| self.faulty_answer(fault, endpoint, body))
            .unwrap_or_else(|| self.full_answer(endpoint, body))
    }

    /// Notes that an answer has left. After a refusal that announces a window, every client counts as told a while later.
    pub(super) fn note_sent(self: &Arc<Self>, answer: &Answer) {
        if answer.retry_after.is_none() {
            return;
        }
        let Some(until) = locked(&self.throttle).note_sent() else { return };
        let service = Arc::clone(self);
        tokio::spawn(async move {
            for _ in 0..STEPS_IN_FLIGHT {
                tokio::time::sleep(STEP).await;
            }
            locked(&service.throttle).note_heard(until, Instant::now());
        });
    }

    fn refusal(&self, arrived: Instant) -> Option<Answer> {
        if self.faults.too_many <= 0.0 && self.faults.rate <= 0.0 {
            return None;
        }
        let mut throttle = locked(&self.throttle);
        if throttle.is_inside_window(arrived) {
            self.counters.inside_window.count();
        }
        let refusal = refused(throttle.admit(Instant::now()))?;
        self.counters.throttled.count();
        Some(refusal)
    }

    /// Inserts and removes movies if it is the turn of this list request.
    fn change_list(&self, endpoint: Endpoint<'_>) {
        let Endpoint::List(_) = endpoint else { return };
        let number = self.counters.admitted_list.count();
        let is_turn = |every: u32| every > 0 && number.is_multiple_of(u64::from(every));
        if is_turn(self.faults.insert) {
            self.insert();
        }
        if is_turn(self.faults.remove) {
            self.remove();
        }
    }

    /// Lets a new movie come to the head of the list.
    pub(super) fn insert(&self) {
        self.stock.write().unwrap_or_else(PoisonError::into_inner).insert_newest();
        self.counters.inserted.count();
    }

    /// Lets a movie disappear.
    pub(super) fn remove(&self) {
        self.stock.write().unwrap_or_else(PoisonError::into_inner).remove_one();
        self.counters.removed.count();
    }

    fn drawn_fault(&self, target: &str) -> Option<Fault> {
        if !self.faults.any_drawn() {
            return None;
        }
        let asked_before = {
            let mut asked = locked(&self.asked);
            let times = asked.entry(fnv1a(target)).or_default();
            *times += 1;
            *times - 1
        };
        let fault = self.faults.draw(target, asked_before)?;
        tracing::debug!(target, asked_before, ?fault, "drew a fault");
        Some(fault)
    }

    /// Carries out a fault, or returns `None` where it cannot be: no movies to leave out, or no window so soon.
    fn faulty_answer(&self, fault: Fault, endpoint: Endpoint<'_>, body: &mut Vec<u8>) -> Option<Answer> {
        let answer = match fault {
            Fault::ServerError(status) => {
                body.extend_from_slice(ERROR_PAGE.as_bytes());
                Answer::whole(status, HTML)
            }
            Fault::Html => {
                body.extend_from_slice(CHALLENGE_PAGE.as_bytes());
                Answer::whole(200, HTML)
            }
            Fault::TooMany => refused(locked(&self.throttle).open_window(Instant::now()))?,
            Fault::Missing => endpoint.write_without_movies(&self.stock(), body).then(|| Answer::whole(200, JSON))?,
            Fault::Stall => Answer { delivery: Delivery::Stall, ..Answer::whole(200, JSON) },
            Fault::Reset(percent) => {
                let status = endpoint.write(&self.stock(), body);
                let delivery = Delivery::Reset(body.len() * percent / 100);
                Answer { delivery, ..Answer::whole(status, JSON) }
            }
            Fault::Truncate(percent) => {
                let status = endpoint.write(&self.stock(), body);
                body.truncate(body.len() * percent / 100);
                Answer::whole(status, JSON)
            }
        };
        self.counters.faults.count();
        Some(answer)
    }

    fn full_answer(&self, endpoint: Endpoint<'_>, body: &mut Vec<u8>) -> Answer {
        let status = endpoint.write(&self.stock(), body);
        match endpoint {
            Endpoint::List(_) => self.counters.list.count(),
            Endpoint::Details(_) => self.counters.details.count(),
            Endpoint::Suggestions(_) | Endpoint::Unknown => self.counters.other.count(),
        };
        Answer::whole(status, JSON)
    }

    fn stock(&self) -> RwLockReadGuard<'_, Stock> {
        self.stock.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(admission: Admission) -> Option<Answer> {
    match admission {
        Admission::Admitted => None,
        Admission::Refused(retry_after) => Some(Answer { retry_after: Some(retry_after), ..Answer::whole(429, JSON) }),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "/api/v2/list_movies.json?limit=50";

    fn service(faults: &str) -> Service {
        Service::new(&Options { movies: 200, faults: faults.parse().unwrap(), ..Options::default() })
    }

    async fn ask(service: &Service, target: &str) -> (Answer, Vec<u8>) {
        let mut body = Vec::new();
        let answer = service.answer(target, Instant::now(), &mut body).await;
        (answer, body)
    }

    #[tokio::test]
    async fn the_list_changes_on_its_turns() {
        let service = service("insert=2,remove=3");
        let before = service.listed_ids();
        for _ in 0..6 {
            ask(&service, LIST).await;
        }
        let after = service.listed_ids();
        assert_eq!((service.stats().inserted, service.stats().removed), (3, 2));
        assert_eq!(after.len(), 201);
        assert!(after.iter().take_while(|id| !before.contains(id)).count() >= 1);
    }

    #[tokio::test]
    async fn missing_leaves_out_movies_only_where_there_are_some() {
        let service = service("missing=100");
        let (_, body) = ask(&service, LIST).await;
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains("\"movie_count\":200") && !text.contains("\"movies\""));
        ask(&service, "/api/v2/list_movies.json?page=99").await;
        ask(&service, "/api/v2/movie_details.json?movie_id=1").await;
        let stats = service.stats();
        assert_eq!((stats.faults, stats.list, stats.details), (1, 1, 1));
    }

    #[tokio::test]
    async fn a_truncated_answer_is_no_json() {
        let service = service("truncate=100");
        let (answer, body) = ask(&service, LIST).await;
        assert_eq!((answer.status, answer.delivery), (200, Delivery::Whole));
        assert!(serde_json::from_slice::<serde_json::Value>(&body).is_err());
    }

    #[tokio::test]
    async fn after_a_429_everything_is_refused_and_counted_apart() {
        let service = service("429=100");
        for target in [LIST, LIST, "/api/v2/movie_details.json?movie_id=1"] {
            let (answer, _) = ask(&service, target).await;
            assert_eq!(answer.status, 429);
            assert!(answer.retry_after.is_some());
        }
        let stats = service.stats();
        assert_eq!((stats.requests, stats.faults, stats.throttled, stats.inside_window), (3, 1, 2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_again_once_told_to_wait_is_counted() {
        let service = Arc::new(service("429=100"));
        let (refusal, _) = ask(&service, LIST).await;
        ask(&service, LIST).await;
        service.note_sent(&refusal);
        ask(&service, LIST).await;
        assert_eq!(service.stats().inside_window, 0, "those were in flight");
        tokio::time::sleep(STEP * (STEPS_IN_FLIGHT + 2)).await;
        ask(&service, LIST).await;
        assert_eq!(service.stats().inside_window, 1);
    }

    #[tokio::test]
    async fn a_run_is_replayed_whatever_the_order_of_requests() {
        let targets: Vec<String> = (0..300).map(|id| format!("/api/v2/movie_details.json?movie_id={id}")).collect();
        let (forwards, backwards) = (service("5xx=20,html=5,seed=9"), service("5xx=20,html=5,seed=9"));
        let mut answers = Vec::new();
        for target in &targets {
            answers.push(ask(&forwards, target).await.0.status);
        }
        for (target, status) in targets.iter().zip(&answers).rev() {
            assert_eq!(ask(&backwards, target).await.0.status, *status);
        }
        assert_eq!(forwards.stats(), backwards.stats());
        assert!(forwards.stats().faults > 30);
    }
}
