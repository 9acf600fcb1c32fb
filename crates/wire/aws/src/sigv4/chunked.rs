//! `aws-chunked` bodies: chunks with signatures of their own, and headers after the last one.

use bytes::{Bytes, BytesMut};
use subtle::ConstantTimeEq as _;

use super::claim::Claim;
use super::error::{SignatureError, SignatureFault};
use super::key::{self, Key};
use super::{EMPTY_SHA256, Head};

pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// Longest line of a chunk's head or of a trailer.
const LINE_BYTES_MAX: usize = 4_096;
/// Most trailers.
const TRAILERS_MAX: usize = 16;

/// Headers that came after the body, names in lower case, for example `x-amz-checksum-crc32`.
pub type Trailers = Vec<(String, String)>;

/// What is wrong with an `aws-chunked` body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// It ends too early.
    #[error("the aws-chunked body ends in the middle of {0}")]
    Cut(&'static str),
    /// A line that is not what it should be.
    #[error("byte {0} of the aws-chunked body should begin {1}")]
    Malformed(usize, &'static str),
    /// The chunks hold another number of bytes than was said.
    #[error("the chunks hold {actual} bytes; x-amz-decoded-content-length says {said}")]
    Length {
        /// What was said.
        said: u64,
        /// What came.
        actual: usize,
    },
    /// A chunk's signature is wrong.
    #[error("the signature of chunk {0} is not the one we calculate")]
    Signature(usize),
    /// The trailers' signature is wrong or missing.
    #[error("the signature of the trailers is missing or not the one we calculate")]
    TrailerSignature,
    /// A trailer that was announced is not there, or one that was not is.
    #[error("the trailers are not the ones that x-amz-trailer announces (`{0}`)")]
    Trailers(String),
}

impl From<ChunkError> for SignatureError {
    fn from(error: ChunkError) -> Self {
        let fault = match error {
            ChunkError::Signature(_) | ChunkError::TrailerSignature => SignatureFault::Mismatch,
            _ => SignatureFault::Incomplete,
        };
        Self::new(fault, error.to_string())
    }
}

/// What the signatures of chunks are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signing<'a> {
    pub(crate) key: &'a Key,
    pub(crate) claim: &'a Claim,
}

impl Signing<'_> {
    fn of_chunk(&self, before: &str, data: &[u8]) -> String {
        self.chain(
            "AWS4-HMAC-SHA256-PAYLOAD",
            before,
            &format!("{EMPTY_SHA256}\n{}", key::sha256_hex(data)),
        )
    }

    fn of_trailers(&self, before: &str, trailers: &str) -> String {
        self.chain("AWS4-HMAC-SHA256-TRAILER", before, &key::sha256_hex(trailers.as_bytes()))
    }

    fn chain(&self, algorithm: &str, before: &str, end: &str) -> String {
        let (date, scope) = (&self.claim.amz_date, self.claim.scope.text());
        let text = format!("{algorithm}\n{date}\n{scope}\n{before}\n{end}");
        hex::encode(key::hmac(self.key, text.as_bytes()))
    }
}

/// Whether `text` names a kind of `aws-chunked` body.
pub(crate) fn is_kind(text: &str) -> bool {
    matches!(text, SIGNED | SIGNED_TRAILER | UNSIGNED_TRAILER)
}

/// Takes a body out of its chunks.
pub(crate) fn decode(
    body: &Bytes,
    kind: &str,
    signing: &Signing<'_>,
    head: &Head<'_>,
) -> Result<(Bytes, Trailers), ChunkError> {
    let mut reader = Reader { body, at: 0 };
    let is_signed = kind != UNSIGNED_TRAILER;
    let mut out = BytesMut::new();
    let mut before = signing.claim.signature.clone();
    let mut number = 0;
    loop {
        let chunk = reader.chunk()?;
        number += 1;
        if is_signed {
            let right = signing.of_chunk(&before, chunk.data);
            let given = chunk.signature.unwrap_or_default();
            if !bool::from(right.as_bytes().ct_eq(given.as_bytes())) {
                return Err(ChunkError::Signature(number));
            }
            before = right;
        }
        if chunk.data.is_empty() {
            break;
        }
        out.extend_from_slice(chunk.data);
    }
    let trailers = if kind == SIGNED { Vec::new() } else { reader.trailers()? };
    let trailers = check_trailers(trailers, kind, signing, &before, head)?;
    if let Some(said) = head.header("x-amz-decoded-content-length") {
        let said = said.trim().parse().unwrap_or(u64::MAX);
        if said != out.len() as u64 {
            return Err(ChunkError::Length { said, actual: out.len() });
        }
    }
    Ok((out.freeze(), trailers))
}

