//! Which certificate a handshake is answered with: by the name that the client asks for, and by what it can verify.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::SignatureAlgorithm;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::Deserialize;
use webpki::EndEntityCert;

/// A chain, the leaf first, and its key, both PEM.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    chain: String,
    key: String,
    /// What metrics say of it; none: nothing.
    #[serde(default)]
    pub(super) shown: Option<Shown>,
}

/// What metrics say of a certificate.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// The first of its names.
    pub(crate) name: String,
    /// When it ends, in Unix seconds.
    pub(crate) ends: i64,
}

/// The certificates of one listener.
#[derive(Debug)]
pub(super) struct Certificates {
    /// By name in lower case, `*.example.com` as it is written; of several, the first that the client can verify.
    names: HashMap<Box<str>, Vec<Arc<CertifiedKey>>>,
    /// For clients that name nothing, or what no certificate has: the first one, and those that share a name with it.
    others: Vec<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads the pairs, and keeps their order.
    ///
    /// # Errors
    /// Which pair is none, and why; never a part of a key.
    pub(super) fn read(pairs: &[Pair], provider: &CryptoProvider) -> Result<Self, String> {
        let mut names: HashMap<Box<str>, Vec<Arc<CertifiedKey>>> = HashMap::new();
        let mut others: Vec<Arc<CertifiedKey>> = Vec::new();
        let mut of_first: Vec<Box<str>> = Vec::new();
        for (number, pair) in pairs.iter().enumerate() {
            let (certified, of) = read(pair, provider).map_err(|why| format!("certificates/{number}: {why}"))?;
            let certified = Arc::new(certified);
            if number == 0 {
                of_first.clone_from(&of);
            }
            // Two that have no DNS name are for addresses, of which no client tells which one it means.
            let alike = of == of_first || of.iter().any(|name| of_first.contains(name));
            if number == 0 || alike {
                others.push(certified.clone());
            }
            for name in of {
                names.entry(name).or_default().push(certified.clone());
            }
        }
        if others.is_empty() {
            return Err("certificates: found none, expected at least one".to_owned());
        }
        Ok(Self { names, others })
    }

    fn named(&self, name: &str) -> Option<&[Arc<CertifiedKey>]> {
        let exact = self.names.get(name);
        let below = || {
            let (_, parent) = name.split_once('.')?;
            self.names.get(format!("*.{parent}").as_str())
        };
        exact.or_else(below).map(Vec::as_slice)
    }
}

fn read(pair: &Pair, provider: &CryptoProvider) -> Result<(CertifiedKey, Vec<Box<str>>), String> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pair.chain.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the chain is not PEM: {error}"))?;
    let leaf = chain.first().ok_or("the chain is empty")?;
    let names = EndEntityCert::try_from(leaf)
        .map_err(|error| format!("the leaf is no certificate: {error}"))?
        .valid_dns_names()
        .map(|name| name.to_ascii_lowercase().into())
        .collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).map_err(|_| "the key is not PEM".to_owned())?;
    let certified =
        CertifiedKey::from_der(chain, key, provider).map_err(|error| format!("chain and key do not fit: {error}"))?;
    Ok((certified, names))
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let fitting = name
            .as_deref()
            .and_then(|name| self.named(name))
            .unwrap_or(&self.others);
        let schemes = hello.signature_schemes();
        let signs = |certified: &&Arc<CertifiedKey>| certified.key.choose_scheme(schemes).is_some();
        // The small keys first: they cost a tenth.
        let small = fitting
            .iter()
            .find(|one| one.key.algorithm() != SignatureAlgorithm::RSA && signs(one));
        small.or_else(|| fitting.iter().find(signs)).cloned()
    }
}
