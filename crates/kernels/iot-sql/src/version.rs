//! Versions of the language.

/// The `awsIotSqlVersion` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum SqlVersion {
    /// `2015-10-08`, what a rule without a version means.
    #[default]
    V2015,
    /// `2016-03-23`, also meant by `beta`.
    V2016,
}

impl SqlVersion {
    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "2015-10-08" => Some(Self::V2015),
            "2016-03-23" | "beta" => Some(Self::V2016),
            _ => None,
        }
    }

    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2015 => "2015-10-08",
            Self::V2016 => "2016-03-23",
        }
    }
}
