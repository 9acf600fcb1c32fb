//! Keys of backup objects: prefixes with expressions, and Firehose's object names (spec delivery §2.8).

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use picket_core::Timestamp;
use uuid::Uuid;

const EVALUATED_BYTES_MAX: usize = 512;
const SEGMENT_BYTES_MAX: usize = 200;

/// A prefix, ready to be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Time(Vec<TimePiece>),
    RandomString,
    ErrorType,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TimePiece {
    Literal(String),
    /// A letter of Java's patterns and how often it stands there.
    Field(char, usize),
}

/// What the name of an object is made of, beside its prefix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObjectName<'a> {
    pub(crate) stream: &'a str,
    pub(crate) version: u64,
    /// The arrival of the oldest record in the object.
    pub(crate) oldest: Timestamp,
    pub(crate) id: Uuid,
    pub(crate) extension: &'a str,
}

impl KeyTemplate {
    /// Keys of data objects. Without expressions the date is appended.
    pub(crate) fn data(prefix: &str) -> Result<Self, String> {
        let mut parts = parse(prefix)?;
        if parts.contains(&Part::ErrorType) {
            return Err("must not hold !{firehose:error-output-type}".to_owned());
        }
        if !has_expressions(&parts) {
            parts.push(hours());
        }
        Self(parts).checked()
    }

    /// Keys of failed records.
    pub(crate) fn errors(prefix: &str, error_prefix: Option<&str>) -> Result<Self, String> {
        let given = error_prefix.filter(|prefix| !prefix.is_empty());
        let mut parts = parse(given.unwrap_or(prefix))?;
        match (given, has_expressions(&parts)) {
            (None, true) => return Err("is required where Prefix has expressions".to_owned()),
            (Some(_), true) if !parts.contains(&Part::ErrorType) => {
                return Err("must hold !{firehose:error-output-type}".to_owned());
            }
            (Some(_), true) => {}
            (_, false) => {
                parts.extend([Part::ErrorType, Part::Literal("/".to_owned()), hours()]);
            }
        }
        Self(parts).checked()
    }

    /// The key of one object. `error_type` is `splunk-failed` or `processing-failed`.
    pub(crate) fn key(&self, error_type: &str, name: ObjectName<'_>) -> String {
        let mut key = self.evaluate(error_type, name.oldest);
        let stamp = format_time(&stamp_pieces(), name.oldest);
        let ObjectName { stream, version, id, extension, .. } = name;
        key.push_str(&format!("{stream}-{version}-{stamp}-{id}{extension}"));
        key
    }

    fn evaluate(&self, error_type: &str, at: Timestamp) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Time(pieces) => text.push_str(&format_time(pieces, at)),
                Part::RandomString => {
                    let random = Uuid::new_v4().simple().to_string();
                    text.extend(random.chars().take(11));
                }
                Part::ErrorType => text.push_str(error_type),
            }
        }
        text
    }

    /// Refuses what would be too long, or would lead out of the backup directory.
    fn checked(self) -> Result<Self, String> {
        let sample = self.evaluate("processing-failed", Timestamp::from_millis(0));
        if sample.len() > EVALUATED_BYTES_MAX {
            return Err(format!("is longer than {EVALUATED_BYTES_MAX} bytes after evaluation"));
        }
        if sample.chars().any(char::is_control) {
            return Err("holds a control character".to_owned());
        }
        let (folders, _) = sample.rsplit_once('/').unwrap_or_default();
        let bad =
            |segment: &str| matches!(segment, "" | "." | "..") || segment.len() > SEGMENT_BYTES_MAX;
        if sample.contains('/') && folders.split('/').any(bad) {
            return Err("has an empty, too long, `.` or `..` part between slashes".to_owned());
        }
        Ok(self)
    }
}

fn has_expressions(parts: &[Part]) -> bool {
    parts.iter().any(|part| !matches!(part, Part::Literal(_)))
}

/// `yyyy/MM/dd/HH/`
fn hours() -> Part {
    Part::Time(fields("/", &[('y', 4), ('M', 2), ('d', 2), ('H', 2)], "/"))
}

