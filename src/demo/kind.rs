//! The kinds of access that the demo drives: one row of its table each.

use crate::simulate::portal::Defect;
use crate::simulate::tile::Generation;

/// One kind of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A tile, signed in at the portal, posted to the publisher.
    Push(Generation),
    /// A tile, signed in, sent to the resource, whose publisher asks and is answered from the session.
    Pull(Generation),
    /// A portal of the old sort, by tile.
    Legacy,
    /// Encrypted by the portal, by tile.
    EncryptedIn,
    /// Encrypted to the publisher, by tile.
    EncryptedOut,
    /// Begun at the publisher, its request by redirect.
    PublisherRedirect,
    /// Begun at the publisher, its request by post.
    PublisherPost,
    /// Begun at a publisher with one resource, without RelayState.
    OnlyResource,
    /// Begun at a publisher with an opaque RelayState: the person chooses the resource.
    Choice,
    /// Begun at the publisher, which wants a fresh sign-in though there is a session.
    ForceAuthn,
    /// Begun at the publisher, which wants no question asked, with a session.
    Passive,
    /// A Response that nobody asked for, naming a resource.
    PortalFirst,
    /// A second tile of a portal whose sessions may be used again.
    Reuse,
    /// A second tile of a portal whose sessions may not: the portal is asked again.
    NoReuse,
    /// A tile of another portal in the same browser.
    OtherPortal,
    /// Two tiles in two tabs, signed in in the other order.
    TwoTabs,
    /// The portal said goodbye: its session opens nothing any more.
    AfterLogout,
    /// A double click: the same Response posted twice by the same browser.
    DoubleClick,
    /// Refused by a rule of rights.
    Denied(Rule),
    /// Nobody of this identifier.
    UnknownPerson,
    /// The portal got something wrong.
    Defective(Defect),
    /// A Response posted a second time, from another browser.
    Replayed,
    /// A Response posted first by a browser that did not ask.
    Stolen,
    /// A Response that nobody asked for, from a portal that may not.
    Unsolicited,
    /// A publisher that is switched off, by tile.
    DisabledPublisher,
    /// A publisher that is switched off asks itself.
    DisabledPublisherAsks,
    /// A portal that is switched off.
    DisabledPortal,
    /// The publisher wants no question asked and nobody is signed in.
    NoPassive,
    /// A tile to a resource that does not exist.
    UnknownResource,
    /// A tile that cannot be read.
    MalformedTile,
}

/// The rules of rights that refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    NotInThatSchool,
    NoSubscription,
    Expired,
    NotYet,
    OtherPublic,
    NotAssigned,
}

impl Kind {
    /// Every kind, in the order of the table, and how many of it make a demo.
    pub(super) fn all() -> Vec<(Self, usize)> {
        let mut all = vec![
            (Self::Push(Generation::Old), 90),
            (Self::Push(Generation::NoSchool), 90),
            (Self::Push(Generation::Current), 120),
            (Self::Pull(Generation::Old), 50),
            (Self::Pull(Generation::NoSchool), 50),
            (Self::Pull(Generation::Current), 80),
            (Self::PublisherRedirect, 60),
            (Self::PublisherPost, 60),
            (Self::OnlyResource, 20),
            (Self::Choice, 20),
            (Self::ForceAuthn, 20),
            (Self::Passive, 20),
            (Self::PortalFirst, 60),
            (Self::Reuse, 50),
            (Self::NoReuse, 20),
            (Self::OtherPortal, 20),
            (Self::TwoTabs, 20),
            (Self::AfterLogout, 15),
            (Self::Legacy, 50),
            (Self::EncryptedIn, 40),
            (Self::EncryptedOut, 40),
            (Self::DoubleClick, 20),
        ];
        for rule in [
            Rule::NoSubscription,
            Rule::Expired,
            Rule::OtherPublic,
            Rule::NotAssigned,
        ] {
            all.push((Self::Denied(rule), 25));
        }
        all.extend([
            (Self::Denied(Rule::NotYet), 10),
            (Self::Denied(Rule::NotInThatSchool), 20),
        ]);
        all.push((Self::UnknownPerson, 20));
        for defect in Defect::ALL {
            if defect != Defect::None {
                all.push((Self::Defective(defect), 10));
            }
        }
        all.extend([
            (Self::Replayed, 20),
            (Self::Stolen, 10),
            (Self::Unsolicited, 10),
            (Self::DisabledPublisher, 10),
            (Self::DisabledPublisherAsks, 10),
            (Self::DisabledPortal, 10),
            (Self::NoPassive, 10),
            (Self::UnknownResource, 10),
            (Self::MalformedTile, 10),
        ]);
        all
    }

