//! `POST /saml/acs`: a portal's Response, through every stage to the publisher.

use super::admit::{Intent, admit};
use super::engine::{Access, Traces};
use super::hand_over::{self, Wanted};
use super::receive::receive;
use super::refusal::Refusal;
use super::tile::Tile;
use super::verify::verify;
use crate::http::exchange::Outgoing;
use crate::state::flow::Purpose;
use crate::trust::Pinned;

/// Walks the stages.
///
/// # Errors
/// The refusal of the stage that refused.
pub async fn response(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let received = receive(access, traces)?;
    let verified = verify(access, received, traces)?;
    let admitted = admit(access, verified, traces).await?;
    let wanted = match &admitted.purpose {
        Intent::Flow(Purpose::Tile { resource, school }) => {
            Wanted::tile(resource.clone(), school.clone())
        }
        Intent::Flow(Purpose::Publisher(request)) => Wanted::Answer {
            request: (**request).clone(),
        },
        Intent::Named(relay_state) => unsolicited(access.pinned, relay_state),
    };
    let sign_in = hand_over::SignIn::fresh(access, &admitted)?;
    hand_over::hand_over(
        access,
        &admitted.identity,
        admitted.portal,
        &wanted,
        Some(sign_in),
        traces,
    )
}

/// What an unsolicited Response's RelayState names: a tile's link of ours, or a resource by its id. Whether there is
/// such a resource is the next stage's question; nothing is ever redirected to it (C19).
fn unsolicited(pinned: &Pinned, relay_state: &str) -> Wanted {
    let link = relay_state
        .strip_prefix(pinned.trust.gateway().base_url.as_str())
        .and_then(|path| path.strip_prefix("/domaineGar?"))
        .and_then(|query| Tile::read(query).ok());
    match link {
        Some(tile) => Wanted::tile(tile.resource, tile.school),
        None => Wanted::tile(relay_state.to_owned(), None),
    }
}
