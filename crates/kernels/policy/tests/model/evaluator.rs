//! A slow and obvious reading of policies, written from the specification's text (spec iot-core
//! §4.1–§4.5) and nothing of this crate: it works on the raw JSON of documents and connections.

use serde_json::Value;

/// What the policies say, with the index of the deciding document and statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    Allow(usize, usize),
    Deny(usize, usize),
    Nothing,
}

/// Spec §4.1: what each action's resource begins with.
const KINDS: &[(&str, &str)] = &[
    ("iot:Connect", "client/"),
    ("iot:Publish", "topic/"),
    ("iot:RetainPublish", "topic/"),
    ("iot:Subscribe", "topicfilter/"),
    ("iot:Receive", "topic/"),
    ("iot:GetRetainedMessage", "topic/"),
    ("iot:GetThingShadow", "thing/"),
    ("iot:DescribeJobExecution", "thing/"),
    ("iot:AssumeRoleWithCertificate", "rolealias/"),
    ("iot:DeleteConnection", "client/"),
];

/// The ARN that `action` on `name` is checked with.
pub(crate) fn arn(action: &str, name: &str) -> String {
    match KINDS.iter().find(|(known, _)| *known == action) {
        Some((_, kind)) => format!("arn:aws:iot:us-east-1:000000000000:{kind}{name}"),
        None => name.to_owned(),
    }
}

/// Spec §4.5. `who` is the connection as JSON, as in `corpus/*.json`.
pub(crate) fn verdict(documents: &[Value], who: &Value, action: &str, name: &str) -> Verdict {
    let arn = arn(action, name);
    let mut verdict = Verdict::Nothing;
    for (document, content) in documents.iter().enumerate() {
        let request =
            Request { who, action, arn: &arn, has_variables: content["Version"] == "2012-10-17" };
        for (index, statement) in list(&content["Statement"]).into_iter().enumerate() {
            if !request.fits(statement) {
                continue;
            }
            if statement["Effect"] == "Deny" {
                return Verdict::Deny(document, index);
            }
            if verdict == Verdict::Nothing {
                verdict = Verdict::Allow(document, index);
            }
        }
    }
    // An earlier "allow" must not hide a later "deny".
    verdict
}

/// A list, or the one thing that stands where a list could.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// The text of a JSON string, number or boolean.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    list(value).into_iter().map(text).collect()
}

/// One sign of a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sign {
    This(char),
    One,
    Run,
}

/// The signs as text, for operators without wildcards.
fn plain(signs: &[Sign]) -> String {
    let sign = |sign: &Sign| match sign {
        Sign::This(c) => *c,
        Sign::One => '?',
        Sign::Run => '*',
    };
    signs.iter().map(sign).collect()
}

/// Whether `signs` cover all of `text`: a table of which beginnings cover which.
fn covers(signs: &[Sign], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for sign in signs {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            match sign {
                Sign::Run => next[at] = reached[..=at].contains(&true),
                Sign::One => next[at] = at > 0 && reached[at - 1],
                Sign::This(c) => next[at] = at > 0 && reached[at - 1] && text[at - 1] == *c,
            }
        }
        reached = next;
    }
    reached[text.len()]
}

/// Where a text of the policy stands.
#[derive(Clone, Copy, PartialEq)]
enum Where {
    Resource,
    Condition,
}

struct Request<'a> {
    who: &'a Value,
    action: &'a str,
    arn: &'a str,
    has_variables: bool,
}