/// `yyyy-MM-dd-HH-mm-ss`
fn stamp_pieces() -> Vec<TimePiece> {
    fields("-", &[('y', 4), ('M', 2), ('d', 2), ('H', 2), ('m', 2), ('s', 2)], "")
}

fn fields(between: &str, fields: &[(char, usize)], end: &str) -> Vec<TimePiece> {
    let mut pieces = Vec::new();
    for (place, (letter, width)) in fields.iter().enumerate() {
        if place > 0 {
            pieces.push(TimePiece::Literal(between.to_owned()));
        }
        pieces.push(TimePiece::Field(*letter, *width));
    }
    if !end.is_empty() {
        pieces.push(TimePiece::Literal(end.to_owned()));
    }
    pieces
}

fn parse(prefix: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = prefix;
    while let Some((literal, expression)) = rest.split_once("!{") {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let (inner, after) =
            expression.split_once('}').ok_or("has an expression without an end, `}`")?;
        parts.push(parse_expression(inner)?);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(parts)
}

fn parse_expression(inner: &str) -> Result<Part, String> {
    let shown: String = inner.chars().take(40).collect();
    match inner.split_once(':') {
        Some(("timestamp", pattern)) => parse_time(pattern).map(Part::Time),
        Some(("firehose", "random-string")) => Ok(Part::RandomString),
        Some(("firehose", "error-output-type")) => Ok(Part::ErrorType),
        _ => Err(format!(
            "holds the unknown expression `{shown}`; there are timestamp:PATTERN, \
             firehose:random-string and firehose:error-output-type"
        )),
    }
}

fn parse_time(pattern: &str) -> Result<Vec<TimePiece>, String> {
    let mut pieces: Vec<TimePiece> = Vec::new();
    let mut quoted = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if chars.peek() == Some(&'\'') => {
                chars.next();
                push_literal(&mut pieces, '\'');
            }
            '\'' => quoted = !quoted,
            _ if quoted || !c.is_ascii_alphabetic() => push_literal(&mut pieces, c),
            'y' | 'M' | 'd' | 'H' | 'h' | 'm' | 's' | 'S' | 'D' | 'E' | 'a' | 'w' => {
                match pieces.last_mut() {
                    Some(TimePiece::Field(last, width)) if *last == c && *width < 9 => *width += 1,
                    _ => pieces.push(TimePiece::Field(c, 1)),
                }
            }
            _ => return Err(format!("holds the timestamp letter `{c}`, which is not supported")),
        }
    }
    if quoted { Err("has a timestamp pattern with an open quote".to_owned()) } else { Ok(pieces) }
}

