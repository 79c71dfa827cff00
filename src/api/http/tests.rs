//! Addresses: what is asked, and where a redirect may lead.

use super::*;

#[test]
fn asks_a_base_url_for_a_call() {
    let base = Url::parse("https://host.example/api/v2/").unwrap();
    let query = vec![("limit", "50".to_owned()), ("query_term", "a&b=ü".to_owned())];
    let call = Call { endpoint: Endpoint::List, query };
    let expected = "https://host.example/api/v2/list_movies.json?limit=50&query_term=a%26b%3D%C3%BC";
    assert_eq!(call.url(&base).as_str(), expected);
}

#[test]
fn only_the_very_origin_is_allowed_as_the_target_of_a_redirect() {
    let allowed = [Url::parse("https://host.example/api/v2/").unwrap().origin()];
    let is_allowed = |url: &str| is_allowed(&Url::parse(url).unwrap(), &allowed);
    assert!(is_allowed("https://host.example:443/elsewhere"));
    for refused in [
        "http://host.example/api/v2/",
        "https://host.example:8443/",
        "https://evil.host.example/",
        "https://host.example@evil.example/",
        "https://127.0.0.1/",
        "http://[::ffff:169.254.169.254]/",
        "file:///etc/passwd",
        "data:,x",
    ] {
        assert!(!is_allowed(refused), "{refused}");
    }
}

#[test]
fn knows_this_machine() {
    let is_here = |url: &str| is_loopback(&Url::parse(url).unwrap());
    assert!(
        ["http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]/", "http://localhost"].into_iter().all(is_here)
    );
    assert!(!["http://10.0.0.1", "http://localhost.example", "http://[::2]/"].into_iter().any(is_here));
}
