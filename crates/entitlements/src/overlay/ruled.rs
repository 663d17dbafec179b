//! Rules RG1 to RG13 on a subscription that an entry puts, as far as an entry has the fields.
//!
//! They are asked when an entry is made, never when one is read: a log that is signed must stay readable. What an
//! entry cannot say is not asked here: counts (RG1, RG5, RG6) and whether a school is of the first degree (RG11).

use jiff::Timestamp;

use super::change::{Change, SubscriptionPut};
use crate::subscription::{Checker, Context, Fields, Maker, RuleBroken};

impl Change {
    /// Checks the rules of subscriptions, for whoever makes a change; [`Change::check`] has the bounds of each field.
    ///
    /// # Errors
    /// Every rule that a `subscription-put` breaks. Other changes break none.
    pub fn check_rules(&self, checker: &Checker) -> Result<(), Vec<RuleBroken>> {
        match self {
            Self::SubscriptionPut(put) => put.check_rules(checker),
            _ => Ok(()),
        }
    }
}

impl SubscriptionPut {
    fn check_rules(&self, checker: &Checker) -> Result<(), Vec<RuleBroken>> {
        let [from, until] = [self.from, self.until].map(instant);
        let schools: Vec<&str> = self.schools.iter().map(String::as_str).collect();
        let fields = Fields {
            id: &self.subscription,
            from: &from,
            until: &until,
            schools: &schools,
            kind: self.kind.as_str(),
            publics: self.publics.iter().copied().collect(),
            ..Fields::default()
        };
        let context = Context {
            maker: Maker::Directory,
            first_degree: false,
        };
        checker.check(&fields, context).map(|_| ())
    }
}

/// As a table has it; an instant that no calendar knows stays a number, which RG10 refuses.
fn instant(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Public, SubscriptionKind};

    /// 2026-09-01T00:00:00Z.
    const SEPTEMBER: i64 = 1_788_220_800;
    /// 2036-09-01T00:00:00Z, ten years later in Paris, too.
    const TEN_YEARS_LATER: i64 = 2_103_840_000;

    fn put() -> SubscriptionPut {
        SubscriptionPut {
            subscription: "s1".into(),
            resource: "ark:/99999/r1".into(),
            schools: vec!["0561622J".into()],
            kind: SubscriptionKind::Individual,
            publics: vec![Public::Pupils, Public::Librarians],
            from: SEPTEMBER,
            until: TEN_YEARS_LATER,
        }
    }

    fn broken(change: impl FnOnce(&mut SubscriptionPut)) -> Vec<String> {
        let mut put = put();
        change(&mut put);
        let broken = Change::SubscriptionPut(put).check_rules(&Checker::new().unwrap());
        let rules = broken.err().unwrap_or_default();
        rules.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_put_keeps_the_rules_of_its_fields() {
        assert_eq!(broken(|_| ()), [""; 0]);
        for (change, rule) in [
            ((|put| put.until += 1) as fn(&mut SubscriptionPut), "RG8"),
            (|put| put.subscription = "abonnements".into(), "RG12"),
            (|put| put.subscription = "_s1".into(), "RG13"),
            (|put| put.until = i64::MAX, "RG10"),
            (|put| put.from = i64::MIN, "RG10"),
        ] {
            let told = broken(change);
            assert_eq!(told.len(), 1, "{rule}: {told:?}");
            assert!(told[0].starts_with(rule), "{rule}: {told:?}");
        }
    }

    #[test]
    fn what_the_platform_makes_is_for_the_school_in_its_name() {
        let automatic = |put: &mut SubscriptionPut| {
            put.subscription = "AUTO_0561622J_1_1788220800000".into();
            put.kind = SubscriptionKind::WholeSchool;
        };
        assert_eq!(broken(automatic), [""; 0]);
        for change in [
            (|put| put.kind = SubscriptionKind::Individual) as fn(&mut SubscriptionPut),
            |put| put.schools.push("0650499P".into()),
            |put| put.subscription = "AUTO_x".into(),
        ] {
            let told = broken(|put| {
                automatic(put);
                change(put);
            });
            assert_eq!(told.len(), 1, "{told:?}");
        }
    }
}
