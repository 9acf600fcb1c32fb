//! Paths, endpoints and channels (spec delivery §2.6, §5.1, §5.7).

use std::fmt;

use uuid::Uuid;

/// The header that names the channel.
pub const CHANNEL_HEADER: &str = "x-splunk-request-channel";

/// What a path of the collector stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Enveloped events.
    Event,
    /// Raw text.
    Raw,
    /// Acknowledgement query.
    Ack,
    /// Health.
    Health,
}

const PATHS: &[(&str, Route)] = &[
    ("services/collector", Route::Event),
    ("services/collector/event", Route::Event),
    ("services/collector/event/1.0", Route::Event),
    ("services/collector/raw", Route::Raw),
    ("services/collector/raw/1.0", Route::Raw),
    ("services/collector/ack", Route::Ack),
    ("services/collector/ack/1.0", Route::Ack),
    ("services/collector/health", Route::Health),
    ("services/collector/health/1.0", Route::Health),
];

impl Route {
    /// The route of `path`. Doubled slashes and a trailing one make no difference.
    pub fn of_path(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let path = parts.join("/");
        PATHS.iter().find(|(known, _)| *known == path).map(|(_, route)| *route)
    }
}

/// A data channel: a GUID, kept in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(Uuid);

impl Channel {
    /// Reads a GUID of the form 8-4-4-4-12, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let hyphenated = text.len() == 36;
        hyphenated.then(|| Uuid::try_parse(text).ok()).flatten().map(Self)
    }

    /// A fresh random channel.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Which of the two data endpoints a client writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointKind {
    /// Enveloped events.
    Event,
    /// Raw text.
    Raw,
}

/// The addresses a client of one collector uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Where data goes.
    pub data: String,
    /// Where acknowledgements are asked for.
    pub ack: String,
}

impl Endpoints {
    /// The addresses below `base`, scheme, host and port. A base whose path ends in a collector route
    /// is taken as it is.
    pub fn below(base: &str, kind: EndpointKind) -> Self {
        let base = base.strip_suffix('/').unwrap_or(base);
        let mut suffixes: Vec<&str> = PATHS.iter().map(|(path, _)| *path).collect();
        suffixes.sort_by_key(|path| std::cmp::Reverse(path.len()));
        let given =
            suffixes.into_iter().find_map(|path| base.strip_suffix(path)?.strip_suffix('/'));
        let (root, data) = match (given, kind) {
            (Some(root), _) => (root, base.to_owned()),
            (None, EndpointKind::Event) => (base, format!("{base}/services/collector/event")),
            (None, EndpointKind::Raw) => (base, format!("{base}/services/collector/raw")),
        };
        Self { data, ack: format!("{root}/services/collector/ack") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_too_many_make_no_difference() {
        for (path, route) in [
            ("/services/collector", Some(Route::Event)),
            ("/services/collector/event/1.0/", Some(Route::Event)),
            ("//services//collector/raw", Some(Route::Raw)),
            ("/services/collector/ack", Some(Route::Ack)),
            ("/services/collector/health/1.0", Some(Route::Health)),
            ("/services/collector/mint", None),
            ("/services/collector/event/2.0", None),
            ("/", None),
        ] {
            assert_eq!(Route::of_path(path), route, "{path}");
        }
    }

    #[test]
    fn a_channel_is_a_hyphenated_guid_in_any_case() {
        let channel = Channel::parse("0AEEAC95-AC74-4AA9-B30D-6C4C0AC581BA").unwrap();
        assert_eq!(channel.to_string(), "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba");
        assert_eq!(Channel::parse("0aeeac95ac744aa9b30d6c4c0ac581ba"), None);
        assert_eq!(Channel::parse("{0aeeac95-ac74-4aa9-b30d-6c4c0ac581b}"), None);
        assert_eq!(Channel::parse("x"), None);
    }

    #[test]
    fn a_route_already_in_the_address_is_kept() {
        let at = |base, kind| Endpoints::below(base, kind).data;
        assert_eq!(
            at("https://h:8088", EndpointKind::Event),
            "https://h:8088/services/collector/event"
        );
        assert_eq!(
            at("https://h:8088/", EndpointKind::Raw),
            "https://h:8088/services/collector/raw"
        );
        let given =
            Endpoints::below("https://h/x/services/collector/event/1.0/", EndpointKind::Event);
        assert_eq!(given.data, "https://h/x/services/collector/event/1.0");
        assert_eq!(given.ack, "https://h/x/services/collector/ack");
    }
}
