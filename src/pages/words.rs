//! What a person is told, by what they can do about it.
//!
//! There are some hundred and fifty refusal codes for operators and some fifteen [`Situation`]s for people:
//! somebody in front of a closed door needs to know whether to try again, to ask the school, or to wait —
//! not which condition of which assertion failed. The code stands on the page for whoever helps.
//!
//! The words name no partner and no person, and never say more than the person may know.

/// The words of one page in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it is.
    pub title: &'static str,
    /// What happened.
    pub what: &'static str,
    /// What the person can do.
    pub remedy: &'static str,
    /// The label of the link to begin anew; empty where that would not help.
    pub action: &'static str,
}

/// What a refused person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Situation {
    /// Begin anew: the sign-in took too long, was repeated, or was lost.
    BeginAnew,
    /// Ask the school: no right to this resource.
    NoRight,
    /// Wait a day, then ask the school: the account is not (yet) known.
    AccountUnknown,
    /// Ask the school: the account was blocked.
    AccountBlocked,
    /// The link does not lead anywhere.
    BadLink,
    /// The portal did not sign the person in.
    NotSignedIn,
    /// A partner's message is not acceptable: only the partners can mend it.
    PartnerMessage,
    /// The portal is closed for now.
    PortalClosed,
    /// The resource or its publisher is closed for now.
    ResourceClosed,
    /// Wait, or ask the school when: the time of the resource, or of its publisher here, has not begun.
    ResourceNotYet,
    /// Ask the school for another: the time of the resource, or of its publisher here, is over.
    ResourceEnded,
    /// Too many at once.
    Busy,
    /// Our own fault.
    OurFault,
    /// Signing out did not work everywhere.
    NotSignedOut,
    /// No such page.
    NoSuchPage,
}

