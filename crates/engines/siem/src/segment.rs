//! Sealed events: sorted, compressed Parquet files that never change.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, new_null_array,
};
use datafusion::arrow::compute::{
    SortColumn, SortOptions, concat, filter_record_batch, lexsort_to_indices, take_record_batch,
};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef, TimestampMillisecondType};
use datafusion::arrow::error::ArrowError;
use datafusion::object_store::path::Path;
use datafusion::object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::arrow::{ArrowWriter, ProjectionMask};
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use picket_core::Timestamp;
use picket_shred::{SHAPE, cast_to, fixed, fold_raw, unfold_raw, unified_type};

/// What is known of a segment without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Grows with each segment; part of the file's name.
    pub(crate) number: u64,
    pub(crate) index: String,
    pub(crate) min_time: Timestamp,
    pub(crate) max_time: Timestamp,
    pub(crate) rows: u64,
    /// Size of the file.
    pub(crate) bytes: u64,
    /// Size of the events' text.
    pub(crate) raw_bytes: u64,
    /// The columns of its events. In the file `_raw` is folded, see [`picket_shred::fold_raw`].
    pub(crate) schema: SchemaRef,
}

impl Segment {
    /// Where the file lies under the root.
    pub(crate) fn path(&self) -> Path {
        segment_path(&self.index, self.number)
    }
}

fn segment_path(index: &str, number: u64) -> Path {
    Path::from_iter(["segments", index, &format!("{number:016x}.parquet")])
}

