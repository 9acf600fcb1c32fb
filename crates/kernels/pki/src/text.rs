//! PEM as strangers send it: bounded, one block, nothing hidden behind it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ReadError;

/// Longest PEM text of a certificate, AWS's limit.
pub const CERTIFICATE_CHARS_MAX: usize = 65_536;
/// Longest DER of a certificate; its PEM is no longer than is taken.
pub(crate) const CERTIFICATE_BYTES_MAX: usize = 48_000;
/// Longest PEM text of a signing request, AWS's limit.
pub const REQUEST_CHARS_MAX: usize = 4096;
/// The most that is quoted of a label somebody sent.
const LABEL_CHARS_MAX: usize = 32;
const LINE_CHARS: usize = 64;

/// What a text is expected to hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// For messages.
    pub(crate) what: &'static str,
    /// Labels that are taken, the usual one first.
    pub(crate) labels: &'static [&'static str],
    pub(crate) chars_max: usize,
}

pub(crate) const CERTIFICATE: Expected =
    Expected { what: "certificate", labels: &["CERTIFICATE"], chars_max: CERTIFICATE_CHARS_MAX };

pub(crate) const REQUEST: Expected = Expected {
    what: "certificate signing request",
    labels: &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"],
    chars_max: REQUEST_CHARS_MAX,
};

/// The bytes of the one block in `text`. Words before it are fine, since `openssl` writes them; behind
/// it there is nothing but white space.
pub(crate) fn only_block(text: &str, expected: &Expected) -> Result<Vec<u8>, ReadError> {
    let what = expected.what;
    if text.len() > expected.chars_max {
        return Err(ReadError::TooLong { what, len: text.len(), len_max: expected.chars_max });
    }
    let (_, begun) = text.split_once("-----BEGIN ").ok_or(ReadError::NoPem(what))?;
    let (label, begun) = begun.split_once("-----").ok_or(ReadError::NoPem(what))?;
    if !expected.labels.contains(&label) {
        let found = label.chars().take(LABEL_CHARS_MAX).flat_map(char::escape_debug).collect();
        return Err(ReadError::OtherLabel { what, found });
    }
    let end = format!("-----END {label}-----");
    let (body, behind) = begun.split_once(&end).ok_or(ReadError::Unfinished(what))?;
    if behind.contains("-----BEGIN ") {
        return Err(ReadError::SeveralBlocks(what));
    }
    if !behind.trim().is_empty() {
        return Err(ReadError::TextBehind(what));
    }
    let packed: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).map_err(|_| ReadError::BadBase64(what))
}

/// `bytes` as PEM under `label`, ending in a line feed.
pub(crate) fn to_pem(label: &str, bytes: &[u8]) -> String {
    let packed = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (place, c) in packed.chars().enumerate() {
        if place > 0 && place % LINE_CHARS == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str("\n-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let error = only_block(text, &CERTIFICATE).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_block_is_read_with_words_before_it_and_any_line_ends() {
        let pem = to_pem("CERTIFICATE", &[7; 100]);
        let told = format!("subject=/CN=pump-17\n{}\r\n ", pem.replace('\n', "\r\n"));
        assert_eq!(only_block(&told, &CERTIFICATE).unwrap(), [7; 100]);
        let line: String = pem.lines().collect();
        assert_eq!(only_block(&line, &CERTIFICATE).unwrap(), [7; 100]);
    }

    #[test]
    fn the_longest_certificate_can_be_read_from_its_pem() {
        let longest = vec![7; CERTIFICATE_BYTES_MAX];
        assert_eq!(only_block(&to_pem("CERTIFICATE", &longest), &CERTIFICATE).unwrap(), longest);
    }

    #[test]
    fn what_is_wrong_with_a_text_is_said() {
        let pem = to_pem("CERTIFICATE", &[7; 100]);
        check("hello", "the certificate is not in PEM format");
        check(&pem.replace("END", "AND"), "the certificate has no end line");
        check(
            &format!("{pem}{pem}"),
            "the certificate must be alone; more than one PEM block was sent",
        );
        check(&format!("{pem}rm -rf"), "the certificate is followed by other text");
        check(
            &pem.replace("Bw", "!!"),
            "the certificate is not valid base64 between its PEM lines",
        );
        check(
            &"x".repeat(65_537),
            "the certificate is 65537 characters long; at most 65536 are taken",
        );
        let key = to_pem("RSA PRIVATE KEY\u{7}", &[7; 100]);
        let expected = "a PEM block `RSA PRIVATE KEY\\u{7}` was sent where a certificate is needed";
        check(&key, expected);
    }
}
