//! TLS of the listeners: from what the parent hands over to what a handshake is answered with. No socket is in reach here.
//!
//! The plan says how (profile, whether clients show certificates); certificates and keys come beside it, so that they are in no
//! plan and in no hash, and can be changed without a new plan. Tickets are sealed by keys of this process, one set a listener,
//! that the library rotates. Where clients show certificates there are none: who resumes is not verified again, so a certificate
//! that was revoked since, or one of another listener, would pass.

mod certificates;
mod clients;
mod profile;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{NoServerSessionStorage, ProducesTickets};
use serde::Deserialize;
use yett_engine::plan::{Fault, Listen, Tls, TlsClients};

pub(crate) use certificates::Shown;
use certificates::{Certificates, Pair};
#[cfg(test)]
pub(crate) use tests::pair;

/// What a client asks for that speaks HTTP/2 (RFC 9113 section 3.2).
pub(crate) const HTTP2: &[u8] = b"h2";

/// What the parent hands over for one listener that speaks TLS.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Material {
    certificates: Vec<Pair>,
    /// PEM: who signs the certificates of clients.
    #[serde(default)]
    authorities: String,
    /// PEM: lists of certificates of clients that are revoked; none: nobody asks for them.
    #[serde(default)]
    revoked: Option<String>,
}

/// Judges what a worker would be handed for a plan's listeners, as the worker does when it takes it; nothing is kept.
///
/// `material` is `tls` of `docs/control-protocol.md`, as JSON.
///
/// # Errors
/// Each listener that refuses what it is to show, as a pointer into the plan, and why; never a part of a key.
pub fn check(listen: &[Listen], material: &str) -> Result<(), Vec<Fault>> {
    let handed: Vec<Option<Material>> = serde_json::from_str(material).map_err(|_| {
        let found = "found other material, expected certificates, or null, for each listener".to_owned();
        vec![fault("/gateway/listen".to_owned(), found)]
    })?;
    let handed = handed.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    let refused = listen
        .iter()
        .zip(handed)
        .enumerate()
        .filter_map(|(number, (listen, material))| {
            let why = Listener::new(*listen)
                .and_then(|listener| listener.renewed(number, material))
                .err()?;
            let found = why.trim_start_matches(['/', ':', ' ']).to_owned();
            Some(fault(format!("/gateway/listen/{number}"), found))
        });
    let refused: Vec<Fault> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

fn fault(pointer: String, found: String) -> Fault {
    Fault { pointer, found }
}

/// The TLS of every listener, in the order of the plan's.
pub(crate) struct Listeners(Vec<Listener>);

struct Listener {
    listen: Listen,
    tickets: Arc<dyn ProducesTickets>,
    /// None: it speaks plain text.
    serving: ArcSwapOption<Serving>,
}

/// What handshakes on a listener are answered with.
pub(crate) struct Serving {
    /// Without and with HTTP/2.
    configs: [Arc<ServerConfig>; 2],
    pub(crate) trust: Trust,
    shown: Vec<Shown>,
    authorities: String,
    revoked: Option<String>,
}

/// By which authorities and lists a client's certificate was believed: it is another when these have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    listener: usize,
    number: u64,
}

impl Listeners {
    /// The listeners of a plan.
    ///
    /// # Errors
    /// Where there is no randomness for tickets, or the material does not fit.
    pub(crate) fn new(listen: &[Listen], material: &[Option<Material>]) -> Result<Self, String> {
        let listeners = listen
            .iter()
            .map(|listen| Listener::new(*listen))
            .collect::<Result<_, _>>()?;
        let listeners = Self(listeners);
        listeners.set(material)?;
        Ok(listeners)
    }