/// Why a segment could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SegmentError {
    #[error("the events could not be arranged: {0}")]
    Arrow(#[from] ArrowError),
    #[error("the segment could not be encoded: {0}")]
    Parquet(#[from] ParquetError),
    #[error("the segment could not be stored: {0}")]
    Store(#[from] datafusion::object_store::Error),
    #[error("the segment's file failed: {0}")]
    File(#[from] std::io::Error),
    #[error("the thread that wrote the segment ended early: {0}")]
    Thread(#[from] tokio::task::JoinError),
    #[error("the task that wrote the segment ended without an answer")]
    Unanswered,
    #[error(transparent)]
    Catalogue(#[from] crate::catalogue::CatalogueError),
}

/// The directory of the segments.
#[derive(Debug, Clone)]
pub(crate) struct SegmentFiles {
    pub(crate) store: Arc<dyn ObjectStore>,
    root: PathBuf,
}

impl SegmentFiles {
    /// Opens or creates the directory `root`.
    pub(crate) fn open(root: PathBuf) -> Result<Self, SegmentError> {
        std::fs::create_dir_all(&root)?;
        let store = Arc::new(LocalFileSystem::new_with_prefix(&root)?);
        Ok(Self { store, root })
    }

    /// Writes one segment durably: a temporary file, a rename, an fsync of the file and of every
    /// directory that may be new.
    async fn put(&self, path: &Path, content: Bytes) -> Result<(), SegmentError> {
        self.store.put(path, content.into()).await?;
        let file = self.root.join(path.as_ref());
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || sync_up_to(&root, &file)).await??;
        Ok(())
    }

    /// Removes a segment's file; fine if it is gone.
    pub(crate) async fn remove(&self, path: &Path) -> Result<(), SegmentError> {
        match self.store.delete(path).await {
            Ok(()) | Err(datafusion::object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn sync_up_to(root: &std::path::Path, file: &std::path::Path) -> std::io::Result<()> {
    std::fs::File::open(file)?.sync_all()?;
    for directory in file.ancestors().skip(1) {
        std::fs::File::open(directory)?.sync_all()?;
        if directory == root {
            break;
        }
    }
    Ok(())
}

/// Writes `batches` as one segment for each index among them, numbered from `first_number` on.
pub(crate) async fn write_segments(
    files: &SegmentFiles,
    batches: Vec<RecordBatch>,
    first_number: u64,
) -> Result<Vec<Segment>, SegmentError> {
    let encoded = tokio::task::spawn_blocking(move || encode_by_index(&batches, first_number));
    let mut segments = Vec::new();
    for (segment, content) in encoded.await?? {
        files.put(&segment.path(), content).await?;
        segments.push(segment);
    }
    Ok(segments)
}

fn encode_by_index(
    batches: &[RecordBatch],
    first_number: u64,
) -> Result<Vec<(Segment, Bytes)>, SegmentError> {
    let mut encoded = Vec::new();
    for (number, index) in (first_number..).zip(indexes_among(batches)) {
        let own: Vec<RecordBatch> =
            batches.iter().map(|batch| only_index(batch, &index)).collect::<Result<_, _>>()?;
        encoded.push(encode(number, index, &own)?);
    }
    Ok(encoded)
}

fn index_column(batch: &RecordBatch) -> Option<&datafusion::arrow::array::StringArray> {
    batch.column_by_name(fixed::INDEX)?.as_string_opt()
}

/// The indexes that occur, in order.
pub(crate) fn indexes_among(batches: &[RecordBatch]) -> Vec<String> {
    let mut indexes = std::collections::BTreeSet::new();
    for column in batches.iter().filter_map(index_column) {
        let mut last = "";
        for index in column.iter().flatten() {
            if index != last {
                last = index;
                if !indexes.contains(index) {
                    indexes.insert(index.to_owned());
                }
            }
        }
    }
    indexes.into_iter().collect()
}

fn only_index(batch: &RecordBatch, index: &str) -> Result<RecordBatch, ArrowError> {
    let Some(column) = index_column(batch) else { return Ok(batch.clone()) };
    let mask: BooleanArray = column.iter().map(|other| Some(other == Some(index))).collect();
    if mask.true_count() == batch.num_rows() {
        return Ok(batch.clone());
    }
    filter_record_batch(batch, &mask)
}

fn encode(
    number: u64,
    index: String,
    batches: &[RecordBatch],
) -> Result<(Segment, Bytes), SegmentError> {
    let sorted = newest_first(&unite(batches)?)?;
    let content = parquet(&fold_raw(&sorted)?)?;
    let (min_time, max_time) = time_range(&sorted);
    let raw = sorted.column_by_name(fixed::RAW).and_then(|raw| raw.as_string_opt::<i32>());
    let segment = Segment {
        number,
        index,
        min_time,
        max_time,
        rows: sorted.num_rows() as u64,
        bytes: content.len() as u64,
        raw_bytes: raw.map_or(0, |raw| raw.value_data().len() as u64),
        schema: sorted.schema(),
    };
    Ok((segment, content))
}

/// The schema that holds the columns of all `schemas`: the fixed ones first, the others by name, each
/// with the type that holds all of its types.
pub(crate) fn united_schema<'s>(schemas: impl IntoIterator<Item = &'s Schema>) -> SchemaRef {
    let mut paths = std::collections::BTreeMap::new();
    for field in schemas.into_iter().flat_map(Schema::fields) {
        if fixed::ALL.contains(&field.name().as_str()) {
            continue;
        }
        match paths.get_mut(field.name().as_str()) {
            Some(kind) if kind == field.data_type() => {}
            Some(kind) => *kind = unified_type(kind, field.data_type()),
            None => {
                paths.insert(field.name().as_str(), field.data_type().clone());
            }
        }
    }
    let mut fields = fixed::fields();
    fields.extend(paths.into_iter().map(|(name, kind)| Field::new(name, kind, true)));
    Arc::new(Schema::new(fields))
}

/// The columns of `schema` out of `batch`; null where it has none.
pub(crate) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => cast_to(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<ArrayRef>, _>>()?;
    let options =
        datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}

pub(crate) fn unite(batches: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    let batches: Vec<_> = batches.iter().filter(|batch| batch.num_rows() > 0).collect();
    let schemas: Vec<_> = batches.iter().map(|batch| batch.schema()).collect();
    let schema = united_schema(schemas.iter().map(Arc::as_ref));
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let parts = batches
            .iter()
            .map(|batch| match batch.column_by_name(field.name()) {
                Some(column) => cast_to(column, field.data_type()),
                None => Ok(new_null_array(field.data_type(), batch.num_rows())),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        columns.push(concat(&parts)?);
    }
    RecordBatch::try_new(schema, columns)
}

fn newest_first(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let descending = Some(SortOptions { descending: true, nulls_first: false });
    let keys: Vec<SortColumn> = [fixed::TIME, fixed::SEQUENCE]
        .iter()
        .filter_map(|name| batch.column_by_name(name))
        .map(|values| SortColumn { values: values.clone(), options: descending })
        .collect();
    take_record_batch(batch, &lexsort_to_indices(&keys, None)?)
}

/// The earliest and latest event time in `batch`; zero where there is none.
pub(crate) fn time_range(batch: &RecordBatch) -> (Timestamp, Timestamp) {
    let times = batch
        .column_by_name(fixed::TIME)
        .and_then(|times| times.as_primitive_opt::<TimestampMillisecondType>());
    let values = times.map_or(&[][..], |times| times.values());
    let end = |ms: Option<&i64>| Timestamp::from_millis(ms.copied().unwrap_or(0));
    (end(values.iter().min()), end(values.iter().max()))
}

fn parquet(batch: &RecordBatch) -> Result<Bytes, SegmentError> {
    let raw = ColumnPath::from(fixed::RAW);
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(128 * 1024))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_statistics_enabled(raw.clone(), EnabledStatistics::None)
        .set_column_dictionary_enabled(raw, false)
        .set_column_statistics_enabled(ColumnPath::from(fixed::TIME), EnabledStatistics::Page);
    // Every id is another one, and none is looked for by name.
    let id = ColumnPath::from(fixed::ID);
    properties = properties
        .set_column_dictionary_enabled(id.clone(), false)
        .set_column_statistics_enabled(id, EnabledStatistics::None);
    for name in [fixed::TIME, fixed::INDEX_TIME, fixed::SEQUENCE] {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(name), false)
            .set_column_encoding(ColumnPath::from(name), Encoding::DELTA_BINARY_PACKED);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()))?;
    writer.write(batch)?;
    Ok(writer.into_inner()?.into())
}

/// The rows of the segment at `path`, or only its column `column`.
pub(crate) async fn read_segment(
    files: &SegmentFiles,
    path: &Path,
    column: Option<&'static str>,
) -> Result<Vec<RecordBatch>, SegmentError> {
    let file = files.root.join(path.as_ref());
    let read = move || -> Result<Vec<RecordBatch>, SegmentError> {
        let mut builder = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(file)?)?;
        if let Some(column) = column {
            let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
            builder = builder.with_projection(mask);
        }
        let batches = builder.build()?.map(|batch| batch.and_then(|batch| unfolded(&batch)));
        Ok(batches.collect::<Result<_, ArrowError>>()?)
    };
    tokio::task::spawn_blocking(read).await?
}

/// A batch of the file with `_raw` as it was.
fn unfolded(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let Ok(shape) = schema.index_of(SHAPE) else { return Ok(batch.clone()) };
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let raw: ArrayRef = Arc::new(unfold_raw(&names, batch.columns())?);
    let mut fields = Vec::with_capacity(names.len());
    let mut columns = Vec::with_capacity(names.len());
    for (at, (field, column)) in schema.fields().iter().zip(batch.columns()).enumerate() {
        if at == shape {
            continue;
        }
        let is_raw = field.name() == fixed::RAW;
        fields.push(field.as_ref().clone().with_nullable(field.is_nullable() && !is_raw));
        columns.push(if is_raw { raw.clone() } else { column.clone() });
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
