//! One pass over a JSON object that names every leaf by its path.
//!
//! Our own scanner, because it has to hand out numbers as they were written and must neither recurse
//! nor build a tree.

use std::ops::Range;

use crate::limits::Limits;

/// What takes the leaves.
pub(crate) trait Leaves {
    /// A leaf at `path`.
    fn leaf(&mut self, path: &str, leaf: Leaf<'_>);

    /// Something lay beyond a limit and was left out.
    fn cut(&mut self);
}

/// A value that is neither object nor array.
#[derive(Debug, Clone)]
pub(crate) struct Leaf<'a> {
    /// Its text: a string without quotes and escapes, anything else as written.
    pub(crate) value: &'a str,
    /// Whether it is a JSON number, not a string, `true`, `false` or `null`.
    pub(crate) number: bool,
    /// Where it stands in the source, quotes included.
    pub(crate) span: Range<usize>,
}

/// The text is not one JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAnObject;

type Scan<T> = Result<T, NotAnObject>;

#[derive(Debug, Clone, Copy)]
struct Frame {
    is_array: bool,
    /// Length of the path of the container itself.
    base: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    FirstMember,
    Member,
    FirstItem,
    Value,
    After,
}

/// Buffers that are reused from event to event.
#[derive(Debug, Default)]
pub(crate) struct Walker {
    path: String,
    frames: Vec<Frame>,
    /// Frames from this depth on are read but not recorded.
    muted_from: Option<usize>,
    key: String,
    text: String,
}

impl Walker {
    /// Reads `text` and hands its leaves to `leaves`. After an error some leaves of the broken text
    /// have been handed over already; taking them back is the caller's part.
    pub(crate) fn walk(
        &mut self,
        text: &str,
        limits: &Limits,
        leaves: &mut impl Leaves,
    ) -> Scan<()> {
        self.path.clear();
        self.frames.clear();
        self.muted_from = None;
        let mut cursor = Cursor { text, at: 0 };
        cursor.skip_space();
        if cursor.next()? != b'{' {
            return Err(NotAnObject);
        }
        self.open(false, limits, leaves);
        let mut expect = Expect::FirstMember;
        while !self.frames.is_empty() {
            cursor.skip_space();
            expect = self.step(expect, &mut cursor, limits, leaves)?;
        }
        cursor.skip_space();
        if cursor.at == text.len() { Ok(()) } else { Err(NotAnObject) }
    }

    fn step(
        &mut self,
        expect: Expect,
        cursor: &mut Cursor<'_>,
        limits: &Limits,
        leaves: &mut impl Leaves,
    ) -> Scan<Expect> {
        let byte = cursor.peek()?;
        match expect {
            Expect::FirstMember if byte == b'}' => Ok(self.close(cursor)),
            Expect::FirstItem if byte == b']' => Ok(self.close(cursor)),
            Expect::FirstMember | Expect::Member => {
                self.member(cursor)?;
                Ok(Expect::Value)
            }
            Expect::FirstItem | Expect::Value => self.value(byte, cursor, limits, leaves),
            Expect::After => {
                let is_array = self.frames.last().is_some_and(|frame| frame.is_array);
                match (byte, is_array) {
                    (b'}', false) | (b']', true) => Ok(self.close(cursor)),
                    (b',', _) => {
                        cursor.at += 1;
                        Ok(if is_array { Expect::Value } else { Expect::Member })
                    }
                    _ => Err(NotAnObject),
                }
            }
        }
    }

    fn member(&mut self, cursor: &mut Cursor<'_>) -> Scan<()> {
        let key = cursor.string(&mut self.key)?;
        cursor.skip_space();
        if cursor.next()? != b':' {
            return Err(NotAnObject);
        }
        if self.muted_from.is_none() {
            self.path.truncate(self.frames.last().map_or(0, |frame| frame.base));
            if self.frames.len() > 1 {
                self.path.push('.');
            }
            self.path.push_str(key);
        }
        Ok(())
    }

