//! Line breaking of the `/raw` endpoint: Splunk's default, runs of CR and LF (spec delivery §5.6).

/// The lines of `body` that are not empty.
pub fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty())
}

/// Whether `body` holds nothing but white space, which a collector answers with "No data".
pub fn is_blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_line_ends_part_events() {
        let found: Vec<&[u8]> = lines(b"\r\na\r\n\r\nb c\n\xff").collect();
        assert_eq!(found, [b"a".as_slice(), b"b c", b"\xff"]);
    }

    #[test]
    fn white_space_is_no_data() {
        assert!(is_blank(b" \r\n\t"));
        assert!(!is_blank(b" a"));
    }
}