    /// Whether nothing may be granted.
    pub(super) fn is_refused(self) -> bool {
        matches!(
            self,
            Self::Denied(_)
                | Self::UnknownPerson
                | Self::Defective(_)
                | Self::Replayed
                | Self::Stolen
                | Self::Unsolicited
                | Self::DisabledPublisher
                | Self::DisabledPublisherAsks
                | Self::DisabledPortal
                | Self::NoPassive
                | Self::UnknownResource
                | Self::MalformedTile
        )
    }

    /// The words of its row.
    pub(super) fn words(self) -> String {
        match self {
            Self::Push(generation) => format!("tile ({}), push", generation.words()),
            Self::Pull(generation) => format!("tile ({}), pull", generation.words()),
            Self::Legacy => "tile, legacy portal (SHA-1, no InResponseTo)".to_owned(),
            Self::EncryptedIn => "tile, encrypted by the portal".to_owned(),
            Self::EncryptedOut => "tile, encrypted to the publisher".to_owned(),
            Self::PublisherRedirect => "publisher-first, redirect".to_owned(),
            Self::PublisherPost => "publisher-first, post".to_owned(),
            Self::OnlyResource => "publisher-first, only resource".to_owned(),
            Self::Choice => "publisher-first, resource chosen on a page".to_owned(),
            Self::ForceAuthn => "publisher-first, ForceAuthn past a session".to_owned(),
            Self::Passive => "publisher-first, IsPassive with a session".to_owned(),
            Self::PortalFirst => "portal-first (unsolicited)".to_owned(),
            Self::Reuse => "second tile, from the session".to_owned(),
            Self::NoReuse => "second tile, portal asked again".to_owned(),
            Self::OtherPortal => "second tile, of another portal".to_owned(),
            Self::TwoTabs => "two tabs at once".to_owned(),
            Self::AfterLogout => "tile after the portal's logout".to_owned(),
            Self::DoubleClick => "double click: begun anew, one acceptance".to_owned(),
            Self::Denied(rule) => match rule {
                Rule::NotInThatSchool => "not of the school named",
                Rule::NoSubscription => "no subscription",
                Rule::Expired => "subscription expired",
                Rule::NotYet => "subscription not begun",
                Rule::OtherPublic => "subscription for another public",
                Rule::NotAssigned => "licence not assigned",
            }
            .to_owned(),
            Self::UnknownPerson => "unknown person".to_owned(),
            Self::Defective(defect) => format!("assertion: {}", defect.code()),
            Self::Replayed => "assertion replayed from another browser".to_owned(),
            Self::Stolen => "assertion posted by another browser first".to_owned(),
            Self::Unsolicited => "unsolicited where not allowed".to_owned(),
            Self::DisabledPublisher => "publisher switched off, tile".to_owned(),
            Self::DisabledPublisherAsks => "publisher switched off, publisher-first".to_owned(),
            Self::DisabledPortal => "portal switched off".to_owned(),
            Self::NoPassive => "IsPassive without a session".to_owned(),
            Self::UnknownResource => "unknown resource".to_owned(),
            Self::MalformedTile => "malformed tile".to_owned(),
        }
    }
}