impl Request<'_> {
    fn fits(&self, statement: &Value) -> bool {
        self.action_fits(statement) && self.resource_fits(statement) && {
            let blocks = statement.get("Condition").and_then(Value::as_object);
            blocks.into_iter().flatten().all(|(operator, keys)| {
                let mut keys = keys.as_object().unwrap().iter();
                keys.all(|(key, wanted)| self.holds(operator, key, wanted))
            })
        }
    }

    fn action_fits(&self, statement: &Value) -> bool {
        let asked = self.action.to_lowercase();
        let any = |patterns: &Value| {
            texts(patterns).iter().any(|pattern| {
                let signs: Vec<Sign> = pattern
                    .to_lowercase()
                    .chars()
                    .map(|c| match c {
                        '*' => Sign::Run,
                        '?' => Sign::One,
                        c => Sign::This(c),
                    })
                    .collect();
                covers(&signs, &asked)
            })
        };
        match statement.get("Action") {
            Some(patterns) => any(patterns),
            None => !any(&statement["NotAction"]),
        }
    }

    fn resource_fits(&self, statement: &Value) -> bool {
        match statement.get("Resource") {
            Some(resources) => texts(resources).iter().any(|resource| {
                self.signs(resource, Where::Resource).is_some_and(|signs| covers(&signs, self.arn))
            }),
            None => texts(&statement["NotResource"]).iter().all(|resource| {
                self.signs(resource, Where::Resource).is_some_and(|signs| !covers(&signs, self.arn))
            }),
        }
    }

    /// Spec §4.2: variables first, wildcards only of the policy's own text. `None` if a variable
    /// cannot be replaced.
    fn signs(&self, written: &str, place: Where) -> Option<Vec<Sign>> {
        let mut signs = Vec::new();
        let mut rest = written;
        while !rest.is_empty() {
            if self.has_variables && rest.starts_with("${") && rest.contains('}') {
                let end = rest.find('}').unwrap();
                match &rest[2..end] {
                    escape @ ("*" | "?" | "$") => signs.extend(escape.chars().map(Sign::This)),
                    name => signs.extend(self.variable(name, place)?.chars().map(Sign::This)),
                }
                rest = &rest[end + 1..];
                continue;
            }
            let c = rest.chars().next().unwrap();
            signs.push(match c {
                '*' => Sign::Run,
                '?' => Sign::One,
                c => Sign::This(c),
            });
            rest = &rest[c.len_utf8()..];
        }
        Some(signs)
    }

    /// Spec §4.3. A value with `+` or `#` stays out of topics and filters, where it would be a
    /// wildcard; values of the certificate keep out of everything with `* $ + ? #`.
    fn variable(&self, name: &str, place: Where) -> Option<String> {
        let connect_only = ["iot:connectattributes", "iot:lastwilltopic"];
        if connect_only.contains(&name.to_lowercase().as_str()) {
            return None;
        }
        let values = self.values(name);
        let [value] = values.as_slice() else { return None };
        let of_certificate = name.to_lowercase().starts_with("iot:certificate.");
        let about_topics = place == Where::Resource
            && (self.arn.contains(":topic/") || self.arn.contains(":topicfilter/"));
        let refused: &[char] = match (of_certificate, about_topics) {
            (true, _) => &['*', '$', '+', '?', '#'],
            (false, true) => &['+', '#'],
            (false, false) => &[],
        };
        if value.chars().count() > 1024 || value.contains(refused) {
            return None;
        }
        let value =
            if place == Where::Condition { backslashed(name, value) } else { value.clone() };
        Some(value)
    }

    /// Spec §4.3: the values of a key; none if this connection has none. As the facts have them,
    /// without backslashes.
    fn values(&self, key: &str) -> Vec<String> {
        let lower = key.to_lowercase();
        let who = self.who;
        let one = |value: &Value| value.as_str().map(str::to_owned).into_iter().collect();
        match lower.as_str() {
            "iot:clientid" => one(&who["clientId"]),
            "aws:sourceip" => one(&who["sourceIp"]),
            "iot:certificateid" => one(&who["certificate"]["id"]),
            "iot:certificate.serialnumber" => one(&who["certificate"]["serialNumber"]),
            "iot:connection.thing.thingname" => one(&who["thing"]["name"]),
            "iot:connection.thing.thingtypename" => one(&who["thing"]["type"]),
            "iot:connection.thing.isattached" if who["clientId"].is_string() => {
                vec![who["thing"].is_object().to_string()]
            }
            "iot:connectattributes" if self.action == "iot:Connect" => {
                let mut set = Vec::new();
                if who["persistent"] == true {
                    set.push("PersistentConnect".to_owned());
                }
                if who["willTopic"].is_string() {
                    set.push("LastWill".to_owned());
                }
                set
            }
            "iot:lastwilltopic" if self.action == "iot:Connect" => one(&who["willTopic"]),
            _ => self.family(key, &lower),
        }
    }

    /// Attributes, and the fields of the certificate's names.
    fn family(&self, key: &str, lower: &str) -> Vec<String> {
        let attributes = "iot:connection.thing.attributes[";
        if lower.starts_with(attributes) && lower.ends_with(']') {
            let name = &key[attributes.len()..key.len() - 1];
            let value = &self.who["thing"]["attributes"][name];
            return value.as_str().map(str::to_owned).into_iter().collect();
        }
        let Some(rest) = lower.strip_prefix("iot:certificate.") else { return Vec::new() };
        let Some((side, field)) = rest.split_once('.') else { return Vec::new() };
        let (field, suffix) = match field.rsplit_once('.') {
            Some((field, suffix @ ("1" | "2" | "3" | "4" | "list"))) => (field, suffix),
            _ => (field, "0"),
        };
        let pairs = self.who["certificate"][side].as_array().cloned().unwrap_or_default();
        let all: Vec<String> = pairs
            .iter()
            .filter(|pair| text(&pair[0]).to_lowercase() == field)
            .map(|pair| text(&pair[1]))
            .collect();
        match suffix {
            "list" => all.into_iter().take(5).collect(),
            index => all.into_iter().nth(index.parse().unwrap()).into_iter().collect(),
        }
    }

    /// Spec §4.4.
    fn holds(&self, operator: &str, key: &str, wanted: &Value) -> bool {
        let present: Vec<String> =
            self.values(key).iter().map(|value| backslashed(key, value)).collect();
        if operator == "Null" {
            return (text(list(wanted)[0]).to_lowercase() == "true") == present.is_empty();
        }
        let (set, name) = match operator.split_once(':') {
            Some((set, name)) => (set, name),
            None => ("", operator),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let is_negated = name.contains("Not");
        let name = name.replace("Not", "");
        let candidates: Vec<Option<Vec<Sign>>> = texts(wanted)
            .iter()
            .map(|value| {
                self.signs(value, Where::Condition).filter(|signs| is_of_kind(&name, &plain(signs)))
            })
            .collect();
        if is_negated && candidates.contains(&None) {
            return false;
        }
        let matches = |value: &String| {
            candidates.iter().flatten().any(|signs| compares(&name, signs, value)) != is_negated
        };
        if present.is_empty() {
            let absent = (set.is_empty() && is_negated) || set == "ForAllValues";
            return absent || if_exists;
        }
        match (set, is_negated) {
            ("ForAllValues", _) => present.iter().all(matches),
            ("ForAnyValue", _) => present.iter().any(matches),
            // No value may match.
            (_, true) => present.iter().all(matches),
            (_, false) => present.iter().any(matches),
        }
    }
}

