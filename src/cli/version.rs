//! `octroi version`

use super::{Ended, say};

pub(super) fn run() -> Ended {
    say(concat!(
        env!("CARGO_PKG_NAME"),
        " ",
        env!("CARGO_PKG_VERSION"),
        "\n"
    ));
    Ended::Fine
}
