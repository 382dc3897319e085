//! Whether and how a client must show a certificate: whose, and which are revoked.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use yett_engine::plan::TlsClients;

/// What verifies clients.
///
/// # Errors
/// What of the bundle or the list of revoked certificates is none.
pub(super) fn verifier(
    clients: TlsClients,
    authorities: &str,
    revoked: Option<&str>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    if clients == TlsClients::Off {
        return Ok(WebPkiClientVerifier::no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        let authority = authority.map_err(|error| format!("authorities: not PEM: {error}"))?;
        roots.add(authority).map_err(|error| format!("authorities: {error}"))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let builder = match revoked {
        Some(revoked) => builder.with_crls(lists(revoked)?),
        None => builder,
    };
    let builder = match clients {
        TlsClients::Optional => builder.allow_unauthenticated(),
        TlsClients::Required | TlsClients::Off => builder,
    };
    builder.build().map_err(|error| match error {
        VerifierBuilderError::InvalidCrl(error) => format!("revoked: {}", rustls::Error::from(error)),
        error => format!("authorities: {error}"),
    })
}

/// A file that was emptied, or is just being written, must not pass for one by which nobody is revoked.
fn lists(revoked: &str) -> Result<Vec<CertificateRevocationListDer<'static>>, String> {
    let lists = CertificateRevocationListDer::pem_slice_iter(revoked.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("revoked: not PEM: {error}"))?;
    if lists.is_empty() {
        return Err("revoked: found no list".to_owned());
    }
    Ok(lists)
}