fn check_trailers(
    mut trailers: Trailers,
    kind: &str,
    signing: &Signing<'_>,
    before: &str,
    head: &Head<'_>,
) -> Result<Trailers, ChunkError> {
    if kind == SIGNED_TRAILER {
        let at = trailers.iter().position(|(name, _)| name == "x-amz-trailer-signature");
        let (_, given) = at.map(|at| trailers.remove(at)).ok_or(ChunkError::TrailerSignature)?;
        let mut text = String::new();
        for (name, value) in &trailers {
            text.push_str(name);
            text.push(':');
            text.push_str(value);
            text.push('\n');
        }
        let right = signing.of_trailers(before, &text);
        if !bool::from(right.as_bytes().ct_eq(given.as_bytes())) {
            return Err(ChunkError::TrailerSignature);
        }
    }
    let announced = head.header("x-amz-trailer").unwrap_or_default().to_ascii_lowercase();
    let mut expected: Vec<&str> =
        announced.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let mut found: Vec<&str> = trailers.iter().map(|(name, _)| name.as_str()).collect();
    expected.sort_unstable();
    found.sort_unstable();
    if expected != found {
        return Err(ChunkError::Trailers(announced.chars().take(128).collect()));
    }
    Ok(trailers)
}

struct Reader<'b> {
    body: &'b [u8],
    at: usize,
}

struct Chunk<'b> {
    data: &'b [u8],
    signature: Option<&'b str>,
}

impl<'b> Reader<'b> {
    fn line(&mut self, what: &'static str) -> Result<&'b str, ChunkError> {
        let rest = self.body.get(self.at..).unwrap_or_default();
        let window = rest.get(..LINE_BYTES_MAX.min(rest.len())).unwrap_or_default();
        let Some(end) = window.windows(2).position(|pair| pair == b"\r\n") else {
            return Err(if window.len() < LINE_BYTES_MAX {
                ChunkError::Cut(what)
            } else {
                ChunkError::Malformed(self.at, what)
            });
        };
        let line = window.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        let line = line.ok_or(ChunkError::Malformed(self.at, what))?;
        self.at += end + 2;
        Ok(line)
    }

    /// `SIZE[;chunk-signature=HEX]`, the data, and a line end; after the last, empty chunk the line
    /// end may be missing.
    fn chunk(&mut self) -> Result<Chunk<'b>, ChunkError> {
        let start = self.at;
        let line = self.line("a chunk")?;
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let is_hex = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = usize::from_str_radix(size, 16).ok().filter(|_| is_hex);
        let size = size.ok_or(ChunkError::Malformed(start, "a chunk"))?;
        let signature = extension.strip_prefix("chunk-signature=");
        if size == 0 {
            return Ok(Chunk { data: &[], signature });
        }
        let end = self.at.checked_add(size).ok_or(ChunkError::Cut("a chunk"))?;
        let data = self.body.get(self.at..end).ok_or(ChunkError::Cut("a chunk"))?;
        if self.body.get(end..end + 2) != Some(b"\r\n") {
            return Err(ChunkError::Malformed(end, "the line end after a chunk"));
        }
        self.at = end + 2;
        Ok(Chunk { data, signature })
    }

    /// `name:value` lines up to an empty one or the end.
    fn trailers(&mut self) -> Result<Trailers, ChunkError> {
        let mut trailers = Vec::new();
        while self.at < self.body.len() {
            let start = self.at;
            let line = self.line("a trailer")?;
            if line.is_empty() {
                break;
            }
            let pair = line.split_once(':').filter(|_| trailers.len() < TRAILERS_MAX);
            let (name, value) = pair.ok_or(ChunkError::Malformed(start, "a trailer"))?;
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(trailers)
    }
}
