//! Handshakes in memory, for what no client of the test machine offers: the hybrid group, and tickets at another listener.
//!
//! `tests/certificates/` holds an authority and a certificate of shop.example and *.shop.example until 2126, made by openssl, and
//! an empty list of revoked certificates of another authority.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests: what cannot be is a failure")]

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{
    ClientConfig, ClientConnection, Error, HandshakeKind, NamedGroup, ProtocolVersion, RootCertStore, ServerConfig,
    ServerConnection, SupportedProtocolVersion, version,
};
use serde_json::json;
use yett_engine::plan::{Listen, Tls, TlsClients, TlsProfile};

use super::{Listeners, Material, check};

const AUTHORITY: &str = include_str!("../../tests/certificates/ca.pem");
const CHAIN: &str = include_str!("../../tests/certificates/leaf.pem");
const KEY: &str = include_str!("../../tests/certificates/leaf.key");
const REVOKED: &str = include_str!("../../tests/certificates/revoked.pem");
/// A list without extensions, by an authority of its own.
const UNNUMBERED: &str = include_str!("../../tests/certificates/unnumbered.pem");
const OLD: [&SupportedProtocolVersion; 1] = [&version::TLS12];
const NEW: [&SupportedProtocolVersion; 1] = [&version::TLS13];

fn material(authorities: &str) -> Option<Material> {
    let pair = json!({"chain": CHAIN, "key": KEY, "shown": {"name": "shop.example", "ends": 1}});
    serde_json::from_value(json!({"certificates": [pair], "authorities": authorities})).unwrap()
}

fn listen(profile: TlsProfile, clients: TlsClients) -> Listen {
    Listen {
        address: "127.0.0.1:443".parse().unwrap(),
        tls: Some(Tls { profile, clients }),
    }
}

fn listeners(of: &[(TlsProfile, TlsClients)]) -> Listeners {
    let listen: Vec<Listen> = of.iter().map(|(profile, clients)| listen(*profile, *clients)).collect();
    let material: Vec<Option<Material>> = of.iter().map(|_| material(AUTHORITY)).collect();
    Listeners::new(&listen, &material).unwrap()
}

fn client(
    groups: &[&'static dyn SupportedKxGroup],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap())
        .unwrap();
    let provider = CryptoProvider {
        kx_groups: groups.to_vec(),
        ..default_provider()
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(provider));
    let builder = builder
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(builder.with_no_client_auth())
}

/// What a client and a listener need to speak TLS with each other.
pub(crate) fn pair() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let listeners = listeners(&[(TlsProfile::Modern, TlsClients::Off)]);
    (
        client(&default_provider().kx_groups, &NEW),
        listeners.serving(0).unwrap().config(false),
    )
}

/// Both ends, once nothing is left to say.
fn shake(client: &Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<(ClientConnection, ServerConnection), Error> {
    let name = "shop.example".try_into().unwrap();
    let mut client = ClientConnection::new(client.clone(), name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    while client.wants_write() || server.wants_write() {
        let mut octets = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut octets).unwrap();
        }
        while !octets.is_empty() {
            let mut left = octets.as_slice();
            server.read_tls(&mut left).unwrap();
            octets = left.to_vec();
            server.process_new_packets()?;
        }
        while server.wants_write() {
            server.write_tls(&mut octets).unwrap();
        }
        while !octets.is_empty() {
            let mut left = octets.as_slice();
            client.read_tls(&mut left).unwrap();
            octets = left.to_vec();
            client.process_new_packets()?;
        }
    }
    Ok((client, server))
}

