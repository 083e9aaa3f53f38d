use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

/// A directory with a certificate and its key.
struct Pair {
    dir: tempfile::TempDir,
}

impl Pair {
    fn new() -> Self {
        let pair = Self { dir: tempfile::tempdir().expect("a directory") };
        pair.renew(2030);
        pair
    }

    fn certificate(&self) -> PathBuf {
        self.dir.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    /// Writes another pair that holds from 2026 to the beginning of a year.
    fn renew(&self, until: i32) {
        let (certificate, key) = made(until);
        std::fs::write(self.certificate(), certificate).expect("a file");
        std::fs::write(self.key(), key).expect("a file");
    }

    fn read(&self) -> Result<Identity, TlsError> {
        Identity::read(&self.certificate(), &self.key())
    }
}

fn made(until: i32) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["desk.example".to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a time")
}

#[test]
fn a_certificate_tells_how_it_stands_to_the_second() {
    let identity = Pair::new().read().expect("it is whole");
    let ends = at("2030-01-01T00:00:00Z");
    assert_eq!(identity.ends(), ends);
    for (now, expected) in [
        ("2025-12-31T23:59:59.999Z", IdentityState::NotYet { from: at("2026-01-01T00:00:00Z") }),
        ("2026-01-01T00:00:00Z", IdentityState::Fine { until: ends }),
        ("2029-12-18T00:00:00Z", IdentityState::Fine { until: ends }),
        ("2029-12-18T00:00:01Z", IdentityState::EndsSoon { at: ends, days: 13 }),
        ("2030-01-01T00:00:00Z", IdentityState::EndsSoon { at: ends, days: 0 }),
        ("2030-01-01T00:00:00.001Z", IdentityState::Ended { at: ends }),
    ] {
        assert_eq!(identity.state(at(now)), expected, "{now}");
    }
}

#[test]
fn what_cannot_be_used_is_told_by_file_and_way_out() {
    let told = |pair: &Pair| pair.read().expect_err("it cannot be used").to_string();
    let pair = Pair::new();
    let (other, _) = made(2030);
    std::fs::write(pair.certificate(), other).expect("a file");
    assert!(told(&pair).contains("key.pem does not fit the certificate "), "{}", told(&pair));

    std::fs::write(pair.certificate(), "no PEM").expect("a file");
    assert!(told(&pair).contains("certificate.pem has no certificate: it is to be PEM"), "{}", told(&pair));
    pair.renew(2030);
    std::fs::write(pair.key(), std::fs::read(pair.certificate()).expect("it is there")).expect("a file");
    assert!(told(&pair).contains("key.pem has no private key: it is to be PEM"), "{}", told(&pair));
    std::fs::remove_file(pair.key()).expect("it is there");
    assert!(told(&pair).starts_with("cannot read ") && told(&pair).contains("key.pem"), "{}", told(&pair));
    pair.renew(2030);
    std::fs::write(pair.certificate(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .expect("a file");
    assert!(told(&pair).contains("cannot be used"), "{}", told(&pair));
}

#[test]
fn a_new_pair_is_used_and_a_bad_one_keeps_the_old() {
    let pair = Pair::new();
    let identities = Identities::read(pair.certificate(), pair.key()).expect("it is whole");
    std::fs::write(pair.key(), "half a ke").expect("a file");
    identities.reload().expect_err("the key is none");
    assert_eq!(identities.current().ends(), at("2030-01-01T00:00:00Z"));
    pair.renew(2031);
    identities.reload().expect("it is whole");
    assert_eq!(identities.current().ends(), at("2031-01-01T00:00:00Z"));
}
