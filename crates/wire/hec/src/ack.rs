//! The acknowledgement query and its answer (spec delivery §5.7).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::reply::ReplyCode;

/// Reads `{"acks":[0,1]}`. An empty body is "No data", anything else that is wrong, and more than
/// `ids_max` ids, "Invalid data format".
pub fn parse_query(body: &[u8], ids_max: usize) -> Result<Vec<u64>, ReplyCode> {
    if crate::raw_lines::is_blank(body) {
        return Err(ReplyCode::NoData);
    }
    let query: Query = serde_json::from_slice(body).map_err(|_| ReplyCode::InvalidDataFormat)?;
    let ids = query.0.ok_or(ReplyCode::InvalidDataFormat)?;
    if ids.len() > ids_max {
        return Err(ReplyCode::InvalidDataFormat);
    }
    Ok(ids)
}

/// Writes `{"acks":[0,1]}`.
pub fn write_query(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{{\"acks\":[{}]}}", ids.join(","))
}

/// Writes `{"acks":{"0":true,"1":false}}`.
pub fn write_answer(statuses: &[(u64, bool)]) -> String {
    let members: Vec<String> =
        statuses.iter().map(|(id, done)| format!("\"{id}\":{done}")).collect();
    format!("{{\"acks\":{{{}}}}}", members.join(","))
}

/// Reads the answer: the ids that are true. `None` if it is not such an answer.
pub fn parse_answer(body: &[u8]) -> Option<Vec<u64>> {
    #[derive(Deserialize)]
    struct Answer {
        acks: Statuses,
    }
    serde_json::from_slice::<Answer>(body).ok().map(|answer| answer.acks.0)
}

struct Query(Option<Vec<u64>>);

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(QueryVisitor)
    }
}

struct QueryVisitor;

impl<'de> Visitor<'de> for QueryVisitor {
    type Value = Query;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with acks")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Query, A::Error> {
        let mut ids = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "acks" {
                ids = Some(map.next_value::<Ids>()?.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Query(ids))
    }
}

/// Ids, without trusting the sender's idea of how many there are.
struct Ids(Vec<u64>);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(IdsVisitor)
    }
}

struct IdsVisitor;

impl<'de> Visitor<'de> for IdsVisitor {
    type Value = Ids;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of acknowledgement ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ids, A::Error> {
        let mut ids = Vec::new();
        while let Some(id) = seq.next_element::<u64>()? {
            ids.push(id);
        }
        Ok(Ids(ids))
    }
}

struct Statuses(Vec<u64>);

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StatusesVisitor)
    }
}

struct StatusesVisitor;

impl<'de> Visitor<'de> for StatusesVisitor {
    type Value = Statuses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of acknowledgement ids")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Statuses, A::Error> {
        let mut done = Vec::new();
        while let Some((id, acknowledged)) = map.next_entry::<String, bool>()? {
            if acknowledged {
                done.extend(id.parse::<u64>().ok());
            }
        }
        Ok(Statuses(done))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_query_of_the_documentation_is_read_and_written() {
        assert_eq!(parse_query(br#"{"acks": [0,1,7]}"#, 10), Ok(vec![0, 1, 7]));
        assert_eq!(write_query(&[0, 1, 7]), r#"{"acks":[0,1,7]}"#);
        let answer = write_answer(&[(0, true), (1, false), (7, false)]);
        assert_eq!(answer, r#"{"acks":{"0":true,"1":false,"7":false}}"#);
        assert_eq!(parse_answer(answer.as_bytes()), Some(vec![0]));
    }

    #[test]
    fn a_bad_query_has_a_code() {
        for (body, code) in [("", 5), (" ", 5), ("{}", 6), ("[]", 6), (r#"{"acks":[-1]}"#, 6)] {
            assert_eq!(
                parse_query(body.as_bytes(), 2).map_err(ReplyCode::number),
                Err(code),
                "{body}"
            );
        }
        assert_eq!(parse_query(br#"{"acks":[1,2,3]}"#, 2), Err(ReplyCode::InvalidDataFormat));
    }

    proptest! {
        #[test]
        fn a_query_survives_the_way(ids in prop::collection::vec(any::<u64>(), 0..50)) {
            prop_assert_eq!(parse_query(write_query(&ids).as_bytes(), 50), Ok(ids));
        }

        #[test]
        fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..100)) {
            drop((parse_query(&body, 10), parse_answer(&body)));
        }
    }
}
