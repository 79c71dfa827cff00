//! What the demo API answers a request with: status, kind and how much of the body gets through. The body itself
//! travels in a buffer beside it. Which answer a request gets is in `service`, bytes on the wire are in `http`.

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html; charset=UTF-8";

/// What stands in for the API where a protection in front of it takes the caller for a robot.
pub(super) const CHALLENGE_PAGE: &str = "<!DOCTYPE html><html><head><title>Just a moment...</title></head>\
    <body><h1>Checking your browser</h1><noscript>Enable JavaScript and cookies to continue.</noscript></body></html>";

/// What stands in for the API where the server fails.
pub(super) const ERROR_PAGE: &str = "<!DOCTYPE html><html><body><h1>The server is having a bad time</h1></body></html>";

/// An answer but for its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Option<String>,
    pub(super) delivery: Delivery,
}

/// How much of an answer gets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// The connection is reset after so many bytes of the body.
    Reset(usize),
    /// Nothing is sent for a minute.
    Stall,
}

impl Answer {
    /// Makes an answer that gets through.
    pub(super) fn whole(status: u16, content_type: &'static str) -> Self {
        Self { status, content_type, retry_after: None, delivery: Delivery::Whole }
    }
}
