//! Counts the statements that a piece of work sends, by the spans in which `SeaORM` executes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// The methods that send one statement each: a transaction's, and those of a connection's driver.
const SENDING: [&str; 7] =
    ["execute", "execute_raw", "execute_unprepared", "query_one", "query_one_raw", "query_all", "query_all_raw"];
const SENDERS: [&str; 3] =
    ["sea_orm::database::transaction", "sea_orm::driver::sqlx_postgres", "sea_orm::driver::sqlx_sqlite"];

struct Counter(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Counter {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        if SENDERS.contains(&metadata.target()) && SENDING.contains(&metadata.name()) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Does the work, which must not move to another thread, and returns what came of it and how many statements it sent.
pub(crate) async fn count<T>(work: impl Future<Output = T>) -> (T, usize) {
    let counted = Arc::new(AtomicUsize::new(0));
    let subscriber = tracing_subscriber::registry().with(Counter(Arc::clone(&counted)));
    let listening = tracing::subscriber::set_default(subscriber);
    let outcome = work.await;
    drop(listening);
    (outcome, counted.load(Ordering::Relaxed))
}
