//! The canonical request: one spelling for each request, which both sides hash.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::Head;
use super::error::{SignatureError, SignatureFault};

/// Everything but `A-Z a-z 0-9 - . _ ~` is encoded.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same for paths, whose slashes stay.
const PATH: &AsciiSet = &STRICT.remove(b'/');

/// Which spelling of the path is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathRule {
    /// Every service but S3: dot segments removed, and what was encoded is encoded again.
    Twice,
    /// S3: as it is.
    Once,
}

impl PathRule {
    pub(crate) fn of(service: &str) -> Self {
        if service == "s3" { Self::Once } else { Self::Twice }
    }
}

/// What goes into a canonical request beside the head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ingredients<'a> {
    pub(crate) signed_headers: &'a [String],
    pub(crate) payload_hash: &'a str,
    pub(crate) path: PathRule,
    /// Query parameters left out beside the signature itself.
    pub(crate) without_token: bool,
}

/// Pairs of a raw query.
pub(crate) fn query_pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Percent-decoded; bytes that are not UTF-8 then become U+FFFD, which matches nothing.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// The canonical request.
pub(crate) fn request(head: &Head<'_>, with: &Ingredients<'_>) -> Result<String, SignatureError> {
    let mut out = String::with_capacity(512);
    out.push_str(head.method.as_str());
    out.push('\n');
    path_into(&mut out, head.uri.path(), with.path);
    out.push('\n');
    query_into(&mut out, head.uri.query().unwrap_or_default(), with.without_token);
    out.push('\n');
    for name in with.signed_headers {
        header_into(&mut out, head, name)?;
    }
    out.push('\n');
    for (place, name) in with.signed_headers.iter().enumerate() {
        if place > 0 {
            out.push(';');
        }
        out.push_str(name);
    }
    out.push('\n');
    out.push_str(with.payload_hash);
    Ok(out)
}

fn path_into(out: &mut String, path: &str, rule: PathRule) {
    let path = if path.is_empty() { "/" } else { path };
    let start = out.len();
    match rule {
        PathRule::Once => {
            let plain: Vec<u8> = percent_decode_str(path).collect();
            out.extend(percent_encode(&plain, PATH));
        }
        PathRule::Twice => out.extend(percent_encode(normal_path(path).as_bytes(), PATH)),
    }
    if out.len() == start {
        out.push('/');
    }
}

/// The path without empty, `.` and `..` segments.
fn normal_path(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut out = String::from("/");
    out.push_str(&kept.join("/"));
    if path.ends_with('/') && !kept.is_empty() {
        out.push('/');
    }
    Cow::Owned(out)
}

fn query_into(out: &mut String, query: &str, without_token: bool) {
    let encode = |text: &str| -> String {
        let plain: Vec<u8> = percent_decode_str(text).collect();
        percent_encode(&plain, STRICT).collect()
    };
    let mut pairs: Vec<(String, String)> =
        query_pairs(query).map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.retain(|(name, _)| {
        name != "X-Amz-Signature" && !(without_token && name == "X-Amz-Security-Token")
    });
    pairs.sort_unstable();
    for (place, (name, value)) in pairs.iter().enumerate() {
        if place > 0 {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
}

fn header_into(out: &mut String, head: &Head<'_>, name: &str) -> Result<(), SignatureError> {
    let mut values = head.headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        return Err(SignatureError::new(
            SignatureFault::Mismatch,
            format!(
                "the header `{name}` is signed, but the request as it arrived does not have it"
            ),
        ));
    }
    out.push_str(name);
    out.push(':');
    let mut first = true;
    for value in values {
        if !first {
            out.push(',');
        }
        first = false;
        let text = String::from_utf8_lossy(value.as_bytes());
        let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
        if let Some(word) = words.next() {
            out.push_str(word);
        }
        for word in words {
            out.push(' ');
            out.push_str(word);
        }
    }
    out.push('\n');
    Ok(())
}

/// `request` without what must not be shown: the values of session tokens.
pub(crate) fn shown(request: &str) -> String {
    let mut out = String::with_capacity(request.len());
    for line in request.lines() {
        if line.starts_with("x-amz-security-token:") {
            out.push_str("x-amz-security-token:***");
        } else if let Some((before, rest)) = line.split_once("X-Amz-Security-Token=") {
            let after = rest.split_once('&').map_or("", |(_, after)| after);
            let join = if after.is_empty() { "" } else { "&" };
            // Writing to a String cannot fail.
            write!(out, "{before}X-Amz-Security-Token=***{join}{after}").unwrap_or_default();
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}
