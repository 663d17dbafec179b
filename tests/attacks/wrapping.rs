//! Signature wrapping, generated. For each signed message: every subtree, at every place, in every way of moving it
//! there; then random sequences of such steps.

use octroi_saml::issue::SignWhat;
use octroi_saml::response::AcceptedAssertion;
use proptest::prelude::*;

use crate::message::{FORGED, PERSON, SIGNED, accept, assert_signed, response, signers};
use crate::text::{Span, elements, inserted, places, replaced, with_all_namespaces};

/// How a subtree and a place make an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The subtree goes to the place.
    Move,
    /// A copy goes to the place.
    Duplicate,
    /// A forged copy goes to the place; the original stays.
    InsertForged,
    /// A forged copy takes the subtree's place; the original goes to the place (XSW1–8).
    Displace,
    /// As before; the forged copy has lost its Signature.
    DisplaceUnsigned,
    /// As before; the forged copy has another ID as well.
    DisplaceRenamed,
    /// A forged copy goes to the place, and holds the original in a wrapper.
    Swallow,
}

const WAYS: [Way; 7] = [
    Way::Move,
    Way::Duplicate,
    Way::InsertForged,
    Way::Displace,
    Way::DisplaceUnsigned,
    Way::DisplaceRenamed,
    Way::Swallow,
];

/// Wrappers that the schema lets hold anything (W2).
const WRAPPERS: [(&str, &str); 6] = [
    ("<samlp:Extensions>", "</samlp:Extensions>"),
    ("<saml:Advice>", "</saml:Advice>"),
    ("<ds:Object>", "</ds:Object>"),
    ("<samlp:StatusDetail>", "</samlp:StatusDetail>"),
    (
        "<saml:Attribute Name=\"x\"><saml:AttributeValue>",
        "</saml:AttributeValue></saml:Attribute>",
    ),
    ("<x xmlns=\"urn:x\">", "</x>"),
];

fn forged(subtree: &str) -> String {
    subtree.replace(PERSON, FORGED)
}

fn without_signatures(subtree: &str) -> String {
    let mut text = subtree.to_owned();
    while let Some(signature) = elements(&text)
        .into_iter()
        .find(|span| span.name.ends_with("Signature") && span.whole.start > 0)
    {
        text = replaced(&text, signature.whole, "");
    }
    text
}

fn renamed(subtree: &str) -> String {
    subtree.replace(" ID=\"_", " ID=\"_evil")
}

/// The attacked text, or `None` where the way makes no sense (a place inside what is moved).
fn attack(text: &str, span: &Span, place: usize, way: Way, wrapper: usize) -> Option<String> {
    let subtree = &text[span.whole.clone()];
    let inside = span.whole.start < place && place < span.whole.end;
    let removed_then = |replacement: &str, at: &str| {
        // Insert at the place, then replace the subtree, whichever comes first in the text.
        if place >= span.whole.end {
            replaced(&inserted(text, place, at), span.whole.clone(), replacement)
        } else {
            let shifted = span.whole.start + at.len()..span.whole.end + at.len();
            replaced(&inserted(text, place, at), shifted, replacement)
        }
    };
    let (open, close) = WRAPPERS[wrapper % WRAPPERS.len()];
    let hidden = format!("{open}{subtree}{close}");
    Some(match way {
        Way::Duplicate => inserted(text, place, subtree),
        Way::InsertForged => inserted(text, place, &forged(&without_signatures(subtree))),
        Way::Swallow => {
            let forged = forged(&renamed(&without_signatures(subtree)));
            let end = forged.rfind("</")?;
            inserted(text, place, &inserted(&forged, end, &hidden))
        }
        _ if inside => return None,
        Way::Move => removed_then("", subtree),
        Way::Displace => removed_then(&forged(subtree), subtree),
        Way::DisplaceUnsigned => removed_then(&forged(&without_signatures(subtree)), &hidden),
        Way::DisplaceRenamed => {
            removed_then(&forged(&renamed(&without_signatures(subtree))), &hidden)
        }
    })
}

struct Target {
    sign: SignWhat,
    text: String,
    honest: AcceptedAssertion,
}

fn target(sign: SignWhat) -> Target {
    let text = with_all_namespaces(&response(sign, PERSON, &signers().portal));
    let honest = accept(&text).unwrap();
    Target { sign, text, honest }
}

impl Target {
    /// The invariant. True when the message was accepted (and then says what was signed).
    fn holds(&self, xml: &str) -> bool {
        match accept(xml) {
            Ok(accepted) => {
                assert_signed(&accepted, &self.honest, self.sign, xml);
                true
            }
            Err(_) => false,
        }
    }
}

#[test]
fn every_subtree_at_every_place_in_every_way() {
    for sign in SIGNED {
        let target = target(sign);
        let spans = elements(&target.text);
        let places = places(&target.text);
        let (mut attacks, mut accepted) = (0, 0);
        for (number, span) in spans.iter().enumerate() {
            for (step, place) in places.iter().enumerate() {
                for way in WAYS {
                    let Some(xml) = attack(&target.text, span, *place, way, number + step) else {
                        continue;
                    };
                    attacks += 1;
                    accepted += usize::from(target.holds(&xml));
                }
            }
        }
        assert!(attacks > 15_000, "{sign:?}: only {attacks} attacks");
        // Moving nothing anywhere (an element put where it is) leaves the message as it was, so some are accepted.
        assert!(
            accepted > 0 && accepted < attacks / 20,
            "{sign:?}: {accepted} of {attacks}"
        );
    }
}

#[test]
fn the_whole_response_inside_a_forged_one() {
    for sign in SIGNED {
        let target = target(sign);
        let evil = with_all_namespaces(&without_signatures(&renamed(&response(
            SignWhat::Assertion,
            FORGED,
            &signers().stranger,
        ))));
        for (open, close) in WRAPPERS {
            for place in places(&evil) {
                let xml = inserted(&evil, place, &format!("{open}{}{close}", target.text));
                assert!(
                    !target.holds(&xml),
                    "a forged Response was accepted:\n{xml}"
                );
            }
        }
    }
}

#[test]
fn parts_of_two_signed_messages_do_not_mix() {
    // The portal signs two people; an attacker who may be the one wants to be the other.
    for sign in SIGNED {
        let target = target(sign);
        let other = with_all_namespaces(&response(sign, FORGED, &signers().portal));
        let theirs = elements(&other);
        for (own, their) in elements(&target.text).iter().zip(&theirs) {
            let xml = replaced(&target.text, own.whole.clone(), &other[their.whole.clone()]);
            if let Ok(accepted) = accept(&xml) {
                let person = accepted.name_id.unwrap().value;
                let all = |text: &str| accepted.attributes[0].values == [text.to_owned()];
                assert!(all(&person), "two people in one:\n{xml}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Up to four steps, each on what the step before left.
    #[test]
    fn sequences_of_steps(
        which in 0..SIGNED.len(),
        steps in proptest::collection::vec((any::<usize>(), any::<usize>(), 0..WAYS.len(), any::<usize>()), 1..=4),
    ) {
        let target = target(SIGNED[which]);
        let mut xml = target.text.clone();
        for (span, place, way, wrapper) in steps {
            let spans = elements(&xml);
            let places = places(&xml);
            let span = &spans[span % spans.len()];
            if let Some(next) = attack(&xml, span, places[place % places.len()], WAYS[way], wrapper) {
                // A root moved into itself leaves no document.
                if next.starts_with('<') && next.len() < 200_000 {
                    xml = next;
                }
            }
        }
        target.holds(&xml);
    }
}
