//! Figures by name, one file a phase.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Stopped;

/// Figures of a phase.
pub(crate) type Figures = BTreeMap<String, f64>;

/// The folder of all phases' figures.
pub(crate) struct Results(PathBuf);

/// Figures from names and values.
pub(crate) fn figures<const N: usize>(all: [(&str, f64); N]) -> Figures {
    all.into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

impl Results {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub(crate) fn has(&self, phase: &str) -> bool {
        self.0.join(format!("{phase}.json")).exists()
    }

    pub(crate) fn save(&self, phase: &str, figures: &Figures) -> Result<(), Stopped> {
        std::fs::create_dir_all(&self.0)?;
        let text = serde_json::to_string_pretty(figures)?;
        std::fs::write(self.0.join(format!("{phase}.json")), text + "\n")?;
        Ok(())
    }

    /// Every figure that there is. Names are distinct over all phases.
    pub(crate) fn all(&self) -> Result<Figures, Stopped> {
        let mut all = Figures::new();
        for entry in std::fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "json") {
                all.extend(serde_json::from_str::<Figures>(&std::fs::read_to_string(
                    path,
                )?)?);
            }
        }
        Ok(all)
    }
}
