//! What TLS a listener speaks: Mozilla's guidelines 6.0, by name. Anything older than TLS 1.2 is not built into the library.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{cipher_suite as suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use yett_engine::plan::TlsProfile;

const SUITES_13: [SupportedCipherSuite; 3] = [
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS13_CHACHA20_POLY1305_SHA256,
];

const SUITES_12: [SupportedCipherSuite; 6] = [
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// The hybrid group first: what is recorded today must not be read by the quantum computer of tomorrow.
const GROUPS: [&dyn SupportedKxGroup; 4] = [
    kx_group::X25519MLKEM768,
    kx_group::X25519,
    kx_group::SECP256R1,
    kx_group::SECP384R1,
];

/// The provider, named explicitly, with nothing but what the profile allows.
pub(super) fn provider(profile: TlsProfile) -> Arc<CryptoProvider> {
    let mut suites = SUITES_13.to_vec();
    if profile == TlsProfile::Intermediate {
        suites.extend(SUITES_12);
    }
    Arc::new(CryptoProvider {
        cipher_suites: suites,
        kx_groups: GROUPS.to_vec(),
        ..default_provider()
    })
}

pub(super) fn versions(profile: TlsProfile) -> &'static [&'static SupportedProtocolVersion] {
    const BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    match profile {
        TlsProfile::Modern => &BOTH[..1],
        TlsProfile::Intermediate => &BOTH,
    }
}