/// Spec §4.3: special characters of distinguished names carry a backslash in policies.
fn backslashed(key: &str, value: &str) -> String {
    let lower = key.to_lowercase();
    let of_name = (lower.starts_with("iot:certificate.subject.")
        || lower.starts_with("iot:certificate.issuer."))
        && !lower.contains("alternativename");
    if !of_name {
        return value.to_owned();
    }
    value
        .chars()
        .map(|c| if ",\"\\+=<>;".contains(c) { format!("\\{c}") } else { c.to_string() })
        .collect()
}

/// Whether a value of the policy is one that the operator can read.
fn is_of_kind(operator: &str, wanted: &str) -> bool {
    match operator {
        name if name.starts_with("Numeric") => wanted.parse::<f64>().is_ok_and(f64::is_finite),
        name if name.starts_with("Date") => seconds(wanted).is_some(),
        "Bool" => ["true", "false"].contains(&wanted.to_lowercase().as_str()),
        "IpAddress" => network(wanted).is_some(),
        name if name.starts_with("Arn") => wanted.matches(':').count() >= 5,
        _ => true,
    }
}

fn compares(operator: &str, signs: &[Sign], value: &str) -> bool {
    let wanted = plain(signs);
    match operator {
        "StringEquals" => wanted == value,
        "StringEqualsIgnoreCase" => wanted.to_lowercase() == value.to_lowercase(),
        "StringLike" => covers(signs, value),
        "Bool" => wanted.to_lowercase() == value.to_lowercase(),
        "IpAddress" => match (network(&wanted), network(value)) {
            (Some((net, kept)), Some((address, _))) => {
                let same = net.iter().zip(&address).take_while(|(a, b)| a == b).count();
                net.len() == address.len() && same >= kept
            }
            _ => false,
        },
        "ArnEquals" | "ArnLike" => {
            let wanted: Vec<&[Sign]> = signs.splitn(6, |sign| *sign == Sign::This(':')).collect();
            let value: Vec<&str> = value.splitn(6, ':').collect();
            value.len() == 6 && wanted.iter().zip(value).all(|(signs, part)| covers(signs, part))
        }
        _ => {
            let pair = match operator.strip_prefix("Numeric") {
                Some(_) => wanted.parse::<f64>().ok().zip(value.parse::<f64>().ok()),
                None => seconds(&wanted).zip(seconds(value)),
            };
            pair.is_some_and(|(wanted, value)| {
                let order = operator.trim_start_matches("Numeric").trim_start_matches("Date");
                match order {
                    "Equals" => value == wanted,
                    "LessThan" => value < wanted,
                    "LessThanEquals" => value <= wanted,
                    "GreaterThan" => value > wanted,
                    "GreaterThanEquals" => value >= wanted,
                    other => panic!("the model does not know {other}"),
                }
            })
        }
    }
}

/// The bits of an IPv4 address and how many of them count. The model knows no other addresses.
fn network(text: &str) -> Option<(Vec<bool>, usize)> {
    let (address, kept) = match text.split_once('/') {
        Some((address, kept)) => (address, kept.parse().ok().filter(|kept| *kept <= 32)?),
        None => (text, 32),
    };
    let parts: Vec<u8> = address.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let bits = parts.iter().flat_map(|part| (0..8).rev().map(move |bit| part >> bit & 1 == 1));
    (parts.len() == 4).then(|| (bits.collect(), kept))
}

/// Seconds since 1970 of `YYYY-MM-DD`, `YYYY-MM-DDThh:mm:ssZ` or a whole number.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(seconds as f64);
    }
    let (date, time) = match text.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((date, time)) => (date, time),
        None => (text, "00:00:00"),
    };
    let numbers = |text: &str, between: char| -> Option<Vec<i64>> {
        let parts: Option<Vec<i64>> = text.split(between).map(|part| part.parse().ok()).collect();
        parts.filter(|parts| parts.len() == 3)
    };
    let (date, time) = (numbers(date, '-')?, numbers(time, ':')?);
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut days: i64 = (1970..date[0]).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let february = if is_leap(date[0]) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months.iter().take(usize::try_from(date[1] - 1).ok()?).sum::<i64>() + date[2] - 1;
    Some((days * 86_400 + time[0] * 3_600 + time[1] * 60 + time[2]) as f64)
}
