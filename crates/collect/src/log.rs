//! Counts what is set aside and hands it to the observer. Counts are by rule, element and loss: no names, no values.

use std::collections::BTreeMap;

use crate::error::ImportError;
use crate::rule::{Loss, Observe, Progress, Rule, SetAside};
use crate::scan::Found;
use crate::tables::Origin;

/// Who is told, and what was told so far.
pub(crate) struct Log<'o> {
    observe: &'o mut dyn Observe,
    pub(crate) counts: BTreeMap<(Rule, &'static str, Loss), u64>,
    /// Names of the files of the archive.
    pub(crate) files: Vec<String>,
    pub(crate) progress: Progress,
}

impl<'o> Log<'o> {
    pub(crate) fn new(observe: &'o mut dyn Observe) -> Self {
        Self {
            observe,
            counts: BTreeMap::new(),
            files: Vec::new(),
            progress: Progress::default(),
        }
    }

    /// The number of the file read last.
    pub(crate) fn file(&self) -> u32 {
        self.files.len().saturating_sub(1) as u32
    }

    /// Something was set aside in the file that is being read.
    pub(crate) fn found(&mut self, found: &Found<'_>) -> Result<(), ImportError> {
        let file = self.file();
        self.tell(file, found, false)
    }

    /// Something turned out after all files were read.
    pub(crate) fn late(
        &mut self,
        origin: Origin,
        element: &'static str,
        rule: Rule,
        reason: &str,
        loss: Loss,
        rewritten: &str,
    ) -> Result<(), ImportError> {
        let found = Found {
            at: origin.at,
            element,
            rule,
            reason,
            loss,
            raw: rewritten,
        };
        self.tell(origin.file, &found, true)
    }

    fn tell(&mut self, file: u32, found: &Found<'_>, rewritten: bool) -> Result<(), ImportError> {
        let key = (found.rule, found.element, found.loss);
        *self.counts.entry(key).or_default() += 1;
        let what = SetAside {
            file: self.files.get(file as usize).map_or("", String::as_str),
            offset: found.at.offset,
            record: found.at.record,
            element: found.element,
            rule: found.rule,
            reason: found.reason,
            loss: found.loss,
            raw: found.raw,
            rewritten,
        };
        self.observe.set_aside(&what).map_err(ImportError::observer)
    }

    /// Tells how far the import is.
    pub(crate) fn advance(&mut self) -> Result<(), ImportError> {
        self.observe
            .progress(&self.progress)
            .map_err(ImportError::observer)
    }
}