impl Situation {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::BeginAnew,
        Self::NoRight,
        Self::AccountUnknown,
        Self::AccountBlocked,
        Self::BadLink,
        Self::NotSignedIn,
        Self::PartnerMessage,
        Self::PortalClosed,
        Self::ResourceClosed,
        Self::ResourceNotYet,
        Self::ResourceEnded,
        Self::Busy,
        Self::OurFault,
        Self::NotSignedOut,
        Self::NoSuchPage,
    ];

    /// The situation of a refusal code; `None` for a word that is no code of ours.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Some(match code {
            "flow-missing"
            | "form-malformed"
            | "assertion-replayed"
            | "request-answered"
            | "issued-too-long-ago"
            | "assertion-expired"
            | "confirmation-expired"
            | "session-expired"
            | "request-expired"
            | "request-missing"
            | "choice-invalid"
            | "in-response-to-missing"
            | "in-response-to-mismatch"
            | "in-response-to-unexpected"
            | "unsolicited-refused"
            | "decryption-not-allowed"
            | "request-timeout" => Self::BeginAnew,

            "no-subscription"
            | "subscription-expired"
            | "subscription-not-yet"
            | "public-excluded"
            | "not-assigned"
            | "not-in-that-school" => Self::NoRight,

            "unknown-person" | "unknown-ent" | "no-school" | "person-missing"
            | "person-invalid" => Self::AccountUnknown,

            "person-revoked" => Self::AccountBlocked,

            "tile-malformed"
            | "ent-unknown"
            | "resource-unknown"
            | "unknown-resource"
            | "portal-unknown"
            | "publisher-unknown"
            | "publisher-without-resource"
            | "relay-state-too-long"
            | "method-not-allowed"
            | "content-type-unsupported"
            | "body-too-large" => Self::BadLink,

            "status-not-success" | "status-missing" | "force-authn-ignored" | "no-passive" => {
                Self::NotSignedIn
            }

            "portal-disabled" | "portal-metadata-expired" | "no-portal" | "metadata-expired" => {
                Self::PortalClosed
            }

            "publisher-disabled-here"
            | "publisher-disabled"
            | "publisher-metadata-expired"
            | "resource-disabled"
            | "publisher-suspended"
            | "resource-suspended"
            | "encryption-key-missing"
            | "acs-missing" => Self::ResourceClosed,

            "publisher-not-yet" | "resource-not-yet" => Self::ResourceNotYet,

            "publisher-expired" | "resource-expired" => Self::ResourceEnded,

            "too-many-sign-ins" | "overloaded" | "guard-unavailable" | "audit-unavailable" => {
                Self::Busy
            }

            "internal" | "not-issued" | "snapshot-corrupt" => Self::OurFault,

            "logout-malformed" | "logout-expired" | "logout-subject-missing" => Self::NotSignedOut,

            "not-found" => Self::NoSuchPage,

            "ent-missing" | "ent-not-of-portal" | "ent-not-of-flow" => Self::PartnerMessage,
            // Every other check of a message: only whoever wrote the message can mend it.
            other
                if octroi_saml::Check::ALL
                    .iter()
                    .any(|check| check.code() == other) =>
            {
                Self::PartnerMessage
            }
            _ => return None,
        })
    }

    /// The words in French.
    #[must_use]
    pub const fn french(self) -> &'static Words {
        match self {
            Self::BeginAnew => &Words {
                title: "La connexion doit être recommencée",
                what: "La connexion a pris trop de temps, a été répétée ou a été interrompue.",
                remedy: "Recommencez depuis votre portail (ENT). Si cela se répète, vérifiez que votre navigateur accepte les cookies et que l’heure de votre appareil est juste.",
                action: "Recommencer",
            },
            Self::NoRight => &Words {
                title: "Cette ressource ne vous est pas ouverte",
                what: "Vous êtes bien connecté, mais aucun abonnement de votre établissement ne vous donne accès à cette ressource aujourd’hui.",
                remedy: "Demandez à votre établissement si la ressource est bien abonnée et si elle vous a été affectée.",
                action: "Réessayer",
            },
            Self::AccountUnknown => &Words {
                title: "Votre compte n’est pas encore connu ici",
                what: "Votre portail vous a bien connecté, mais votre compte ne figure pas dans l’annuaire qu’il nous transmet.",
                remedy: "Un compte nouveau est en général connu le lendemain. Passé ce délai, adressez-vous à votre établissement.",
                action: "Réessayer",
            },
            Self::AccountBlocked => &Words {
                title: "Votre accès est bloqué",
                what: "Votre portail vous a bien connecté, mais votre accès aux ressources a été bloqué.",
                remedy: "Adressez-vous à votre établissement : lui seul peut demander que l’accès soit rétabli.",
                action: "",
            },
            Self::BadLink => &Words {
                title: "Ce lien ne mène nulle part",
                what: "Le lien que vous avez suivi est incomplet, ou désigne une ressource ou un portail qui n’existe pas ici.",
                remedy: "Ouvrez la ressource depuis votre portail (ENT). Si c’est ce que vous avez fait, signalez-le à votre établissement.",
                action: "",
            },
            Self::NotSignedIn => &Words {
                title: "Votre portail ne vous a pas connecté",
                what: "Votre portail (ENT) a répondu que la connexion n’a pas abouti.",
                remedy: "Connectez-vous à votre portail, puis ouvrez de nouveau la ressource.",
                action: "Recommencer",
            },
            Self::PartnerMessage => &Words {
                title: "L’accès a été refusé pour une raison technique",
                what: "Un message de votre portail ou de l’éditeur n’est pas conforme ; par sécurité, il n’a pas été pris en compte.",
                remedy: "Vous n’y pouvez rien. Réessayez une fois ; si cela se répète, transmettez le code et la référence ci-dessous à votre établissement.",
                action: "Réessayer",
            },
            Self::PortalClosed => &Words {
                title: "Votre portail n’est pas raccordé en ce moment",
                what: "Les accès depuis votre portail (ENT) sont suspendus.",
                remedy: "Réessayez plus tard. Votre portail et nous en sommes informés.",
                action: "Réessayer",
            },
            Self::ResourceClosed => &Words {
                title: "Cette ressource n’est pas accessible en ce moment",
                what: "La ressource ou son éditeur est suspendu.",
                remedy: "Réessayez plus tard. L’éditeur et nous en sommes informés.",
                action: "Réessayer",
            },
            Self::ResourceNotYet => &Words {
                title: "Cette ressource n’est pas encore ouverte",
                what: "L’éditeur proposera cette ressource ici à partir d’une date qui n’est pas encore venue.",
                remedy: "Demandez à votre établissement à partir de quand elle sera ouverte. Réessayer avant n’y changera rien.",
                action: "",
            },
            Self::ResourceEnded => &Words {
                title: "Cette ressource n’est plus proposée",
                what: "La période pendant laquelle l’éditeur proposait cette ressource ici est terminée.",
                remedy: "Réessayer n’y changera rien. Adressez-vous à votre établissement : il peut demander à l’éditeur si elle sera prolongée, ou vous indiquer une autre ressource.",
                action: "",
            },
            Self::Busy => &Words {
                title: "Trop de monde en ce moment",
                what: "Le service reçoit plus de demandes qu’il ne peut en traiter, ou redémarre.",
                remedy: "Attendez quelques secondes, puis recommencez.",
                action: "Recommencer",
            },
            Self::OurFault => &Words {
                title: "Une erreur s’est produite chez nous",
                what: "Le service n’a pas pu traiter votre demande.",
                remedy: "Réessayez ; si cela se répète, transmettez le code et la référence ci-dessous.",
                action: "Réessayer",
            },
            Self::NotSignedOut => &Words {
                title: "La déconnexion n’a pas abouti",
                what: "La demande de déconnexion n’a pas pu être prise en compte.",
                remedy: "Fermez toutes les fenêtres du navigateur, surtout sur un ordinateur partagé.",
                action: "Réessayer",
            },
            Self::NoSuchPage => &Words {
                title: "Cette page n’existe pas",
                what: "L’adresse demandée n’existe pas sur ce service.",
                remedy: "Ouvrez vos ressources depuis votre portail (ENT).",
                action: "",
            },
        }
    }

    /// The words in English.
    #[must_use]
    pub const fn english(self) -> &'static Words {
        match self {
            Self::BeginAnew => &Words {
                title: "Please sign in again",
                what: "The sign-in took too long, was repeated or was interrupted.",
                remedy: "Start again from your portal. If this keeps happening, check that your browser accepts cookies and that your device’s clock is right.",
                action: "Start again",
            },
            Self::NoRight => &Words {
                title: "This resource is not open to you",
                what: "You are signed in, but no subscription of your school gives you access to this resource today.",
                remedy: "Ask your school whether it subscribes to the resource and whether it has been assigned to you.",
                action: "Try again",
            },
            Self::AccountUnknown => &Words {
                title: "Your account is not known here yet",
                what: "Your portal signed you in, but your account is not in the directory that it sends us.",
                remedy: "A new account is usually known the next day. After that, ask your school.",
                action: "Try again",
            },
            Self::AccountBlocked => &Words {
                title: "Your access is blocked",
                what: "Your portal signed you in, but your access to resources has been blocked.",
                remedy: "Ask your school: it can have the access restored.",
                action: "",
            },
            Self::BadLink => &Words {
                title: "This link leads nowhere",
                what: "The link you followed is incomplete, or names a resource or a portal that does not exist here.",
                remedy: "Open the resource from your portal. If that is what you did, tell your school.",
                action: "",
            },
            Self::NotSignedIn => &Words {
                title: "Your portal did not sign you in",
                what: "Your portal answered that the sign-in did not succeed.",
                remedy: "Sign in at your portal, then open the resource again.",
                action: "Start again",
            },
            Self::PartnerMessage => &Words {
                title: "Access was refused for a technical reason",
                what: "A message from your portal or from the publisher is not as it must be; for your security it was not used.",
                remedy: "There is nothing you can mend. Try once more; if it happens again, give the code and the reference below to your school.",
                action: "Try again",
            },
            Self::PortalClosed => &Words {
                title: "Your portal is not connected at the moment",
                what: "Access from your portal is suspended.",
                remedy: "Try again later. Your portal and we have been told.",
                action: "Try again",
            },
            Self::ResourceClosed => &Words {
                title: "This resource is not available at the moment",
                what: "The resource or its publisher is suspended.",
                remedy: "Try again later. The publisher and we have been told.",
                action: "Try again",
            },
            Self::ResourceNotYet => &Words {
                title: "This resource is not open yet",
                what: "The publisher will offer this resource here from a date that has not come yet.",
                remedy: "Ask your school from when it will be open. Trying again before that will not help.",
                action: "",
            },
            Self::ResourceEnded => &Words {
                title: "This resource is no longer offered",
                what: "The time for which the publisher offered this resource here is over.",
                remedy: "Trying again will not help. Ask your school: it can ask the publisher whether the time will be prolonged, or name another resource.",
                action: "",
            },
            Self::Busy => &Words {
                title: "Too many people at once",
                what: "The service receives more requests than it can handle, or is restarting.",
                remedy: "Wait a few seconds, then start again.",
                action: "Start again",
            },
            Self::OurFault => &Words {
                title: "Something went wrong on our side",
                what: "The service could not handle your request.",
                remedy: "Try again; if it happens again, pass on the code and the reference below.",
                action: "Try again",
            },
            Self::NotSignedOut => &Words {
                title: "Signing out did not succeed",
                what: "The request to sign out could not be used.",
                remedy: "Close all windows of the browser, above all on a shared computer.",
                action: "Try again",
            },
            Self::NoSuchPage => &Words {
                title: "There is no such page",
                what: "The address does not exist on this service.",
                remedy: "Open your resources from your portal.",
                action: "",
            },
        }
    }
}

