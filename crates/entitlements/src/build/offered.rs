//! The index of what schools offer, by school and resource together: the one step between a question and its licences.
//!
//! It says nothing that the offers themselves do not say.

use super::Work;
use super::index;
use super::report::BuildError;
use crate::ark;
use crate::format::Section;
use crate::format::fingerprint::{Domain, of_offer};
use crate::format::records::{Establishment, Offer, Offered, Packed, Resource};

/// The section, once schools, resources and offers are written.
pub(crate) fn index(work: &Work<'_>) -> Result<Vec<u8>, BuildError> {
    let octets = |section: Section| work.sections.octets(section);
    let schools = octets(Section::Establishments).chunks_exact(Establishment::SIZE);
    let offers: Vec<Offer> = octets(Section::Offers)
        .chunks_exact(Offer::SIZE)
        .filter_map(Offer::read)
        .collect();
    let resources: Vec<u128> = octets(Section::Resources)
        .chunks_exact(Resource::SIZE)
        .filter_map(Resource::read)
        .map(|resource| {
            let id = work.texts.get(resource.id_text);
            work.key(Domain::Resource, "", ark::name(id).unwrap_or(id))
        })
        .collect();
    let mut keys = Vec::with_capacity(offers.len());
    let mut offered = Vec::with_capacity(offers.len());
    for (establishment, school) in (0..).zip(schools.filter_map(Establishment::read)) {
        let uai = work.texts.get(school.uai_text);
        let school_key = work.key(Domain::Establishment, "", uai);
        let start = school.first_offer as usize;
        let offers = &offers[start..start + school.offers as usize];
        let mut first = school.first_offer;
        for run in offers.chunk_by(|a, b| a.resource == b.resource) {
            keys.push(of_offer(school_key, resources[run[0].resource as usize]));
            offered.push(Offered::of(establishment, first, run));
            first += run.len() as u32;
        }
    }
    index::fill(&keys, |n| offered[n as usize])
}