    fn value(
        &mut self,
        first: u8,
        cursor: &mut Cursor<'_>,
        limits: &Limits,
        leaves: &mut impl Leaves,
    ) -> Scan<Expect> {
        if let Some(Frame { is_array: true, base }) = self.frames.last()
            && self.muted_from.is_none()
        {
            self.path.truncate(*base);
        }
        let start = cursor.at;
        let (value, number) = match first {
            b'{' | b'[' => {
                cursor.at += 1;
                let is_array = first == b'[';
                self.open(is_array, limits, leaves);
                return Ok(if is_array { Expect::FirstItem } else { Expect::FirstMember });
            }
            b'"' => (cursor.string(&mut self.text)?, false),
            b't' => (cursor.word("true")?, false),
            b'f' => (cursor.word("false")?, false),
            b'n' => (cursor.word("null")?, false),
            _ => (cursor.number()?, true),
        };
        if self.muted_from.is_none() {
            leaves.leaf(&self.path, Leaf { value, number, span: start..cursor.at });
        }
        Ok(Expect::After)
    }

    fn open(&mut self, is_array: bool, limits: &Limits, leaves: &mut impl Leaves) {
        if self.muted_from.is_none() {
            if is_array {
                self.path.push_str("{}");
            }
            let depth = self.frames.len() + 1;
            if depth > limits.depth_max || self.path.len() > limits.path_bytes_max {
                self.muted_from = Some(depth);
                leaves.cut();
            }
        }
        self.frames.push(Frame { is_array, base: self.path.len() });
    }

    fn close(&mut self, cursor: &mut Cursor<'_>) -> Expect {
        cursor.at += 1;
        if self.muted_from == Some(self.frames.len()) {
            self.muted_from = None;
        }
        self.frames.pop();
        Expect::After
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> Scan<u8> {
        self.text.as_bytes().get(self.at).copied().ok_or(NotAnObject)
    }

    fn next(&mut self) -> Scan<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn skip_space(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn slice(&self, from: usize, to: usize) -> Scan<&'t str> {
        self.text.get(from..to).ok_or(NotAnObject)
    }

    fn word(&mut self, word: &'static str) -> Scan<&'static str> {
        let end = self.at + word.len();
        if self.text.as_bytes().get(self.at..end) != Some(word.as_bytes()) {
            return Err(NotAnObject);
        }
        self.at = end;
        Ok(word)
    }

    fn digits(&mut self) -> Scan<()> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { Err(NotAnObject) } else { Ok(()) }
    }

    fn number(&mut self) -> Scan<&'t str> {
        let start = self.at;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek()? == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek()?, b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        self.slice(start, self.at)
    }

    /// Reads a string. Its text is a piece of the input, or `scratch` where it had escapes.
    fn string<'s>(&mut self, scratch: &'s mut String) -> Scan<&'s str>
    where
        't: 's,
    {
        if self.next()? != b'"' {
            return Err(NotAnObject);
        }
        let start = self.at;
        self.plain_run();
        if self.peek()? == b'"' {
            let plain = self.slice(start, self.at)?;
            self.at += 1;
            return Ok(plain);
        }
        scratch.clear();
        scratch.push_str(self.slice(start, self.at)?);
        loop {
            match self.next()? {
                b'"' => return Ok(scratch),
                b'\\' => scratch.push(self.escape()?),
                _ => return Err(NotAnObject),
            }
            let start = self.at;
            self.plain_run();
            scratch.push_str(self.slice(start, self.at)?);
        }
    }

    fn plain_run(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\')
        {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Scan<char> {
        Ok(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return Err(NotAnObject),
        })
    }

    /// `\uXXXX`, or a pair of them. Half a pair reads as the replacement character.
    fn unicode(&mut self) -> Scan<char> {
        let high = self.hex4()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let after_high = self.at;
        if self.text.as_bytes().get(self.at..self.at + 2) == Some(b"\\u") {
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = after_high;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Scan<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.next()?).to_digit(16).ok_or(NotAnObject)?;
            code = code * 16 + digit;
        }
        Ok(code)
    }
}
