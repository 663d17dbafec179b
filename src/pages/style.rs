//! The one style sheet: neutral, readable without it, dark or light as the person's system says.
//!
//! Its name holds the hash of its content, so that browsers may keep it for ever.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The style sheet.
pub const CSS: &str = include_str!("assets/octroi.css");

/// The icon.
pub const ICON: &str = include_str!("assets/octroi.svg");

/// The path of the icon.
pub const ICON_PATH: &str = "/assets/octroi.svg";

static INTEGRITY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "sha256-{}",
        STANDARD.encode(digest(&SHA256, CSS.as_bytes()))
    )
});

static PATH: LazyLock<String> = LazyLock::new(|| {
    let hash = digest(&SHA256, CSS.as_bytes());
    let name: String = hash
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("/assets/octroi-{name}.css")
});

/// The path of the style sheet, such as `/assets/octroi-0123456789abcdef.css`.
#[must_use]
pub fn path() -> &'static str {
    &PATH
}

/// What the browser demands of its content (subresource integrity, S1).
#[must_use]
pub fn integrity() -> &'static str {
    &INTEGRITY
}
