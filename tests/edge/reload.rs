//! Replacing what is in force while serving: the new when it is good, the old when it is not.

use std::sync::Arc;

use octroi::clock::Clock;
use octroi::http::sockets::Inherited;
use octroi::run::{ReloadError, Running, start};
use octroi_saml::Time;

use crate::NOON;
use crate::client::{admin, connect, get, header, status};
use crate::place::{Place, SAMPLE, SNAPSHOT, p256};

/// A running gateway at noon.
pub async fn begin(place: &Place) -> Arc<Running> {
    let clock = Clock::standing_at(Time::from_unix_seconds(NOON));
    start(&place.config_file(), &mut Inherited::default(), clock)
        .await
        .unwrap()
}

async fn reload(running: &Arc<Running>) -> Result<(), ReloadError> {
    let running = Arc::clone(running);
    tokio::task::spawn_blocking(move || running.reload().map(|_| ()))
        .await
        .unwrap()
}

const TILE: &str = "/domaineGar?idENT=QjA=&idRessource=ark:/99999/exemple";

#[tokio::test]
async fn a_good_configuration_is_taken_and_a_bad_one_leaves_the_old() {
    let place = Place::new();
    let running = begin(&place).await;
    let address = running.public_address();
    assert_eq!(status(&get(address, TILE).await), 303);

    place.config(&SAMPLE.replacen(
        "endpoint.\ndisabled = false",
        "endpoint.\ndisabled = true",
        1,
    ));
    reload(&running).await.unwrap();
    let refused = get(address, TILE).await;
    assert_eq!(status(&refused), 403);
    assert!(refused.contains("portal-disabled"));

    place.config(&SAMPLE.replacen("idents = [\"B0\"]", "idents = [\"B0\"", 1));
    let error = reload(&running).await.unwrap_err();
    assert!(matches!(error, ReloadError::Configuration(_)), "{error}");
    assert!(
        get(address, TILE).await.contains("portal-disabled"),
        "the last good one stays"
    );
    let (_, metrics) = admin(running.admin_address(), "/metrics").await;
    assert!(metrics.contains("octroi_last_reload_success{what=\"configuration\"} 0"));
    assert!(metrics.contains("octroi_reloads_total{result=\"refused\",what=\"configuration\"} 1"));
    let (_, told) = admin(running.admin_address(), "/status").await;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let errors = told["configuration"]["last_refused"]["errors"]
        .as_array()
        .unwrap();
    assert!(
        errors[0].as_str().unwrap().contains("octroi.toml:"),
        "{errors:?}"
    );

    place.config(SAMPLE);
    reload(&running).await.unwrap();
    assert_eq!(status(&get(address, TILE).await), 303);
    let (_, told) = admin(running.admin_address(), "/status").await;
    assert!(!told.contains("octroi.toml:"));
    assert!(running.stop().await);
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections() {
    let place = Place::new();
    let running = begin(&place).await;
    let shown = async || {
        let stream = connect(running.public_address(), &["http/1.1"])
            .await
            .unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    };
    let first = shown().await;
    place.tls(&p256());
    assert_eq!(shown().await, first);
    reload(&running).await.unwrap();
    let second = shown().await;
    assert_ne!(second, first);
    // A key without its certificate is refused, and the pair in force stays.
    place.secret("config/keys/tls.key.pem", &p256().key);
    assert!(reload(&running).await.is_err());
    assert_eq!(shown().await, second);
}

#[tokio::test]
async fn a_new_snapshot_is_taken_and_a_bad_one_leaves_the_old() {
    let place = Place::new();
    place.snapshot(1, 100);
    let running = begin(&place).await;
    let generation = || running.engine().current.pin().snapshot().generation();
    assert_eq!(generation(), 1);
    let again = async || {
        let running = Arc::clone(&running);
        tokio::task::spawn_blocking(move || running.reload_snapshot())
            .await
            .unwrap()
    };
    assert!(!again().await.unwrap());

    let pinned = running.engine().current.pin();
    place.snapshot(2, 90);
    assert!(again().await.unwrap());
    assert_eq!(generation(), 2);
    assert_eq!(
        pinned.snapshot().generation(),
        1,
        "who has begun ends with what it began with"
    );

    let good = std::fs::read(place.path(SNAPSHOT)).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    for file in [&bad[..], &good[..good.len() / 2], b""] {
        std::fs::write(place.path("var/snapshot/next"), file).unwrap();
        std::fs::rename(place.path("var/snapshot/next"), place.path(SNAPSHOT)).unwrap();
        assert!(matches!(again().await, Err(ReloadError::Snapshot { .. })));
        assert!(
            !again().await.unwrap(),
            "the same bad file is not read again"
        );
        assert_eq!(generation(), 2);
    }
    place.snapshot(3, 0);
    let error = again().await.unwrap_err();
    assert!(
        matches!(
            error,
            ReloadError::Shrunken {
                shrink: octroi::store::Shrink {
                    what: "people",
                    before: 94,
                    found: 4,
                    percent: 20,
                },
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(generation(), 2);
    let (_, metrics) = admin(running.admin_address(), "/metrics").await;
    assert!(metrics.contains("octroi_snapshot_generation 2"));
    assert!(metrics.contains("octroi_last_reload_success{what=\"snapshot\"} 0"));

    place.snapshot(4, 95);
    assert!(again().await.unwrap());
    assert_eq!(generation(), 4);
}

#[tokio::test]
async fn stopping_withdraws_readiness_first() {
    let place = Place::new();
    place.config(&SAMPLE.replacen("linger_seconds = 0", "linger_seconds = 1", 1));
    let running = begin(&place).await;
    let stopping = Arc::clone(&running);
    let stop = tokio::spawn(async move { stopping.stop().await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let (code, reasons) = admin(running.admin_address(), "/readyz").await;
    assert_eq!((code, reasons.as_str()), (503, "starting or stopping\n"));
    assert_eq!(admin(running.admin_address(), "/livez").await.0, 200);
    let answer = get(running.public_address(), "/").await;
    assert_eq!(
        status(&answer),
        200,
        "new connections are still taken while the balancer notices"
    );
    assert_eq!(header(&answer, "connection"), None);
    assert!(stop.await.unwrap());
    assert!(
        connect(running.public_address(), &["http/1.1"])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_is_used_stays_used_and_what_is_written_stays_written_after_a_restart() {
    let place = Place::new();
    let running = begin(&place).await;
    let _ = get(running.public_address(), TILE).await;
    let head = running.audit().head();
    assert!(head.sequence >= 2);
    assert!(running.stop().await);
    drop(running);
    // The parts hold locks on their folders until the last task has let go of them.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let running = begin(&place).await;
    assert_eq!(running.audit().head(), head);
    let verified = octroi::observe::audit::verify(&place.path("var/audit"), None).unwrap();
    assert!(verified.breaks.is_empty());
}
