//! Portals' Responses, each made once and used once: many ahead in parallel, or one while the gateway waits.

use std::num::NonZero;
use std::time::Duration;

use bytes::Bytes;
use octroi::clock::system_now;
use octroi::simulate::SystemRandom;
use octroi::simulate::portal::Defect;
use octroi::simulate::portal::write::{Keys, Say, response};
use thiserror::Error;

use crate::place::{Place, Visitor};

/// How long after minting a Response is still young enough: portals give them five minutes.
pub const YOUNG: Duration = Duration::from_secs(280);

/// A Response was not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a Response could not be signed or encrypted")]
pub struct NotMinted;

/// The posted form of a Response for this visitor.
///
/// # Errors
/// [`NotMinted`].
pub fn mint(
    place: &Place,
    visitor: &Visitor,
    in_response_to: Option<&str>,
    relay_state: &str,
) -> Result<Bytes, NotMinted> {
    let player = place
        .players
        .get(visitor.portal)
        .and_then(Option::as_ref)
        .ok_or(NotMinted)?;
    let now = system_now();
    let say = Say {
        style: player.portal.style,
        issuer: &player.portal.entity_id,
        ident: &visitor.ident,
        other_ident: "",
        person: &visitor.person,
        acs: &place.gateway.acs,
        audience: &place.gateway.sp_entity_id,
        in_response_to,
        now,
        signed_in: now.minus(Duration::from_secs(5)),
        defect: Defect::None,
    };
    let keys = Keys {
        own: &player.signer,
        stranger: &place.stranger,
        gateway: &place.gateway.recipient,
    };
    let written = response(&say, &keys, &mut SystemRandom).map_err(|_| NotMinted)?;
    let message = octroi_dsig::base64::encode_to_string(&written.xml);
    let form = form_urlencoded::Serializer::new(String::with_capacity(message.len() + 256))
        .append_pair("SAMLResponse", &message)
        .append_pair("RelayState", relay_state)
        .finish();
    Ok(Bytes::from(form))
}

/// Unsolicited Responses for the visitors in turn, `count` of them, signed on every processor.
///
/// # Errors
/// [`NotMinted`].
pub fn mint_ahead(
    place: &Place,
    visitors: &[Visitor],
    count: usize,
) -> Result<Vec<Bytes>, NotMinted> {
    let threads = std::thread::available_parallelism().map_or(2, NonZero::get);
    let share = count.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count)
            .step_by(share)
            .map(|first| {
                scope.spawn(move || {
                    (first..(first + share).min(count))
                        .map(|n| {
                            let visitor =
                                visitors.get(n % visitors.len().max(1)).ok_or(NotMinted)?;
                            mint(place, visitor, None, &visitor.ark)
                        })
                        .collect::<Result<Vec<_>, _>>()
                })
            })
            .collect();
        let mut all = Vec::with_capacity(count);
        for worker in workers {
            all.extend(worker.join().map_err(|_| NotMinted)??);
        }
        Ok(all)
    })
}
