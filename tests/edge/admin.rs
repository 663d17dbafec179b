//! The admin listener: what monitoring and balancers read.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::client::{admin, get};
use crate::place::Place;
use crate::reload::begin;

#[tokio::test]
async fn health_status_and_metrics() {
    let place = Place::new();
    let running = begin(&place).await;
    let address = running.admin_address();
    assert_eq!(admin(address, "/livez").await, (200, "ok\n".to_owned()));
    assert_eq!(admin(address, "/readyz").await, (200, "ok\n".to_owned()));
    assert_eq!(admin(address, "/").await.0, 404);

    let (_, status) = admin(address, "/status").await;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["ready"], true);
    assert_eq!(status["snapshot"]["generation"], 1);
    assert_eq!(status["partners"][0]["id"], "ent-exemple");
    assert_eq!(status["partners"][0]["state"], "enabled");

    // A refused access, an unknown path and a sign-in leave their traces.
    let _ = get(running.public_address(), "/domaineGar?idENT=QjA=").await;
    let _ = get(
        running.public_address(),
        "/domaineGar?idENT=QjA=&idRessource=ark:/99999/exemple",
    )
    .await;
    let _ = get(running.public_address(), "/wp-login.php?user=somebody").await;
    let (code, metrics) = admin(address, "/metrics").await;
    assert_eq!(code, 200);
    for line in [
        "octroi_refusals_total{code=\"tile-malformed\",portal=\"none\"} 1",
        "octroi_sign_ins_total{portal=\"ent-exemple\"} 1",
        "octroi_http_requests_total{code=\"404\",method=\"GET\",route=\"unknown\"} 1",
        "octroi_partners{kind=\"portal\",state=\"enabled\"} 1",
        "octroi_snapshot_people 4",
        "octroi_ready 1",
        "octroi_access_duration_seconds_bucket{endpoint=\"tile\",outcome=\"refused\",le=\"0.3\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(
        metrics
            .contains("octroi_certificate_not_after_timestamp_seconds{name=\"tls\",use=\"tls\"}")
    );
    assert!(!metrics.contains("somebody") && !metrics.contains("wp-login"));
    lint(&metrics);
}

/// Prometheus's own linter, where it is installed.
fn lint(metrics: &str) {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
