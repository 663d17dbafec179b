//! A snapshot as it is asked: with the changes since the build, or bare.

use super::Snapshot;
use crate::Directory;
use crate::overlay::Overlay;

static BARE: Overlay = Overlay::EMPTY;

/// A snapshot with the changes since its build (from a [`Directory`]), or without any (from a [`Snapshot`]).
#[derive(Debug, Clone, Copy)]
pub struct View<'s> {
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) overlay: &'s Overlay,
}

impl<'s> From<&'s Snapshot> for View<'s> {
    fn from(snapshot: &'s Snapshot) -> Self {
        Self {
            snapshot,
            overlay: &BARE,
        }
    }
}

impl<'s> From<&'s Directory> for View<'s> {
    fn from(directory: &'s Directory) -> Self {
        Self {
            snapshot: directory.snapshot(),
            overlay: directory.overlay(),
        }
    }
}
