//! What those who run a demo server ask of it from another process: its statistics, the ids in its list, and that the
//! list shifts. Neither counted as requests nor faulted; what clients ask is answered in `service`.

use super::answer::{Answer, JSON};
use super::service::Service;

const STATS_PATH: &str = "/demo/stats";
const LISTED_PATH: &str = "/demo/listed";
const INSERT_PATH: &str = "/demo/insert";
const REMOVE_PATH: &str = "/demo/remove";

/// Answers a request behind the scenes; any other has no answer here. The body is appended to what is in `body`.
pub(super) fn answer(service: &Service, target: &str, body: &mut Vec<u8>) -> Option<Answer> {
    match target {
        STATS_PATH => {}
        INSERT_PATH => service.insert(),
        REMOVE_PATH => service.remove(),
        LISTED_PATH => {
            // Numbers always serialize.
            let _ = serde_json::to_writer(body, &service.listed_ids());
            return Some(Answer::whole(200, JSON));
        }
        _ => return None,
    }
    let _ = serde_json::to_writer(body, &service.stats());
    Some(Answer::whole(200, JSON))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::{Options, Stats};
    use super::*;

    #[tokio::test]
    async fn another_process_reads_the_list_and_has_it_shift_without_being_counted() {
        let faults = "5xx=100".parse().unwrap();
        let service = Service::new(&Options { movies: 200, faults, ..Options::default() });
        let mut body = Vec::new();
        service.answer(INSERT_PATH, Instant::now(), &mut body).await;
        service.answer(REMOVE_PATH, Instant::now(), &mut body).await;
        let answer = service.answer(LISTED_PATH, Instant::now(), &mut body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(serde_json::from_slice::<Vec<u32>>(&body).unwrap(), service.listed_ids());
        assert_eq!(service.stats(), Stats { inserted: 1, removed: 1, ..Stats::default() });
    }
}