/// The words for a code, French and English. A word that is no code of ours reads as our own fault.
#[must_use]
pub fn words_for(code: &str) -> (&'static Words, &'static Words) {
    let situation = Situation::of(code).unwrap_or(Situation::OurFault);
    (situation.french(), situation.english())
}

macro_rules! page {
    ($name:ident, $title:literal, $what:literal, $remedy:literal) => {
        pub(super) static $name: Words = Words {
            title: $title,
            what: $what,
            remedy: $remedy,
            action: "",
        };
    };
}

page!(
    CHOOSE_PORTAL_FR,
    "Choisissez votre portail",
    "Avec quel portail (ENT) voulez-vous vous connecter ?",
    "Si votre portail n’est pas dans la liste, ouvrez la ressource depuis votre portail."
);
page!(
    CHOOSE_PORTAL_EN,
    "Choose your portal",
    "With which portal do you want to sign in?",
    "If your portal is not on the list, open the resource from your portal."
);
page!(
    CHOOSE_RESOURCE_FR,
    "Choisissez une ressource",
    "Quelle ressource de cet éditeur voulez-vous ouvrir ?",
    "Seules les ressources abonnées pour vous s’ouvriront."
);
page!(
    CHOOSE_RESOURCE_EN,
    "Choose a resource",
    "Which resource of this publisher do you want to open?",
    "Only resources that are subscribed for you will open."
);
page!(
    SIGNED_OUT_FR,
    "Vous êtes déconnecté de ce service",
    "Les prochaines ressources demanderont une nouvelle connexion à votre portail.",
    "Votre portail et les ressources déjà ouvertes peuvent rester connectés : sur un ordinateur partagé, fermez toutes les fenêtres du navigateur."
);
page!(
    SIGNED_OUT_EN,
    "You are signed out of this service",
    "Further resources will ask you to sign in at your portal again.",
    "Your portal and resources already open may still be signed in: on a shared computer, close all windows of the browser."
);
page!(
    INDEX_FR,
    "Accès aux ressources numériques",
    "Ce service vérifie qui demande une ressource numérique et ce que son établissement a souscrit, puis ouvre la ressource avec le moins de données possible.",
    "Il n’y a rien à faire ici : ouvrez vos ressources depuis votre portail (ENT)."
);
page!(
    INDEX_EN,
    "Access to digital resources",
    "This service checks who asks for a digital resource and what their school subscribes to, then opens the resource with as little data as possible.",
    "There is nothing to do here: open your resources from your portal."
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::code::every_code;
    use std::collections::HashSet;

    #[test]
    fn who_comes_after_the_end_is_not_told_to_come_again() {
        for code in ["resource-expired", "publisher-expired"] {
            let (french, english) = words_for(code);
            assert!(french.remedy.contains("votre établissement"), "{code}");
            assert!(english.remedy.contains("your school"), "{code}");
            // Nor is there a link that would do it for them.
            assert_eq!((french.action, english.action), ("", ""), "{code}");
            for wrong in ["plus tard", "suspendu"] {
                assert!(!french.what.contains(wrong) && !french.remedy.contains(wrong));
            }
        }
        assert_eq!(
            Situation::of("resource-suspended"),
            Some(Situation::ResourceClosed)
        );
        assert_eq!(
            Situation::of("resource-not-yet"),
            Some(Situation::ResourceNotYet)
        );
    }

    #[test]
    fn every_code_has_its_situation() {
        for entry in every_code() {
            assert!(
                Situation::of(entry.code).is_some(),
                "{} has no words",
                entry.code
            );
        }
        for code in crate::http::refusal::CODES {
            assert!(Situation::of(code).is_some(), "{code} has no words");
        }
        assert_eq!(Situation::of("no-such-code"), None);
    }

    #[test]
    fn codes_of_the_entitlements_never_read_as_technical() {
        for denied in octroi_entitlements::Denied::ALL {
            assert_ne!(
                Situation::of(denied.code()),
                Some(Situation::PartnerMessage),
                "{}",
                denied.code()
            );
        }
    }

    #[test]
    fn the_words_are_there_and_differ() {
        let mut titles = HashSet::new();
        for situation in Situation::ALL {
            for words in [situation.french(), situation.english()] {
                assert!(titles.insert(words.title));
                for text in [words.what, words.remedy] {
                    assert!(!text.is_empty());
                }
            }
        }
    }
}