#[test]
fn a_client_that_offers_the_hybrid_group_gets_it() {
    let listeners = listeners(&[
        (TlsProfile::Intermediate, TlsClients::Off),
        (TlsProfile::Modern, TlsClients::Off),
    ]);
    // A client sends its share for the first that it offers; the library asks for no second round where it knows the share.
    let offers: [(&[&'static dyn SupportedKxGroup], NamedGroup); 4] = [
        (
            &[kx_group::X25519MLKEM768, kx_group::X25519],
            NamedGroup::X25519MLKEM768,
        ),
        (&[kx_group::X25519MLKEM768], NamedGroup::X25519MLKEM768),
        (&[kx_group::X25519, kx_group::SECP256R1], NamedGroup::X25519),
        (&[kx_group::SECP384R1], NamedGroup::secp384r1),
    ];
    for (offered, expected) in offers {
        for number in 0..2 {
            let (_, server) = shake(&client(offered, &NEW), listeners.serving(number).unwrap().config(false)).unwrap();
            let group = server.negotiated_key_exchange_group().map(SupportedKxGroup::name);
            assert_eq!(group, Some(expected));
        }
    }
}

#[test]
fn modern_is_tls_1_3_alone() {
    let all = default_provider().kx_groups;
    let listeners = listeners(&[
        (TlsProfile::Intermediate, TlsClients::Off),
        (TlsProfile::Modern, TlsClients::Off),
    ]);
    let version = |listener, versions| {
        let shaken = shake(
            &client(&all, versions),
            listeners.serving(listener).unwrap().config(false),
        );
        shaken.map(|(_, server)| server.protocol_version().unwrap())
    };
    assert_eq!(version(0, &OLD).unwrap(), ProtocolVersion::TLSv1_2);
    assert_eq!(version(0, &NEW).unwrap(), ProtocolVersion::TLSv1_3);
    assert_eq!(version(1, &NEW).unwrap(), ProtocolVersion::TLSv1_3);
    assert!(matches!(version(1, &OLD), Err(Error::PeerIncompatible(_))));
}

#[test]
fn a_ticket_of_one_listener_is_worth_nothing_at_another() {
    for versions in [&NEW, &OLD] {
        let listeners = listeners(&[
            (TlsProfile::Intermediate, TlsClients::Off),
            (TlsProfile::Intermediate, TlsClients::Off),
            (TlsProfile::Intermediate, TlsClients::Required),
            (TlsProfile::Intermediate, TlsClients::Optional),
        ]);
        let client = client(&default_provider().kx_groups, versions);
        let kind = |listener| {
            let shaken = shake(&client, listeners.serving(listener).unwrap().config(false));
            shaken.map(|(client, _)| client.handshake_kind().unwrap())
        };
        assert_eq!(kind(0).unwrap(), HandshakeKind::Full);
        assert_eq!(kind(0).unwrap(), HandshakeKind::Resumed, "the twin");
        assert_eq!(kind(1).unwrap(), HandshakeKind::Full);
        assert_eq!(
            kind(0).unwrap(),
            HandshakeKind::Full,
            "what it holds now is of the other"
        );
        assert!(kind(2).is_err(), "it shows no certificate");
        assert_eq!(kind(3).unwrap(), HandshakeKind::Full);
        assert_eq!(
            kind(3).unwrap(),
            HandshakeKind::Full,
            "who may show a certificate is verified anew"
        );
    }
}

#[test]
fn tickets_outlive_a_change_of_certificates() {
    let listeners = listeners(&[(TlsProfile::Intermediate, TlsClients::Off)]);
    let client = client(&default_provider().kx_groups, &NEW);
    shake(&client, listeners.serving(0).unwrap().config(false)).unwrap();
    assert_eq!(listeners.set(&[material("")]), Ok(1));
    let (client, _) = shake(&client, listeners.serving(0).unwrap().config(false)).unwrap();
    assert_eq!(client.handshake_kind(), Some(HandshakeKind::Resumed));
}

#[test]
fn a_list_that_cannot_be_read_is_blamed_itself() {
    let listen = [listen(TlsProfile::Modern, TlsClients::Required)];
    let pair = json!({"chain": CHAIN, "key": KEY});
    let handed = json!({"certificates": [pair], "authorities": AUTHORITY, "revoked": UNNUMBERED});
    let refused = Listeners::new(&listen, &[serde_json::from_value(handed).unwrap()]).err();
    assert!(refused.is_some_and(|why| why.starts_with("/0/revoked: ")));
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let plain = Listen {
        address: "127.0.0.1:80".parse().unwrap(),
        tls: None,
    };
    let secret = listen(TlsProfile::Modern, TlsClients::Required);
    let found = |material: Vec<Option<Material>>| match Listeners::new(&[plain, secret], &material) {
        Err(why) => why,
        Ok(_) => panic!("it was taken"),
    };
    assert_eq!(found(vec![]), "/1: found nothing, expected certificates");
    let both = found(vec![material(AUTHORITY), material(AUTHORITY)]);
    assert_eq!(both, "/0: found certificates, expected none: it speaks plain text");
    assert_eq!(found(vec![None, None, None]), ": found 3 listeners, expected 2");
    assert!(found(vec![None, material("")]).starts_with("/1/authorities: "));
    let good = Listeners::new(&[plain, secret], &[None, material(AUTHORITY)]).unwrap();
    let before = good.serving(1).unwrap().config(false);
    assert!(good.set(&[None, material("")]).is_err());
    assert!(
        Arc::ptr_eq(&before, &good.serving(1).unwrap().config(false)),
        "the old ones stay"
    );
    assert!(good.serving(0).is_none());
    let shown: Vec<_> = good
        .shown()
        .into_iter()
        .map(|(at, number, shown)| (at, number, shown.name))
        .collect();
    assert_eq!(shown, [("127.0.0.1:443".to_owned(), 0, "shop.example".to_owned())]);
}

/// What a listener that asks for certificates is handed, with this list of revoked ones.
fn revoking(revoked: &str) -> Option<Material> {
    let pair = json!({"chain": CHAIN, "key": KEY});
    serde_json::from_value(json!({"certificates": [pair], "authorities": AUTHORITY, "revoked": revoked})).unwrap()
}

#[test]
fn a_list_of_revoked_certificates_that_holds_none_is_refused() {
    let listeners = listeners(&[(TlsProfile::Modern, TlsClients::Required)]);
    assert_eq!(listeners.set(&[revoking(REVOKED)]), Ok(1), "the twin");
    let before = listeners.serving(0).unwrap();
    for (text, why) in [
        ("", "/0/revoked: found no list"),
        (" \n", "/0/revoked: found no list"),
        ("gone", "/0/revoked: found no list"),
        (AUTHORITY, "/0/revoked: found no list"),
        ("-----BEGIN X509 CRL-----\n", "/0/revoked: not PEM"),
    ] {
        let refused = listeners.set(&[revoking(text)]).unwrap_err();
        assert!(refused.starts_with(why), "{refused}");
    }
    let now = listeners.serving(0).unwrap();
    assert!(Arc::ptr_eq(&before, &now), "the old list stays");
}

#[test]
fn who_was_believed_by_another_list_is_not_any_more() {
    let listeners = listeners(&[(TlsProfile::Modern, TlsClients::Required)]);
    let before = listeners.serving(0).unwrap().trust;
    listeners.set(&[material(AUTHORITY)]).unwrap();
    assert!(listeners.holds(before), "only the certificate is new");
    listeners.set(&[revoking(REVOKED)]).unwrap();
    assert!(!listeners.holds(before));
    let after = listeners.serving(0).unwrap().trust;
    listeners.set(&[material(AUTHORITY)]).unwrap();
    assert!(!listeners.holds(after) && !listeners.holds(before));
}

#[test]
fn what_no_handshake_can_be_answered_with_is_told_by_listener() {
    let secret = listen(TlsProfile::Modern, TlsClients::Off);
    let pair = |chain: &str| json!({"certificates": [{"chain": chain, "key": KEY}]});
    let told = |material: serde_json::Value| match check(&[secret, secret], &material.to_string()) {
        Ok(()) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| (fault.pointer, fault.found)).collect(),
    };
    let at = |number: usize, found: &str| (format!("/gateway/listen/{number}"), found.to_owned());
    assert_eq!(told(json!([pair(CHAIN), pair(CHAIN)])), []);
    let both = told(json!([pair(&CHAIN.replace("CERTIFICATE", "X509 CERTIFICATE"))]));
    let nothing = at(1, "found nothing, expected certificates");
    assert_eq!(both, [at(0, "certificates/0: the chain is empty"), nothing]);
    let other = told(json!(KEY));
    assert_eq!(other.len(), 1);
    assert!(other.iter().all(|(_, found)| !found.contains("PRIVATE")));
}
