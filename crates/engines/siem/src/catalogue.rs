//! Which segments there are and how far the log has been consumed, stored together.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use picket_core::Timestamp;
use picket_ports::{LogError, StateBatch, StateStore};
use serde::{Deserialize, Serialize};

use crate::segment::Segment;

const CONSUMED: &[u8] = b"consumed";
const SEGMENT: &[u8] = b"segment/";

/// Why the catalogue could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    #[error("the catalogue of segments failed: {0}")]
    Store(#[from] LogError),
    #[error("an entry of the catalogue of segments cannot be read: {0}")]
    Encoding(#[from] postcard::Error),
}

/// A segment as it is stored, tagged by the version of the format.
#[derive(Debug, Serialize, Deserialize)]
enum StoredSegment {
    V1(SegmentV1),
}

#[derive(Debug, Serialize, Deserialize)]
struct SegmentV1 {
    index: String,
    min_time: i64,
    max_time: i64,
    rows: u64,
    bytes: u64,
    raw_bytes: u64,
    columns: Vec<(String, ColumnType, bool)>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum ColumnType {
    Integer,
    Float,
    Text,
    Texts,
    Time,
    Unsigned,
}

impl ColumnType {
    fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Int64 => Self::Integer,
            DataType::Float64 => Self::Float,
            DataType::List(_) => Self::Texts,
            DataType::Timestamp(_, _) => Self::Time,
            DataType::UInt64 => Self::Unsigned,
            _ => Self::Text,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Texts => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Unsigned => DataType::UInt64,
        }
    }
}

/// What the catalogue holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// All segments by number.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// Records of the log up to and with this one are in segments.
    pub(crate) consumed: u64,
}

/// The catalogue's storage.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    pub(crate) store: Arc<dyn StateStore>,
}

impl Catalogue {
    pub(crate) async fn load(&self) -> Result<Contents, CatalogueError> {
        let mut contents = Contents::default();
        if let Some(value) = self.store.get(CONSUMED).await? {
            contents.consumed = postcard::from_bytes(&value)?;
        }
        let mut after: Option<Vec<u8>> = None;
        loop {
            let pairs = self.store.scan(SEGMENT, after.as_deref(), 1000).await?;
            let Some((last, _)) = pairs.last() else { return Ok(contents) };
            after = Some(last.clone());
            for (key, value) in &pairs {
                contents.segments.push(Arc::new(decode(key, value)?));
            }
        }
    }

    /// Adds `added` and removes `removed`; `consumed` moves with them. All or nothing.
    pub(crate) async fn commit(
        &self,
        added: &[Segment],
        removed: &[Arc<Segment>],
        consumed: Option<u64>,
    ) -> Result<(), CatalogueError> {
        let mut batch = StateBatch::default();
        for segment in added {
            batch.put(key(segment.number), encode(segment)?);
        }
        for segment in removed {
            batch.delete(key(segment.number));
        }
        if let Some(consumed) = consumed {
            batch.put(CONSUMED, postcard::to_stdvec(&consumed)?);
        }
        Ok(self.store.commit(batch).await?)
    }
}

fn key(number: u64) -> Vec<u8> {
    [SEGMENT, &number.to_be_bytes()].concat()
}

fn encode(segment: &Segment) -> Result<Vec<u8>, postcard::Error> {
    let columns = segment
        .schema
        .fields()
        .iter()
        .map(|field| (field.name().clone(), ColumnType::of(field.data_type()), field.is_nullable()))
        .collect();
    postcard::to_stdvec(&StoredSegment::V1(SegmentV1 {
        index: segment.index.clone(),
        min_time: segment.min_time.as_millis(),
        max_time: segment.max_time.as_millis(),
        rows: segment.rows,
        bytes: segment.bytes,
        raw_bytes: segment.raw_bytes,
        columns,
    }))
}

fn decode(key: &[u8], value: &[u8]) -> Result<Segment, postcard::Error> {
    let number = key.strip_prefix(SEGMENT).and_then(|number| number.try_into().ok());
    let number = number.ok_or(postcard::Error::DeserializeBadEncoding)?;
    let StoredSegment::V1(stored) = postcard::from_bytes(value)?;
    let field = |(name, kind, nullable): (String, ColumnType, bool)| {
        Field::new(name, kind.data_type(), nullable)
    };
    let fields: Vec<Field> = stored.columns.into_iter().map(field).collect();
    Ok(Segment {
        number: u64::from_be_bytes(number),
        index: stored.index,
        min_time: Timestamp::from_millis(stored.min_time),
        max_time: Timestamp::from_millis(stored.max_time),
        rows: stored.rows,
        bytes: stored.bytes,
        raw_bytes: stored.raw_bytes,
        schema: Arc::new(Schema::new(fields)),
    })
}

#[cfg(test)]
mod tests {
    use picket_shred::fixed;

    use super::*;

    #[test]
    fn a_segment_reads_back_as_it_was_stored() {
        let mut fields = fixed::fields();
        for kind in [ColumnType::Integer, ColumnType::Float, ColumnType::Texts] {
            fields.push(Field::new(format!("{kind:?}"), kind.data_type(), true));
        }
        let segment = Segment {
            number: 258,
            index: "iot".to_owned(),
            min_time: Timestamp::from_millis(-1),
            max_time: Timestamp::from_millis(5),
            rows: 2,
            bytes: 3,
            raw_bytes: 4,
            schema: Arc::new(Schema::new(fields)),
        };
        let read = decode(&key(258), &encode(&segment).unwrap()).unwrap();
        assert_eq!(read, segment);
    }
}
