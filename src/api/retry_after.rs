//! How long the source asks to be left alone: the `Retry-After` header, in seconds or as a date.
//!
//! What is done about it (pauses, floors, caps) is [`super::pacing`]'s.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// Returns the wait an answer asks for; `None` if it asks for none, for none at all (0, the past) or for nonsense.
///
/// A date is measured from the answer's own `Date`, so that a wrong clock on either side does no harm; `now` stands in
/// where the answer has none.
pub(super) fn asked_wait(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = header_text(headers, &RETRY_AFTER)?;
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if is_number {
        // More digits than fit mean "very long"; the caller caps it.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let until = http_date(value)?;
        let since = header_text(headers, &DATE).and_then(http_date).unwrap_or(now);
        (until - since).to_std().ok()?
    };
    (!wait.is_zero()).then_some(wait)
}

/// Returns a header as text.
fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Reads an HTTP date, such as `Sat, 21 Nov 2026 07:28:00 GMT`.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const NOW: &str = "Sat, 21 Nov 2026 07:28:00 GMT";

    fn wait(retry_after: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        asked_wait(&headers, http_date(NOW).unwrap())
    }

    #[test]
    fn reads_seconds() {
        assert_eq!(wait("3", None), Some(Duration::from_secs(3)));
        assert_eq!(wait(" 120 ", None), Some(Duration::from_mins(2)));
        assert_eq!(wait("99999999999999999999999", None), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn reads_dates_against_the_clock_of_the_answer() {
        let in_ten = "Sat, 21 Nov 2026 07:28:10 GMT";
        assert_eq!(wait(in_ten, None), Some(Duration::from_secs(10)));
        assert_eq!(wait(in_ten, Some("Sat, 21 Nov 2026 07:28:06 GMT")), Some(Duration::from_secs(4)));
    }

    #[test]
    fn takes_nonsense_for_no_wish() {
        for nonsense in ["", "0", "-5", "soon", "1.5", "Sat, 21 Nov 2020 07:28:10 GMT", "Mon, 21 Nov 2026 07:28:10 GMT"]
        {
            assert_eq!(wait(nonsense, None), None, "{nonsense:?}");
        }
        assert_eq!(asked_wait(&HeaderMap::new(), Utc::now()), None);
    }
}
