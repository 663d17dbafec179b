//! The trail as a whole: what survives, what is noticed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use octroi_saml::Time;

use super::*;
use crate::config::AuditPolicy;
use crate::http::exchange::TraceId;
use crate::observe::metrics::Metrics;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("octroi-audit-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn options(&self, segment_bytes: u64, policy: AuditPolicy) -> Options {
        Options {
            directory: self.0.clone(),
            policy,
            segment_bytes,
            sync: Duration::from_millis(20),
        }
    }

    fn open(&self) -> Audit {
        Audit::open(&self.options(1 << 20, AuditPolicy::Block), now(), metrics()).unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        super::verify::segments(&self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new().unwrap())
}

fn now() -> Time {
    Time::from_unix_seconds(1_795_442_400)
}

fn entry(person: &str) -> AuditEntry<'_> {
    AuditEntry {
        time: now(),
        trace: TraceId::from_bytes([3; 16]),
        event: "granted",
        outcome: Outcome::Done,
        code: None,
        endpoint: "acs",
        portal: Some("ent-b0"),
        publisher: Some("pub-x"),
        resource: Some("ark:/32151/LA.FLE"),
        ent: Some("B0"),
        person: Some(person),
        pseudonym: Some("00ff"),
        upstream_assertion: Some("_a\"<&\u{2028}\n"),
        issued_assertion: Some("_b"),
        generation: 4,
        overlay: 0,
        detail: "",
    }
}

fn write(audit: &Audit, lines: usize) {
    for number in 0..lines {
        audit.record(&entry(&format!("p{number}"))).unwrap();
    }
}

#[test]
fn a_trail_is_whole_and_goes_on_after_a_restart() {
    let folder = Folder::new("restart");
    let audit = folder.open();
    write(&audit, 3);
    let head = audit.head();
    drop(audit);
    let audit = folder.open();
    assert_eq!(audit.head(), head);
    write(&audit, 2);
    let verified = verify(&folder.0, None).unwrap();
    assert!(verified.breaks.is_empty() && !verified.torn, "{verified:?}");
    assert_eq!(
        (verified.lines, verified.first, verified.head),
        (6, 1, audit.head())
    );
    let text = fs::read_to_string(&folder.segments()[0]).unwrap();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["hash"].is_string() && value["seq"].is_u64());
    }
    assert!(text.contains("\"upstream\":\"_a\\\"<&\u{2028}\\n\""));
    assert!(!text.contains("\"code\""));
}

