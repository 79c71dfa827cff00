//! Takes secrets out of what people read: the password of a database or API URL.

/// Returns the URL with `***` in place of its password.
///
/// It also works on text that is no valid URL, since an error message is no place to leak one either: everything
/// between the first `:` of the authority and the last `@` counts as the password, and so does the value of any
/// parameter with "password" in its name.
#[must_use]
pub fn redact_url(url: &str) -> String {
    redact_query(&redact_authority(url))
}

/// Returns a message with the URL in it redacted, wherever it quotes it.
#[must_use]
pub fn redact_message(message: &str, url: &str) -> String {
    message.replace(url, &redact_url(url))
}

fn redact_authority(url: &str) -> String {
    let (scheme, rest) = url.split_once("//").map_or(("", url), |(scheme, rest)| (scheme, rest));
    // A password may hold `/` or `?` unescaped by mistake, so the last `@` counts.
    let Some(at) = rest.rfind('@') else { return url.to_owned() };
    let (user_info, host) = rest.split_at(at);
    let slashes = if url.contains("//") { "//" } else { "" };
    match user_info.split_once(':') {
        Some((user, _)) => format!("{scheme}{slashes}{user}:***{host}"),
        None => url.to_owned(),
    }
}

fn redact_query(url: &str) -> String {
    let Some((base, query)) = url.split_once('?') else { return url.to_owned() };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((key, _)) if key.to_ascii_lowercase().contains("password") => format!("{key}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{base}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_passwords_wherever_they_stand() {
        let cases = [
            ("postgres://me:s3cret@db:5432/yts", "postgres://me:***@db:5432/yts"),
            ("postgres://me:a@b/c@db/yts", "postgres://me:***@db/yts"),
            ("postgres://db/yts?user=me&password=s3cret", "postgres://db/yts?user=me&password=***"),
            ("postgres://me@db/yts", "postgres://me@db/yts"),
            ("sqlite://yts.db?mode=rwc", "sqlite://yts.db?mode=rwc"),
            ("postgres://db/yts?sslpassword=s3cret", "postgres://db/yts?sslpassword=***"),
            ("me:s3cret@db/yts", "me:***@db/yts"),
            ("not a url", "not a url"),
        ];
        for (url, expected) in cases {
            assert_eq!(redact_url(url), expected);
        }
    }
}
