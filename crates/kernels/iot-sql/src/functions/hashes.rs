//! Hashes of texts, in lower-case hex.

use serde_json::Value;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

macro_rules! hash {
    ($name:ident, $sql:literal, $digest:ty, $doc:literal, $example:literal) => {
        pub(super) const $name: SqlFunction = SqlFunction {
            name: $sql,
            arity: Arity::exactly(1),
            since: SqlVersion::V2015,
            doc: $doc,
            examples: &[(concat!("substring(", $sql, "(\"hello\"), 0, 8)"), $example)],
            eval: digest::<$digest>,
        };
    };
}

hash!(SHA224, "sha224", Sha224, "SHA-224 of the text.", "\"ea09ae9c\"");
hash!(SHA256, "sha256", Sha256, "SHA-256 of the text.", "\"2cf24dba\"");
hash!(SHA384, "sha384", Sha384, "SHA-384 of the text.", "\"59e17487\"");
hash!(SHA512, "sha512", Sha512, "SHA-512 of the text.", "\"9b71d224\"");

fn digest<D: Digest>(arguments: &Arguments<'_>) -> Option<Value> {
    let text = arguments.text(0)?;
    Some(Value::from(hex::encode(D::digest(text.as_bytes()))))
}
