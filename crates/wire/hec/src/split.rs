//! Finding the objects of a body in which nothing separates them (spec delivery §5.5, trap 5).

use std::ops::Range;

/// Why no further object can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Something that is not an object stands between objects.
    #[error("the body holds something that is not a JSON object")]
    NotAnObject,
    /// Brackets nest deeper than allowed.
    #[error("the object nests too deeply")]
    TooDeep,
    /// One object is larger than allowed.
    #[error("the object is too large")]
    TooLarge,
    /// The body ends inside an object or an array.
    #[error("the body ends in the middle of an object")]
    Truncated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first byte, where a byte order mark may stand.
    Start,
    /// Between objects, outside of an array.
    Between,
    /// In a top-level array; whether an object may come next, or a comma.
    Array { element_next: bool },
    /// In an object that began at `start`.
    Object { start: usize, depth: usize, in_array: bool },
    /// In a string inside that object.
    Text { start: usize, depth: usize, in_array: bool, escaped: bool },
}

/// Finds one object after another in a body that may still be growing. Checks no more of the JSON than
/// it needs to see where an object ends: what it finds has to be parsed.
#[derive(Debug, Clone)]
pub struct Splitter {
    offset: usize,
    place: Place,
    depth_max: usize,
    object_bytes_max: usize,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Splitter {
    /// A splitter at the start of a body. `depth_max` counts the object itself.
    pub const fn new(depth_max: usize, object_bytes_max: usize) -> Self {
        Self { offset: 0, place: Place::Start, depth_max, object_bytes_max }
    }

    /// The range of the next object. `body` holds everything received so far and may have grown since
    /// the last call. `None` when there is no complete object any more; ask again when more has come,
    /// or call [`Splitter::finish`] when nothing will.
    pub fn next_object(&mut self, body: &[u8]) -> Option<Result<Range<usize>, SplitError>> {
        if self.place == Place::Start && !self.skip_mark(body) {
            return None;
        }
        while let Some(&byte) = body.get(self.offset) {
            let step = match self.place {
                Place::Start => Ok(None),
                Place::Between => self.between(byte),
                Place::Array { element_next } => self.in_array(byte, element_next),
                Place::Object { start, depth, in_array } => {
                    self.in_object(byte, start, depth, in_array)
                }
                Place::Text { start, depth, in_array, escaped } => {
                    self.in_text(byte, start, depth, in_array, escaped)
                }
            };
            match step {
                Ok(None) => self.offset += 1,
                Ok(Some(start)) => {
                    self.offset += 1;
                    return Some(Ok(start..self.offset));
                }
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    /// Whether the body may end here.
    pub fn finish(&self) -> Result<(), SplitError> {
        match self.place {
            Place::Start | Place::Between => Ok(()),
            _ => Err(SplitError::Truncated),
        }
    }

    /// Steps over a byte order mark. False while it cannot be told whether there is one.
    fn skip_mark(&mut self, body: &[u8]) -> bool {
        if body.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(body) {
            return false;
        }
        if body.starts_with(BYTE_ORDER_MARK) {
            self.offset = BYTE_ORDER_MARK.len();
        }
        self.place = Place::Between;
        true
    }

    fn between(&mut self, byte: u8) -> Result<Option<usize>, SplitError> {
        self.place = match byte {
            b'{' => Place::Object { start: self.offset, depth: 1, in_array: false },
            b'[' => Place::Array { element_next: true },
            b' ' | b'\t' | b'\r' | b'\n' => Place::Between,
            _ => return Err(SplitError::NotAnObject),
        };
        Ok(None)
    }

    fn in_array(&mut self, byte: u8, element_next: bool) -> Result<Option<usize>, SplitError> {
        self.place = match byte {
            b'{' if element_next => Place::Object { start: self.offset, depth: 1, in_array: true },
            b',' if !element_next => Place::Array { element_next: true },
            b']' => Place::Between,
            b' ' | b'\t' | b'\r' | b'\n' => Place::Array { element_next },
            _ => return Err(SplitError::NotAnObject),
        };
        Ok(None)
    }

    fn in_object(
        &mut self,
        byte: u8,
        start: usize,
        depth: usize,
        in_array: bool,
    ) -> Result<Option<usize>, SplitError> {
        self.check_size(start)?;
        match byte {
            b'"' => self.place = Place::Text { start, depth, in_array, escaped: false },
            b'{' | b'[' if depth >= self.depth_max => return Err(SplitError::TooDeep),
            b'{' | b'[' => self.place = Place::Object { start, depth: depth + 1, in_array },
            b'}' | b']' if depth == 1 => {
                self.place =
                    if in_array { Place::Array { element_next: false } } else { Place::Between };
                return Ok(Some(start));
            }
            b'}' | b']' => self.place = Place::Object { start, depth: depth - 1, in_array },
            _ => {}
        }
        Ok(None)
    }

    fn in_text(
        &mut self,
        byte: u8,
        start: usize,
        depth: usize,
        in_array: bool,
        escaped: bool,
    ) -> Result<Option<usize>, SplitError> {
        self.check_size(start)?;
        self.place = match byte {
            _ if escaped => Place::Text { start, depth, in_array, escaped: false },
            b'\\' => Place::Text { start, depth, in_array, escaped: true },
            b'"' => Place::Object { start, depth, in_array },
            _ => return Ok(None),
        };
        Ok(None)
    }

    fn check_size(&self, start: usize) -> Result<(), SplitError> {
        if self.offset - start >= self.object_bytes_max {
            return Err(SplitError::TooLarge);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(body: &str) -> Result<Vec<&str>, SplitError> {
        let mut splitter = Splitter::new(8, 1000);
        let mut found = Vec::new();
        while let Some(next) = splitter.next_object(body.as_bytes()) {
            found.push(body.get(next?).unwrap());
        }
        splitter.finish()?;
        Ok(found)
    }

    #[test]
    fn objects_may_stand_back_to_back_or_apart_or_in_arrays() {
        assert_eq!(split(r#"{"a":1}{"b":"}{"}"#), Ok(vec![r#"{"a":1}"#, r#"{"b":"}{"}"#]));
        assert_eq!(split(" \r\n{}\t{} "), Ok(vec!["{}", "{}"]));
        assert_eq!(split("[{},{}][]{}"), Ok(vec!["{}", "{}", "{}"]));
        assert_eq!(split("\u{feff}{}"), Ok(vec!["{}"]));
        assert_eq!(split(r#"{"a":"\"}"}"#), Ok(vec![r#"{"a":"\"}"}"#]));
        assert_eq!(split("  "), Ok(vec![]));
    }

    #[test]
    fn anything_else_is_an_error_of_its_kind() {
        for body in ["7", "{},{}", "[{}{}]", "[[{}]]", "[7]", "\"a\""] {
            assert_eq!(split(body), Err(SplitError::NotAnObject), "{body}");
        }
        for body in ["{", "[", "[{}", "[{},", r#"{"a":"}"#] {
            assert_eq!(split(body), Err(SplitError::Truncated), "{body}");
        }
        assert_eq!(split(&"{\"a\":".repeat(9)), Err(SplitError::TooDeep));
        assert_eq!(
            split(&format!("{{\"a\":\"{}\"}}", "x".repeat(1000))),
            Err(SplitError::TooLarge)
        );
    }

    fn ranges_of(body: &[u8], cuts: &[usize]) -> (Vec<Range<usize>>, bool) {
        let mut splitter = Splitter::new(16, 10_000);
        let mut found = Vec::new();
        for end in cuts.iter().copied().chain([body.len()]) {
            let so_far = body.get(..end).unwrap();
            while let Some(next) = splitter.next_object(so_far) {
                match next {
                    Ok(range) => found.push(range),
                    Err(_) => return (found, false),
                }
            }
        }
        (found, splitter.finish().is_ok())
    }

    #[test]
    fn where_the_body_is_cut_makes_no_difference() {
        let body =
            "\u{feff}{\"event\":\"a}\\\"{\"}{\"event\":{\"b\":[{}]}}\r\n[{\"c\":1}, {}]".as_bytes();
        let whole = ranges_of(body, &[]);
        assert_eq!(whole.0.len(), 4);
        for cut in 0..body.len() {
            assert_eq!(ranges_of(body, &[cut]), whole, "cut at {cut}");
        }
        let everywhere: Vec<usize> = (0..body.len()).collect();
        assert_eq!(ranges_of(body, &everywhere), whole);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_neither_panic_nor_depend_on_cuts(
            body in prop::collection::vec(prop::sample::select(b"{}[]\",\\ a:1\xef\xbb\xbf".to_vec()), 0..60),
            cut in 0_usize..60,
        ) {
            let cut = cut.min(body.len());
            prop_assert_eq!(ranges_of(&body, &[cut]), ranges_of(&body, &[]));
        }
    }
}