#[test]
fn segments_follow_each_other_and_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("segments");
    let audit = Audit::open(&folder.options(1000, AuditPolicy::Block), now(), metrics()).unwrap();
    write(&audit, 20);
    assert!(folder.segments().len() > 3);
    for segment in folder.segments() {
        assert_eq!(
            fs::metadata(&segment).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let verified = verify(&folder.0, None).unwrap();
    assert!(verified.breaks.is_empty(), "{verified:?}");
    // Old segments may be archived: what is left is still a whole chain.
    fs::remove_file(&folder.segments()[0]).unwrap();
    let verified = verify(&folder.0, None).unwrap();
    assert!(
        verified.breaks.is_empty() && verified.first > 1,
        "{verified:?}"
    );
    // One taken from the middle is noticed.
    fs::remove_file(&folder.segments()[1]).unwrap();
    assert_eq!(verify(&folder.0, None).unwrap().breaks.len(), 1);
}

/// Waits until something is so.
fn until(what: impl Fn() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(std::time::Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_next_segment_is_made_beforehand_and_goes_when_it_is_not_needed() {
    let folder = Folder::new("beforehand");
    let next = folder.0.join("next");
    let audit = Audit::open(&folder.options(4000, AuditPolicy::Block), now(), metrics()).unwrap();
    write(&audit, 1);
    for segments in 1..5 {
        while fs::metadata(folder.segments().last().unwrap())
            .unwrap()
            .len()
            < 2500
        {
            assert_eq!(folder.segments().len(), segments);
            write(&audit, 1);
        }
        until(|| next.exists());
        while folder.segments().len() == segments {
            write(&audit, 1);
        }
        assert!(!next.exists(), "it is the segment now");
    }
    while fs::metadata(folder.segments().last().unwrap())
        .unwrap()
        .len()
        < 2500
    {
        write(&audit, 1);
    }
    until(|| next.exists());
    let head = audit.head();
    drop(audit);
    assert!(!next.exists());
    let verified = verify(&folder.0, Some(&head.hash.to_string())).unwrap();
    assert!(verified.breaks.is_empty() && !verified.torn, "{verified:?}");
    assert_eq!((verified.head, verified.segments), (head, 5));
}

#[test]
fn nothing_that_stands_under_a_name_is_written_over() {
    let folder = Folder::new("taken");
    let audit = Audit::open(&folder.options(4000, AuditPolicy::Block), now(), metrics()).unwrap();
    // Under every name that the next segment may have.
    while audit.head().sequence < 40 {
        let name = super::trail::segment_name(audit.head().sequence + 1);
        let path = folder.0.join(name);
        if !path.exists() {
            fs::write(&path, "theirs").unwrap();
        }
        write(&audit, 1);
        std::thread::sleep(Duration::from_millis(5));
    }
    let theirs = folder.segments().into_iter().skip(1);
    assert!(
        theirs
            .map(|path| fs::read(path).unwrap())
            .all(|octets| octets == b"theirs")
    );
    // The name is free again: the trail goes on there.
    for path in folder.segments().into_iter().skip(1) {
        fs::remove_file(path).unwrap();
    }
    write(&audit, 2);
    assert_eq!(folder.segments().len(), 2);
    let verified = verify(&folder.0, None).unwrap();
    assert!(verified.breaks.is_empty() && !verified.torn, "{verified:?}");
}

#[test]
fn after_an_altered_number_a_trail_goes_on_and_can_be_opened_again() {
    for number in [0, 2, 1 << 59, u64::MAX - 1, u64::MAX] {
        let folder = Folder::new("number");
        let options = folder.options(4000, AuditPolicy::Block);
        let audit = Audit::open(&options, now(), metrics()).unwrap();
        while folder.segments().len() < 2 {
            write(&audit, 1);
        }
        write(&audit, 2);
        drop(audit);
        let last = folder.segments().pop().unwrap();
        let text = fs::read_to_string(&last).unwrap();
        let (before, line) = text.trim_end().rsplit_once("\"seq\":").unwrap();
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        fs::write(&last, format!("{before}\"seq\":{number}{rest}\n")).unwrap();
        // Nor does a name that is not a segment's count as one.
        fs::write(folder.0.join("audit-x.jsonl"), "{}\n").unwrap();
        fs::write(folder.0.join(format!("audit-{}.jsonl", u64::MAX)), "{}\n").unwrap();
        for start in 1..4 {
            let audit = Audit::open(&options, now(), metrics()).unwrap();
            write(&audit, 1);
            // The first start begins a new segment, the others go on with it.
            assert_eq!(folder.segments().len(), 4, "{number}, start {start}");
            assert_eq!(folder.segments()[1], last);
        }
        let verified = verify(&folder.0, None).unwrap();
        assert_eq!(
            verified.breaks.first().map(|found| &found.segment),
            Some(&last)
        );
    }
}

#[test]
fn a_name_at_the_end_of_all_numbers_does_not_keep_a_trail_from_being_opened() {
    for number in [1 << 60, (1 << 60) + 1, (1 << 60) - 1] {
        let folder = Folder::new("end");
        write(&folder.open(), 3);
        let foreign = folder.0.join(super::trail::segment_name(number));
        fs::write(&foreign, "{}\n").unwrap();
        for _ in 0..3 {
            write(&folder.open(), 2);
        }
        assert_eq!(fs::read(&foreign).unwrap(), b"{}\n");
        let verified = verify(&folder.0, None).unwrap();
        assert!(!verified.breaks.is_empty());
    }
}

#[test]
fn a_segment_that_had_not_begun_is_put_away() {
    let folder = Folder::new("next");
    let audit = folder.open();
    write(&audit, 3);
    let head = audit.head();
    drop(audit);
    let next = folder.0.join("next");
    for (found, kept) in [("", false), ("lines without a name", true)] {
        fs::write(&next, found).unwrap();
        assert_eq!(folder.open().head(), head);
        assert!(!next.exists());
        assert_eq!(folder.0.join("next.torn-1").exists(), kept);
    }
    assert!(verify(&folder.0, None).unwrap().breaks.is_empty());
}

#[test]
fn a_torn_line_is_set_aside_and_the_chain_goes_on() {
    let folder = Folder::new("torn");
    let audit = folder.open();
    write(&audit, 3);
    let head = audit.head();
    drop(audit);
    let segment = folder.segments()[0].clone();
    let whole = fs::read(&segment).unwrap();
    for keep in [1, 40, 200] {
        let mut torn = whole.clone();
        torn.extend_from_slice(&whole[whole.len() - 300..][..keep]);
        fs::write(&segment, &torn).unwrap();
        assert!(verify(&folder.0, None).unwrap().torn);
        let audit = folder.open();
        assert_eq!(audit.head(), head);
        write(&audit, 1);
        drop(audit);
        let verified = verify(&folder.0, None).unwrap();
        assert!(verified.breaks.is_empty() && !verified.torn, "{verified:?}");
        fs::write(&segment, &whole).unwrap();
    }
    let aside = fs::read_dir(&folder.0).unwrap().filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("torn")
    });
    assert_eq!(aside.count(), 3);
}

#[test]
fn a_segment_without_a_whole_line_is_set_aside() {
    let folder = Folder::new("torn-opening");
    let audit = folder.open();
    write(&audit, 2);
    let head = audit.head();
    drop(audit);
    fs::write(
        folder.0.join("audit-00000000000000000004.jsonl"),
        b"{\"seq\":4",
    )
    .unwrap();
    let audit = folder.open();
    assert_eq!(audit.head(), head);
    write(&audit, 1);
    assert!(verify(&folder.0, None).unwrap().breaks.is_empty());
}

#[test]
fn every_alteration_is_noticed_and_named() {
    let folder = Folder::new("altered");
    let audit = folder.open();
    write(&audit, 4);
    drop(audit);
    let segment = folder.segments()[0].clone();
    let text = fs::read_to_string(&segment).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let noted = super::line::split(lines[2].as_bytes())
        .unwrap()
        .1
        .to_string();
    assert_eq!(
        verify(&folder.0, Some(&noted)).unwrap().head_found,
        Some(true)
    );
    assert_eq!(
        verify(&folder.0, Some(&"0".repeat(64))).unwrap().head_found,
        Some(false)
    );
    assert_eq!(
        verify(&folder.0, Some("x")).unwrap().head_found,
        Some(false)
    );
    let altered = |lines: &[&str]| {
        fs::write(&segment, lines.join("\n") + "\n").unwrap();
        verify(&folder.0, None).unwrap()
    };
    assert!(altered(&lines).breaks.is_empty());
    let changed = lines[2].replace("\"p1\"", "\"p9\"");
    let one_break = |verified: &Verified, line| {
        assert_eq!(verified.breaks.len(), 1, "{verified:?}");
        assert_eq!(verified.breaks[0].line, line);
    };
    one_break(
        &altered(&[lines[0], lines[1], &changed, lines[3], lines[4]]),
        3,
    );
    one_break(&altered(&[lines[0], lines[1], lines[3], lines[4]]), 3);
    assert_eq!(
        altered(&[lines[0], lines[2], lines[1], lines[3], lines[4]])
            .breaks
            .len(),
        3
    );
    assert!(
        !altered(&[lines[0], lines[1], "", lines[2]])
            .breaks
            .is_empty()
    );

    // An altered trail is an alarm at start, and a new segment begins behind it.
    altered(&[lines[0], lines[1], &changed, lines[3], lines[4]]);
    let metrics = metrics();
    let audit = Audit::open(
        &folder.options(1 << 20, AuditPolicy::Block),
        now(),
        Arc::clone(&metrics),
    )
    .unwrap();
    assert_eq!(metrics.service.audit_chain_broken.get(), 1);
    write(&audit, 2);
    assert_eq!(folder.segments().len(), 2);
    one_break(&verify(&folder.0, None).unwrap(), 3);
}

#[test]
fn two_processes_never_write_one_trail() {
    let folder = Folder::new("lock");
    let _audit = folder.open();
    let second = Audit::open(
        &folder.options(1 << 20, AuditPolicy::Block),
        now(),
        metrics(),
    );
    assert!(matches!(second, Err(AuditError::Locked(_))));
}

#[test]
fn what_cannot_be_written_blocks_or_is_counted_as_policy_says() {
    let long = "x".repeat(70_000);
    for policy in [AuditPolicy::Block, AuditPolicy::Drop] {
        let folder = Folder::new(if policy == AuditPolicy::Block {
            "block"
        } else {
            "drop"
        });
        let metrics = metrics();
        let audit = Audit::open(
            &folder.options(1 << 20, policy),
            now(),
            Arc::clone(&metrics),
        )
        .unwrap();
        let answer = audit.record(&AuditEntry {
            detail: &long,
            ..entry("p")
        });
        assert_eq!(answer.is_err(), policy == AuditPolicy::Block);
        assert_eq!(metrics.service.audit_errors.get(), 1);
        assert_eq!(
            metrics.service.audit_lost.get(),
            u64::from(policy == AuditPolicy::Drop)
        );
        write(&audit, 1);
        assert!(verify(&folder.0, None).unwrap().breaks.is_empty());
    }
}

#[test]
fn many_threads_make_one_chain() {
    let folder = Folder::new("threads");
    let audit = Audit::open(
        &folder.options(20_000, AuditPolicy::Block),
        now(),
        metrics(),
    )
    .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| write(&audit, 50));
        }
    });
    audit.sync();
    let verified = verify(&folder.0, None).unwrap();
    assert!(verified.breaks.is_empty(), "{verified:?}");
    assert_eq!(verified.lines, 400 + verified.segments as u64);
}

#[test]
fn an_empty_folder_is_a_whole_trail_of_nothing() {
    let folder = Folder::new("empty");
    fs::create_dir(&folder.0).unwrap();
    let verified = verify(&folder.0, None).unwrap();
    assert_eq!((verified.segments, verified.lines), (0, 0));
    assert!(verify(Path::new("/nonexistent"), None).is_err());
}
