//! The configuration: any text is read to settings and a list of problems, and reading it twice says the same.

use std::path::Path;

use octroi::config::Settings;

/// Reading ends, and is the same each time.
pub fn body(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    let file = Path::new("octroi.toml");
    let (_, problems) = Settings::read(file, text);
    let (_, again) = Settings::read(file, text);
    let told = |problems: &octroi::config::Problems| -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    };
    assert_eq!(told(&problems), told(&again));
    if text.trim().is_empty() {
        assert!(problems.has_errors(), "an empty configuration cannot run");
    }
}
