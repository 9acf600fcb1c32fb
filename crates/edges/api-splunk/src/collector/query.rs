//! Query parameters of a request.

use percent_encoding::percent_decode_str;

const PARAMETERS_MAX: usize = 64;

/// The parameters of a query string, decoded. Of one that comes twice, the first counts.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string; what goes beyond 64 parameters is not looked at.
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).take(PARAMETERS_MAX);
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decoded(name), decoded(value))
                })
                .collect(),
        )
    }

    /// A parameter that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether the parameter is there, even if empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("channel=a%2Db&source=my+app&empty=&flag");
        assert_eq!(query.get("channel"), Some("a-b"));
        assert_eq!(query.get("source"), Some("my app"));
        assert_eq!(query.get("empty"), None);
        assert!(query.has("flag") && !query.has("flags"));
    }
}
