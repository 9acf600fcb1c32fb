//! Hashes of text, in lower-case hexadecimal.

use sha2::Digest;

use super::{Arity, EvalFunction, Returns};
use crate::eval::Arguments;
use crate::value::{Kind, Value};

fn hashed<'a, D: Digest>(arguments: &Arguments<'_>) -> Option<Value<'a>> {
    let hash = D::digest(arguments.text(0)?.as_bytes());
    Some(Value::text_of(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

macro_rules! hash {
    ($name:ident, $spl:literal, $doc:literal, $digest:ty, $examples:expr) => {
        pub(super) const $name: EvalFunction = EvalFunction {
            name: $spl,
            arity: Arity::exactly(1),
            doc: $doc,
            examples: $examples,
            returns: Returns::Always(Kind::Text),
            eval: |arguments| hashed::<$digest>(arguments),
        };
    };
}

hash!(
    MD5,
    "md5",
    "The MD5 hash, for comparing with lists of them.",
    md5::Md5,
    &[("md5(\"\")", "d41d8cd98f00b204e9800998ecf8427e")]
);
hash!(
    SHA1,
    "sha1",
    "The SHA-1 hash, for comparing with lists of them.",
    sha1::Sha1,
    &[("sha1(\"abc\")", "a9993e364706816aba3e25717850c26c9cd0d89d")]
);
hash!(
    SHA256,
    "sha256",
    "The SHA-256 hash.",
    sha2::Sha256,
    &[("sha256(\"abc\")", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
);
hash!(
    SHA512,
    "sha512",
    "The SHA-512 hash.",
    sha2::Sha512,
    &[("substr(sha512(\"abc\"), 1, 16)", "ddaf35a193617aba")]
);
