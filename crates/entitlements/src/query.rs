//! What is asked of a snapshot.

/// May this person use this resource now?
#[derive(Debug, Clone, Copy)]
pub struct Query<'q> {
    /// Code of the ENT project (`idEnt`), decoded: `B0`.
    pub ent: &'q str,
    /// The portal's identifier of the person (`GARPersonIdentifiant`).
    pub person: &'q str,
    /// The resource: a bare ARK, or its `http://n2t.net/ark:…` form.
    pub resource: &'q str,
    /// The school that the tile named (`idEtab`), perhaps with a suffix (`0650499P-ET6`). It only narrows.
    pub school: Option<&'q str>,
    /// The instant of the question, Unix seconds.
    pub at: i64,
}
