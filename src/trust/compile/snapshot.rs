//! What configuration and directory must agree on. Each may be newer than the other, so nothing here is an
//! error: an access that falls between them is refused with its own code.

use octroi_entitlements::Snapshot;

use crate::config::{Place, Problems, Settings};

/// Tells partners that only one of the two knows.
pub fn compare_with_snapshot(settings: &Settings, snapshot: &Snapshot, problems: &mut Problems) {
    for ident in settings.portals.iter().flat_map(|portal| &portal.idents) {
        if snapshot.ent(ident).is_none() {
            let what = format!("the snapshot has no ENT project \"{}\"", ident.value);
            problems.warning(
                ident.place,
                what,
                "its people are refused until a snapshot has it",
            );
        }
    }
    for publisher in &settings.publishers {
        if snapshot.publisher(&publisher.id).is_none() {
            let what = format!("the snapshot has no publisher \"{}\"", publisher.id.value);
            problems.warning(
                publisher.id.place,
                what,
                "its id must be the one of the directory",
            );
        }
    }
    let missing: Vec<&str> = snapshot
        .publishers()
        .map(|publisher| publisher.id())
        .filter(|id| {
            !settings
                .publishers
                .iter()
                .any(|publisher| publisher.id.value == *id)
        })
        .collect();
    if !missing.is_empty() {
        let shown = missing
            .iter()
            .take(10)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = missing.len().saturating_sub(10);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let what = format!("the snapshot has publishers without a [[publisher]]: {shown}{more}");
        problems.warning(Place::default(), what, "their resources are refused");
    }
}
