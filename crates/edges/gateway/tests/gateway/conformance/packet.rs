//! Packets to and from bytes.

/// A packet as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) first: u8,
    pub(crate) body: Vec<u8>,
}

/// A length of up to four bytes, seven bits in each.
pub(crate) fn variable(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value % 128) as u8;
        value /= 128;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn take_variable(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(4) {
        value += usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

pub(crate) fn two(value: u16) -> Vec<u8> {
    value.to_be_bytes().to_vec()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&two(text.len() as u16)[..], text.as_bytes()].concat()
}

/// A property whose value is a byte.
pub(crate) fn byte(id: u8, value: u8) -> Vec<u8> {
    vec![id, value]
}

/// A property whose value is a 16-bit number.
pub(crate) fn short(id: u8, value: u16) -> Vec<u8> {
    [&[id][..], &value.to_be_bytes()].concat()
}

/// A property whose value is a 32-bit number.
pub(crate) fn four(id: u8, value: u32) -> Vec<u8> {
    [&[id][..], &value.to_be_bytes()].concat()
}

/// A property whose value is a text or binary data.
pub(crate) fn string(id: u8, value: &str) -> Vec<u8> {
    [&[id][..], &text(value)].concat()
}

/// A user property.
pub(crate) fn user(name: &str, value: &str) -> Vec<u8> {
    [&[0x26][..], &text(name), &text(value)].concat()
}

/// A subscription identifier.
pub(crate) fn subscription_id(id: usize) -> Vec<u8> {
    [&[0x0B][..], &variable(id)].concat()
}

/// Whether `part` is somewhere in `bytes`.
pub(crate) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl Packet {
    pub(crate) fn bytes(first: u8, body: &[u8]) -> Vec<u8> {
        [&[first][..], &variable(body.len()), body].concat()
    }

    /// The first packet in `input` and its length, if it is whole.
    pub(crate) fn take(input: &[u8]) -> Option<(Self, usize)> {
        let (length, used) = take_variable(input.get(1..)?)?;
        let start = 1 + used;
        let body = input.get(start..start + length)?.to_vec();
        Some((Self { first: input[0], body }, start + length))
    }

    fn number(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.body[at], self.body[at + 1]])
    }

    fn qos(&self) -> u8 {
        (self.first >> 1) & 3
    }

    /// Topic, packet id, property bytes and payload of a PUBLISH.
    fn parts(&self, v5: bool) -> (String, u16, Vec<u8>, String) {
        assert_eq!(self.first >> 4, 3, "{self:?} is no PUBLISH");
        let length = usize::from(self.number(0));
        let topic = String::from_utf8(self.body[2..2 + length].to_vec()).unwrap();
        let mut at = 2 + length;
        let mut id = 0;
        if self.qos() > 0 {
            id = self.number(at);
            at += 2;
        }
        let mut properties = Vec::new();
        if v5 {
            let (length, used) = take_variable(&self.body[at..]).unwrap();
            properties = self.body[at + used..at + used + length].to_vec();
            at += used + length;
        }
        (topic, id, properties, String::from_utf8_lossy(&self.body[at..]).into_owned())
    }

    pub(crate) fn publish_properties(&self, v5: bool) -> Vec<u8> {
        self.parts(v5).2
    }

    /// The packet id of a PUBLISH.
    pub(crate) fn publish_id(&self, v5: bool) -> u16 {
        self.parts(v5).1
    }

    /// The property bytes of a CONNACK.
    pub(crate) fn connack_properties(&self) -> &[u8] {
        let (length, used) = take_variable(&self.body[2..]).unwrap();
        &self.body[2 + used..2 + used + length]
    }

    /// The packet in a few words: codes in hexadecimal, a code of success left out.
    pub(crate) fn show(&self, v5: bool) -> String {
        let body = &self.body;
        let acknowledgement = |name: &str| match body.get(2) {
            Some(code) if *code != 0 => format!("{name} {} {code:#04x}", self.number(0)),
            _ => format!("{name} {}", self.number(0)),
        };
        match self.first >> 4 {
            2 => {
                let present = if body[0] == 1 { " present" } else { "" };
                format!("connack {:#04x}{present}", body[1])
            }
            3 => {
                let (topic, _, _, payload) = self.parts(v5);
                let dup = if self.first & 8 != 0 { " dup" } else { "" };
                let retain = if self.first & 1 != 0 { " retain" } else { "" };
                format!("{topic}={payload} @{}{dup}{retain}", self.qos())
            }
            4 => acknowledgement("puback"),
            5 => acknowledgement("pubrec"),
            6 => acknowledgement("pubrel"),
            7 => acknowledgement("pubcomp"),
            9 | 11 => {
                let name = if self.first >> 4 == 9 { "suback" } else { "unsuback" };
                let properties = take_variable(body.get(2..).unwrap_or_default());
                let (length, used) = properties.filter(|_| v5).unwrap_or((0, 0));
                let codes = body.get(2 + used + length..).unwrap_or_default();
                codes.iter().fold(name.to_owned(), |shown, code| format!("{shown} {code:#04x}"))
            }
            13 => "pingresp".to_owned(),
            14 => format!("disconnect {:#04x}", body.first().copied().unwrap_or(0)),
            _ => format!("{self:?}"),
        }
    }
}
