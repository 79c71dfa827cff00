//! When the demo API answers 429: the windows opened by a fault and the token bucket of `rate`. Instants come in as
//! arguments, so that the rules can be tested without waiting.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

/// How long a window lasts.
const WINDOW: Duration = Duration::from_secs(1);

/// How long no window opens after one has closed.
const COOLDOWN: Duration = Duration::from_secs(5);

/// Decides which requests are refused for now.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    bucket: Option<Bucket>,
    /// The latest window, over or not.
    window: Option<Window>,
    refusal_count: u64,
}

/// A time in which clients have been told not to ask.
#[derive(Clone, Copy, Debug)]
struct Window {
    announcement: Announcement,
    until: Instant,
    /// Whether the server refuses everything in it. Where `rate` announced it, only the bucket decides.
    refuses_all: bool,
}

/// How far the word of a window has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announcement {
    /// It has not left yet.
    Due,
    /// It is on its way.
    Sent,
    /// Whoever asks after this moment knows.
    Heard(Instant),
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Admitted,
    /// Refused with this value of Retry-After.
    Refused(String),
}

impl Throttle {
    /// Makes a throttle of so many requests a second, or of no limit if that is 0.
    pub(super) fn new(rate: f64, now: Instant) -> Self {
        let bucket = (rate > 0.0).then(|| Bucket { rate, tokens: rate.max(1.0), filled_at: now });
        Self { bucket, ..Self::default() }
    }

    /// Says whether a request that arrived at `arrived` did so inside an announced window: after the announcement had been
    /// heard, and before the first announced end. Every client counts as told, since all requests are taken for one
    /// client's.
    pub(super) fn is_inside_window(&self, arrived: Instant) -> bool {
        let Some(Window { announcement: Announcement::Heard(heard_at), until, .. }) = self.window else { return false };
        arrived > heard_at && arrived < until
    }

    /// Notes that a refusal has left; returns the end of the window that it was the first to announce.
    pub(super) fn note_sent(&mut self) -> Option<Instant> {
        let window = self.window.as_mut().filter(|window| window.announcement == Announcement::Due)?;
        window.announcement = Announcement::Sent;
        Some(window.until)
    }

    /// Notes that the announcement of the window with this end has been heard.
    pub(super) fn note_heard(&mut self, until: Instant, now: Instant) {
        if let Some(window) = self.window.as_mut().filter(|window| window.until == until) {
            window.announcement = Announcement::Heard(now);
        }
    }

    /// Admits or refuses a request by the open window and the bucket.
    pub(super) fn admit(&mut self, now: Instant) -> Admission {
        let open = self.window.filter(|window| now < window.until);
        if let Some(window) = open.filter(|window| window.refuses_all) {
            return self.refuse(window.until - now);
        }
        let Some(wait) = self.bucket.as_mut().and_then(|bucket| bucket.take(now)) else { return Admission::Admitted };
        let wait = whole_seconds(wait);
        if open.is_none() {
            self.window = Some(Window { announcement: Announcement::Due, until: now + wait, refuses_all: false });
        }
        self.refuse(wait)
    }

    /// Opens a window unless one is open or has closed only just; returns the refusal that announces it.
    pub(super) fn open_window(&mut self, now: Instant) -> Admission {
        if self.window.is_some_and(|window| now < window.until + COOLDOWN) {
            return Admission::Admitted;
        }
        self.window = Some(Window { announcement: Announcement::Due, until: now + WINDOW, refuses_all: true });
        self.refuse(WINDOW)
    }

    /// Writes Retry-After in both of its forms by turns. Both are rounded up: whoever honours them comes when the
    /// window is over.
    fn refuse(&mut self, wait: Duration) -> Admission {
        self.refusal_count += 1;
        if self.refusal_count % 2 == 1 {
            return Admission::Refused(whole_seconds(wait).as_secs().to_string());
        }
        let ends_at = DateTime::<Utc>::from(SystemTime::now() + wait + Duration::from_millis(999));
        Admission::Refused(ends_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
    }
}

/// Rounds up to whole seconds, one at least.
fn whole_seconds(wait: Duration) -> Duration {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Duration::from_secs(seconds.max(1))
}

/// Lets `rate` requests a second through, and one second's worth of them at once.
#[derive(Debug)]
struct Bucket {
    rate: f64,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// Takes a token, or returns how long it is until there is one.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.rate).min(self.rate.max(1.0));
        self.filled_at = now;
        if self.tokens < 1.0 {
            // An hour is the most that a tiny rate announces.
            return Some(Duration::from_secs_f64(((1.0 - self.tokens) / self.rate).min(3600.0)));
        }
        self.tokens -= 1.0;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_after(admission: Admission) -> String {
        match admission {
            Admission::Refused(retry_after) => retry_after,
            Admission::Admitted => panic!("admitted"),
        }
    }

    #[test]
    fn a_window_refuses_everything_until_it_is_over_and_none_follows_soon() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut throttle = Throttle::new(0.0, start);
        assert_eq!(throttle.admit(start), Admission::Admitted);
        assert_eq!(retry_after(throttle.open_window(start)), "1");
        assert!(retry_after(throttle.admit(after(999))).ends_with(" GMT"));
        assert_eq!(throttle.admit(after(1000)), Admission::Admitted);
        assert_eq!(throttle.open_window(after(5999)), Admission::Admitted);
        assert_eq!(retry_after(throttle.open_window(after(6000))), "1");
    }

    #[test]
    fn a_date_in_retry_after_never_comes_before_the_end_of_the_window() {
        let start = Instant::now();
        let mut throttle = Throttle::new(0.0, start);
        throttle.open_window(start);
        let ends_at = SystemTime::now() + WINDOW;
        let announced = DateTime::parse_from_rfc2822(&retry_after(throttle.admit(start))).unwrap();
        assert!(SystemTime::from(announced) >= ends_at - Duration::from_millis(1), "{announced}");
    }

    #[test]
    fn only_requests_that_arrive_once_the_announcement_was_heard_count_as_inside() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut throttle = Throttle::new(0.0, start);
        assert!(!throttle.is_inside_window(start));
        throttle.open_window(start);
        assert!(!throttle.is_inside_window(after(500)), "nobody can know");
        let until = throttle.note_sent().unwrap();
        assert_eq!((until, throttle.note_sent()), (after(1000), None), "it is announced once");
        assert!(!throttle.is_inside_window(after(500)), "it is on its way");
        throttle.note_heard(until, after(100));
        assert!(!throttle.is_inside_window(after(100)));
        assert!(throttle.is_inside_window(after(101)));
        assert!(!throttle.is_inside_window(after(1000)));

        throttle.open_window(after(6000));
        throttle.note_heard(until, after(6000));
        assert!(!throttle.is_inside_window(after(6500)), "that was said of another window");
    }

    #[test]
    fn the_bucket_lets_its_rate_through_and_no_more() {
        let start = Instant::now();
        let mut throttle = Throttle::new(40.0, start);
        let admitted = (0..10_000)
            .filter(|millisecond| throttle.admit(start + Duration::from_millis(*millisecond)) == Admission::Admitted)
            .count();
        // One second's worth at once, and forty in each of ten seconds.
        assert!((435..=440).contains(&admitted), "{admitted}");
    }

    #[test]
    fn whoever_waits_as_the_bucket_says_gets_in() {
        let start = Instant::now();
        let mut throttle = Throttle::new(0.5, start);
        assert_eq!(throttle.admit(start), Admission::Admitted);
        assert_eq!(retry_after(throttle.admit(start)), "2");
        assert_eq!(throttle.admit(start + Duration::from_secs(2)), Admission::Admitted);
    }
}
