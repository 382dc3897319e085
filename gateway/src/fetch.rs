//! Fetches key sets by URL on the control thread: bounded in time and size, following nothing, trusting the system's roots.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use yett_engine::jose::{KeySet, Limits};
use yett_engine::plan::KeyUrl;

type Https = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;
type Http = Client<HttpConnector, Empty<Bytes>>;

/// The clients; the one that speaks TLS reads the system's roots at its first use.
pub(crate) struct Fetcher {
    http: Http,
    https: OnceCell<Result<Https, String>>,
}

/// A key set and the text that it was read from.
pub(crate) type Answer = (Arc<KeySet>, Box<[u8]>);

/// Whether a key set may be fetched from here: by TLS from anywhere, in the clear from this machine alone.
///
/// # Errors
/// Why not.
pub(crate) fn judge(url: &str) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), Some(host)) if is_loopback(host) => Ok(()),
        _ => Err(format!("{url}: expected https://, or http:// on loopback")),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl Fetcher {
    pub(crate) fn new() -> Self {
        Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            https: OnceCell::new(),
        }
    }

    /// Fetches a key set.
    ///
    /// # Errors
    /// Why it could not be had, for the log.
    pub(crate) async fn fetch(&self, url: &KeyUrl) -> Result<Answer, String> {
        let limit = Duration::from_millis(url.timeout);
        let text = tokio::time::timeout(limit, self.text(url))
            .await
            .map_err(|_| format!("no answer in {} ms", url.timeout))??;
        let limits = Limits {
            set: usize::try_from(url.bytes).unwrap_or(usize::MAX),
            ..Limits::default()
        };
        let keys = KeySet::parse_within(&text, &limits).map_err(|fault| fault.to_string())?;
        Ok((Arc::new(keys), text.into()))
    }

    async fn text(&self, url: &KeyUrl) -> Result<Vec<u8>, String> {
        let request = Request::get(&url.url)
            .header("accept", "application/jwk-set+json, application/json")
            .header("user-agent", "yett")
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let asked = match url.url.starts_with("https:") {
            true => self.https()?.request(request),
            false => self.http.request(request),
        };
        let answer = asked.await.map_err(|error| chain(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("answered {}, expected 200", answer.status().as_u16()));
        }
        let mut body = answer.into_body();
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| chain(&error))?;
            text.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
            if text.len() as u64 > url.bytes {
                return Err(format!("longer than {} bytes", url.bytes));
            }
        }
        Ok(text)
    }

    fn https(&self) -> Result<&Https, String> {
        let built = self.https.get_or_init(|| {
            let provider = rustls::crypto::aws_lc_rs::default_provider();
            let connector = HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(provider)
                .map_err(|error| format!("the system's root certificates: {error}"))?
                .https_only()
                .enable_http1()
                .build();
            Ok(Client::builder(TokioExecutor::new()).build(connector))
        });
        built.as_ref().map_err(Clone::clone)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
