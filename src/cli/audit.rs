//! `octroi audit verify`: is the chain of the audit trail whole?

use std::path::PathBuf;

use clap::Subcommand;

use super::{Ended, complain, say};
use crate::observe::audit::verify;

/// Read the audit trail back.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Check every line and every link of the chain.
    Verify {
        /// Folder of the segments.
        directory: PathBuf,
        /// The hash that the chain must end with or pass through, noted elsewhere (such as from the log line of a
        /// closed segment).
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

impl Audit {
    pub(super) fn run(&self) -> Ended {
        let Self::Verify { directory, head } = self;
        let verified = match verify(directory, head.as_deref()) {
            Ok(verified) => verified,
            Err(error) => {
                complain(error);
                return Ended::Failed;
            }
        };
        for found in &verified.breaks {
            say(&format!(
                "{}:{}: {}\n",
                found.segment.display(),
                found.line,
                found.error
            ));
        }
        if verified.torn {
            say("the last line is half written: the writer was killed, or is writing now\n");
        }
        let missing = verified.head_found == Some(false);
        if missing {
            say("the hash that was asked for is not in the chain\n");
        }
        let whole = verified.breaks.is_empty() && !missing;
        say(&format!(
            "{}: {}: {} line(s) in {} segment(s), {} to {}, head {}\n",
            directory.display(),
            if whole { "whole" } else { "BROKEN" },
            verified.lines,
            verified.segments,
            verified.first,
            verified.head.sequence,
            verified.head.hash,
        ));
        if whole { Ended::Fine } else { Ended::Refused }
    }
}
