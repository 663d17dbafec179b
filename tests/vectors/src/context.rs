//! The circumstances of a row (`ctx`): clock, names, keys to trust. Anything in it may be missing; a ctx that is not an
//! object of this form makes the row refused (`ctx-malformed`), never the run fail.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The fields of `ctx` that decide what the entry points are told. Verdicts are not among them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Context {
    /// The frozen clock, xs:dateTime.
    pub(crate) now: Option<String>,
    /// Allowed clock difference, seconds.
    pub(crate) skew: Option<f64>,
    /// Our entityID (for requests: the publisher's).
    pub(crate) sp_entity_id: Option<String>,
    /// Our assertion consumer service.
    pub(crate) acs: Option<String>,
    /// The outstanding request.
    pub(crate) request_id: Option<String>,
    /// Whether the portal may send unsolicited Responses.
    pub(crate) allow_unsolicited: Option<bool>,
    /// The portal asked.
    pub(crate) idp_entity_id: Option<String>,
    /// The portal's signing certificates (paths).
    pub(crate) idp_certs: Option<Vec<String>>,
    /// Every portal known, with its certificates (paths): used to see that none speaks for another.
    pub(crate) idps: BTreeMap<String, Vec<String>>,
    /// Our decryption keys (paths).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) dec_key: Vec<String>,
    /// Test policy: an assertion without audience restriction is accepted.
    pub(crate) allow_no_audience: bool,
    /// Test policy: a name that occurs twice among the attributes is refused.
    pub(crate) deny_duplicate_attributes: bool,
    /// Test policy: a NameID qualified for another service provider is refused.
    pub(crate) check_spnamequalifier: bool,
    /// For requests: where they arrived.
    pub(crate) endpoint: Option<String>,
    /// For requests: the publisher's certificates (paths).
    pub(crate) sp_certs: Option<Vec<String>>,
    /// For requests: the publisher's assertion consumer services.
    pub(crate) sp_acs: Vec<String>,
    /// For requests: whether they must be signed.
    pub(crate) want_signed: bool,
    /// For metadata: the certificates that may have signed it (paths).
    pub(crate) md_certs: Option<Vec<String>>,
    /// For metadata: the longest validity accepted.
    pub(crate) max_validity_days: Option<u32>,
    /// For metadata: the entity asked for.
    pub(crate) asked: Option<String>,
    /// For c14n: the document.
    pub(crate) input: Option<String>,
    /// For c14n: the `ID` (or `Id`, `id`) of the apex; none = the document.
    pub(crate) apex_id: Option<String>,
    /// For c14n: algorithm URI or short name.
    pub(crate) alg: Option<String>,
    /// For c14n: the PrefixList.
    pub(crate) prefixlist: Option<String>,
    /// For c14n: a node set by XPath (not of this profile).
    pub(crate) xpath_file: Option<String>,
    /// For c14n: the expected octets are those of this Reference of the signature in `input`.
    pub(crate) reference_index: Option<usize>,
    /// For c14n: the folder of an interop test.
    pub(crate) dir: Option<String>,
    /// For c14n: the signature the octets come from.
    pub(crate) signature: Option<String>,
    /// For xml-wf: the editions of XML 1.0 that the row is about.
    pub(crate) edition: Option<String>,
    /// For xml-wf: whether the row comes from a conformance suite: it then says, if only by null, which recommendation it
    /// tests.
    #[serde(skip)]
    pub(crate) conformance: bool,
    /// For dsig: the key to trust (path).
    pub(crate) key: Option<String>,
    /// For xmlsec's own tests: the arguments of the test script.
    pub(crate) xmlsec1_params: Option<String>,
    /// For xmlsec's own tests: the folder of the test.
    pub(crate) cwd: Option<String>,
}

/// Reads `ctx`; an empty one is a context without anything.
pub(crate) fn read(ctx: &str) -> Option<Context> {
    if ctx.trim().is_empty() {
        return Some(Context::default());
    }
    let value: serde_json::Value = serde_json::from_str(ctx).ok()?;
    // An empty list would read as a context of defaults.
    let conformance = value.as_object()?.contains_key("recommendation");
    let mut context: Context = serde_json::from_value(value).ok()?;
    context.conformance = conformance;
    Some(context)
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Many(Vec<String>),
        One(String),
        None(()),
    }
    Ok(match Form::deserialize(source)? {
        Form::Many(many) => many,
        Form::One(one) => vec![one],
        Form::None(()) => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_missing_is_none_and_what_is_broken_is_told() {
        assert!(read("").is_some());
        let context = read(r#"{"now":"2026-01-01T00:00:00Z","skew":60,"dec_key":"a.key","x":[1]}"#);
        let context = context.unwrap();
        assert_eq!(context.dec_key, ["a.key"]);
        assert_eq!(context.skew, Some(60.0));
        assert!(context.request_id.is_none());
        for broken in ["{", "[]", "7", r#"{"skew":"x"}"#, r#"{"idp_certs":3}"#] {
            assert!(read(broken).is_none(), "{broken}");
        }
    }
}
