//! Certificates that are not to be trusted: what is wrong with one, and the remedy. There is no switch that trusts all.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

/// Returns what is wrong with the host's certificate, where it is that.
pub(super) fn distrust<'a>(mut causes: impl Iterator<Item = &'a (dyn StdError + 'static)>) -> Option<String> {
    let error = causes.find_map(tls_error)?;
    let rustls::Error::InvalidCertificate(reason) = error else { return None };
    let remedy = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired; check this machine's clock, or try a mirror by --base-url"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; check this machine's clock"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is another host's; check --base-url"
        }
        CertificateError::UnknownIssuer => {
            "nobody whom this machine trusts vouches for it; if you trust its authority, name the authority's file by \
             SSL_CERT_FILE"
        }
        CertificateError::Revoked => "it was revoked; try a mirror by --base-url",
        // Such as a certificate that vouches for itself and is none of an authority.
        _ => {
            return Some(format!("{reason:?}; if you trust its authority, name the authority's file by SSL_CERT_FILE"));
        }
    };
    Some(remedy.to_owned())
}

/// Returns the error of TLS that a cause is, or that it wraps: an I/O error does not name what it wraps as its source.
fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let wrapped = || cause.downcast_ref::<io::Error>()?.get_ref();
    cause.downcast_ref().or_else(|| tls_error(wrapped()?))
}
