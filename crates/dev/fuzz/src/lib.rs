//! What fuzzing calls: one function for each thing that reads bytes of strangers. None of them may panic,
//! whatever the bytes are.
//!
//! `cargo xtask fuzz TARGET` runs one under libFuzzer. Without that, the test of this crate feeds each the
//! seeds of `seeds/TARGET` and changed copies of them, so that a plain `cargo test` notices the worst.

mod certificates;
mod documents;
mod requests;
mod topics;

/// A target: its name, and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("certificate", certificates::certificate),
    ("signing-request", certificates::signing_request),
    ("policy", documents::policy),
    ("provisioning-template", certificates::provisioning_template),
    ("topic-rule", documents::topic_rule),
    ("security-profile", documents::security_profile),
    ("topic-filter", topics::topic_filter),
    ("filter-policy", topics::filter_policy),
    ("report-json", documents::report_json),
    ("report-cbor", documents::report_cbor),
    ("signature", requests::signature),
    ("query-form", requests::query_form),
    ("hec-body", requests::hec_body),
];

/// The target `name`.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|(known, _)| *known == name)
}