    /// Takes other certificates, all or none: handshakes from now on are answered with them.
    ///
    /// # Errors
    /// Which of them do not fit; the old ones stay.
    pub(crate) fn set(&self, material: &[Option<Material>]) -> Result<usize, String> {
        let Self(listeners) = self;
        if material.len() > listeners.len() {
            return Err(format!(
                ": found {} listeners, expected {}",
                material.len(),
                listeners.len()
            ));
        }
        let handed = material.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        let built = listeners
            .iter()
            .zip(handed)
            .enumerate()
            .map(|(number, (listener, material))| {
                listener
                    .renewed(number, material)
                    .map_err(|why| format!("/{number}{why}"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let count = built.iter().flatten().count();
        for (listener, built) in listeners.iter().zip(built) {
            listener.serving.store(built.map(Arc::new));
        }
        Ok(count)
    }

    /// What a handshake on a listener is answered with; none: it speaks plain text.
    pub(crate) fn serving(&self, listener: usize) -> Option<Arc<Serving>> {
        let Self(listeners) = self;
        listeners.get(listener)?.serving.load_full()
    }

    /// Whether a certificate that was believed then would be verified in the same way now.
    pub(crate) fn holds(&self, trust: Trust) -> bool {
        let Self(listeners) = self;
        let now = listeners.get(trust.listener).map(|listener| listener.serving.load());
        now.is_some_and(|now| now.as_ref().is_some_and(|now| now.trust == trust))
    }

    /// Every certificate with its listener's address and its number there.
    pub(crate) fn shown(&self) -> Vec<(String, usize, Shown)> {
        let Self(listeners) = self;
        let of = |listener: &Listener| {
            let address = listener.listen.address.to_string();
            let serving = listener.serving.load();
            let shown = serving.as_ref().map(|serving| serving.shown.clone());
            let numbered = shown.unwrap_or_default().into_iter().enumerate();
            numbered.map(move |(number, shown)| (address.clone(), number, shown))
        };
        listeners.iter().flat_map(of).collect()
    }
}

impl Serving {
    /// With `http2` among the protocols or not.
    pub(crate) fn config(&self, http2: bool) -> Arc<ServerConfig> {
        let [without, with] = &self.configs;
        if http2 { with } else { without }.clone()
    }
}

impl Listener {
    fn new(listen: Listen) -> Result<Self, String> {
        Ok(Self {
            listen,
            tickets: Ticketer::new().map_err(|error| format!("tickets: {error}"))?,
            serving: ArcSwapOption::empty(),
        })
    }

    fn renewed(&self, number: usize, material: Option<&Material>) -> Result<Option<Serving>, String> {
        match (&self.listen.tls, material) {
            (None, None) => Ok(None),
            (Some(tls), Some(material)) => {
                let config = self.build(tls, material).map_err(|why| format!("/{why}"))?;
                let shown = material.certificates.iter().filter_map(|pair| pair.shown.clone());
                let mut with_http2 = config.clone();
                with_http2.alpn_protocols.insert(0, HTTP2.to_vec());
                Ok(Some(Serving {
                    configs: [Arc::new(config), Arc::new(with_http2)],
                    trust: self.trust(number, material),
                    shown: shown.collect(),
                    authorities: material.authorities.clone(),
                    revoked: material.revoked.clone(),
                }))
            }
            (Some(_), None) => Err(": found nothing, expected certificates".to_owned()),
            (None, Some(_)) => Err(": found certificates, expected none: it speaks plain text".to_owned()),
        }
    }

    fn trust(&self, listener: usize, material: &Material) -> Trust {
        let number = self.serving.load().as_ref().map_or(0, |known| {
            let same = known.authorities == material.authorities && known.revoked == material.revoked;
            known.trust.number + u64::from(!same)
        });
        Trust { listener, number }
    }

    fn build(&self, tls: &Tls, material: &Material) -> Result<ServerConfig, String> {
        let provider = profile::provider(tls.profile);
        let verifier = clients::verifier(
            tls.clients,
            &material.authorities,
            material.revoked.as_deref(),
            &provider,
        )?;
        let certificates = Certificates::read(&material.certificates, &provider)?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(profile::versions(tls.profile))
            .map_err(|error| error.to_string())?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(certificates));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.max_early_data_size = 0;
        match tls.clients {
            TlsClients::Off => config.ticketer = self.tickets.clone(),
            TlsClients::Optional | TlsClients::Required => {
                config.session_storage = Arc::new(NoServerSessionStorage {});
                config.send_tls13_tickets = 0;
            }
        }
        Ok(config)
    }
}