fn push_literal(pieces: &mut Vec<TimePiece>, c: char) {
    match pieces.last_mut() {
        Some(TimePiece::Literal(text)) => text.push(c),
        _ => pieces.push(TimePiece::Literal(c.to_string())),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn format_time(pieces: &[TimePiece], at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let time = TimeZone::UTC.to_datetime(instant);
    let mut text = String::new();
    for piece in pieces {
        let (letter, width) = match piece {
            TimePiece::Literal(literal) => {
                text.push_str(literal);
                continue;
            }
            TimePiece::Field(letter, width) => (*letter, *width),
        };
        let number = |value: i64| format!("{value:0width$}");
        text.push_str(&match letter {
            'y' if width == 2 => format!("{:02}", time.year().rem_euclid(100)),
            'y' => number(time.year().into()),
            'M' if width >= 3 => {
                let place = usize::try_from(time.month() - 1).unwrap_or(0);
                let name = MONTHS.get(place).copied().unwrap_or_default();
                name.chars().take(if width == 3 { 3 } else { 9 }).collect()
            }
            'M' => number(time.month().into()),
            'd' => number(time.day().into()),
            'H' => number(time.hour().into()),
            'h' => number(i64::from((time.hour() + 11) % 12 + 1)),
            'm' => number(time.minute().into()),
            's' => number(time.second().into()),
            'S' => format!("{:09}", time.subsec_nanosecond()).chars().take(width).collect(),
            'D' => number(time.day_of_year().into()),
            'E' => weekday(time.weekday()).chars().take(if width <= 3 { 3 } else { 9 }).collect(),
            'a' => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
            _ => number(time.date().iso_week_date().week().into()),
        });
    }
    text
}

const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_735_689_600_120);

    fn prefix(template: Result<KeyTemplate, String>) -> String {
        template.unwrap().evaluate("splunk-failed", AT)
    }

    #[test]
    fn an_objects_name_is_firehoses() {
        let name = ObjectName {
            stream: "dd-DeliveryStream",
            version: 1,
            oldest: AT,
            id: Uuid::nil(),
            extension: ".gz",
        };
        assert_eq!(
            KeyTemplate::errors("", None).unwrap().key("splunk-failed", name),
            "splunk-failed/2025/01/01/00/dd-DeliveryStream-1-2025-01-01-00-00-00-\
             00000000-0000-0000-0000-000000000000.gz"
        );
    }

    #[test]
    fn every_row_of_the_prefix_table_holds() {
        assert_eq!(prefix(KeyTemplate::data("")), "2025/01/01/00/");
        assert_eq!(prefix(KeyTemplate::data("logs")), "logs2025/01/01/00/");
        assert_eq!(prefix(KeyTemplate::data("a/!{timestamp:yyyy}/")), "a/2025/");
        assert_eq!(prefix(KeyTemplate::errors("logs/", None)), "logs/splunk-failed/2025/01/01/00/");
        assert_eq!(
            prefix(KeyTemplate::errors("x", Some("bad/"))),
            "bad/splunk-failed/2025/01/01/00/"
        );
        let both = "e/!{firehose:error-output-type}/!{timestamp:yyyy'/y'D}/";
        assert_eq!(
            prefix(KeyTemplate::errors("!{timestamp:yyyy}/", Some(both))),
            "e/splunk-failed/2025/y1/"
        );
        assert!(KeyTemplate::errors("!{timestamp:yyyy}/", None).is_err());
        assert!(KeyTemplate::errors("", Some("!{timestamp:yyyy}/")).is_err());
        assert!(KeyTemplate::data("!{firehose:error-output-type}/").is_err());
    }

    #[test]
    fn java_patterns_are_written_as_java_does() {
        let at = Timestamp::from_millis(1_735_689_600_120 + 13 * 3_600_000);
        let pattern = "yy MMM MMMM d HH h mm ss SSS DDD E EEEE a w 'o''clock'";
        assert_eq!(
            format_time(&parse_time(pattern).unwrap(), at),
            "25 Jan January 1 13 1 00 00 120 001 Wed Wednesday PM 1 o'clock"
        );
    }

    #[test]
    fn random_strings_have_eleven_characters_and_differ() {
        let text =
            prefix(KeyTemplate::data("!{firehose:random-string}-!{firehose:random-string}/"));
        let (one, other) = text.trim_end_matches('/').split_once('-').unwrap();
        assert_eq!((one.len(), other.len()), (11, 11));
        assert_ne!(one, other);
    }

    #[test]
    fn what_leads_out_of_the_directory_is_refused() {
        for bad in ["../", "/etc/", "a//b/", "a/./", "a/../../", "a\n/", "!{timestamp:'../../'}/"] {
            assert!(KeyTemplate::data(bad).is_err(), "{bad}");
        }
        for bad in ["!{", "!{x:y}", "!{timestamp:yyyy", "!{timestamp:Q}", "!{timestamp:'}"] {
            assert!(KeyTemplate::data(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_prefixes_stay_inside(prefix in "([a-z./!{}:']|timestamp){0,20}", ms in any::<i64>()) {
            if let Ok(template) = KeyTemplate::data(&prefix) {
                let text = template.evaluate("", Timestamp::from_millis(ms));
                prop_assert!(!text.starts_with('/') && !text.split('/').any(|it| it == ".."), "{}", text);
            }
        }
    }
}
