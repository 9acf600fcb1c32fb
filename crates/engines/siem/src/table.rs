//! One snapshot of events as a table that DataFusion scans.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, ScalarUDF, ScalarUDFImpl, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use picket_shred::{SHAPE, fixed};

use crate::read_functions::{UnfoldText, UnifyTo};
use crate::segment::{Segment, SegmentFiles, conform, united_schema};
use crate::view::Snapshot;

/// The events of a snapshot, with every column that any of them has.
#[derive(Debug)]
pub(crate) struct EventsTable {
    schema: SchemaRef,
    snapshot: Snapshot,
    files: SegmentFiles,
}

impl EventsTable {
    pub(crate) fn new(snapshot: Snapshot, files: SegmentFiles) -> Self {
        let recent: Vec<_> = snapshot.recent.iter().map(|recent| recent.batch.schema()).collect();
        let sealed = snapshot.segments.iter().map(|segment| segment.schema.as_ref());
        let schema = united_schema(recent.iter().map(Arc::as_ref).chain(sealed));
        Self { schema, snapshot, files }
    }

    fn recent(&self, schema: &SchemaRef) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if self.snapshot.recent.is_empty() {
            return Ok(None);
        }
        let batches = self
            .snapshot
            .recent
            .iter()
            .map(|recent| conform(&recent.batch, schema))
            .collect::<Result<Vec<_>, _>>()?;
        let exec = MemorySourceConfig::try_new_exec(&[batches], schema.clone(), None)?;
        Ok(Some(exec))
    }

    /// Rows without columns, for a plain count.
    fn only_count(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let recent: usize = self.snapshot.recent.iter().map(|recent| recent.batch.num_rows()).sum();
        let sealed: u64 = self.snapshot.segments.iter().map(|segment| segment.rows).sum();
        let rows = recent + usize::try_from(sealed).unwrap_or(usize::MAX - recent);
        let schema = Arc::new(Schema::empty());
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options)?;
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], schema, None)?)
    }

    /// Segments that store the columns of `schema` with the same types, together.
    fn groups(&self, schema: &SchemaRef) -> Vec<(SchemaRef, Vec<&Arc<Segment>>)> {
        let mut groups: BTreeMap<Vec<u8>, (SchemaRef, Vec<&Arc<Segment>>)> = BTreeMap::new();
        for segment in &self.snapshot.segments {
            let (key, stored) = stored_types(schema, &segment.schema);
            groups.entry(key).or_insert_with(|| (stored, Vec::new())).1.push(segment);
        }
        groups.into_values().collect()
    }

    fn scan_group(
        &self,
        state: &dyn Session,
        stored: &SchemaRef,
        segments: &[&Arc<Segment>],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::parse("picket://segments")?;
        state.runtime_env().register_object_store(url.as_ref(), self.files.store.clone());
        let files = segments.iter().map(|segment| {
            PartitionedFile::new(segment.path().to_string(), segment.bytes)
                // Holds the file until the search has ended.
                .with_extension(Arc::clone(segment))
        });
        let source = Arc::new(ParquetSource::new(stored.clone()));
        let files = FileGroup::new(files.collect());
        let groups = files.split_files(state.config().target_partitions().max(1));
        let config = FileScanConfigBuilder::new(url, source).with_file_groups(groups).build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The types in which a segment stores the columns of `schema`: a key to compare them by, and a schema
/// with them. A column that the segment does not have counts as having the right type.
fn stored_types(schema: &Schema, stored: &Schema) -> (Vec<u8>, SchemaRef) {
    let mut key = Vec::with_capacity(schema.fields().len());
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let own = stored.field_with_name(field.name()).ok();
        match own.filter(|own| own.data_type() != field.data_type()) {
            None => {
                key.push(0);
                fields.push(field.as_ref().clone());
            }
            Some(own) => {
                key.push(match own.data_type() {
                    DataType::Int64 => 1,
                    DataType::Float64 => 2,
                    _ => 3,
                });
                fields.push(own.clone().with_nullable(true));
            }
        }
    }
    (key, Arc::new(Schema::new(fields)))
}

/// What must be read of a segment for the columns of `wanted`: those, or for `_raw` all of `all`, since
/// the text is put together from its values.
fn columns_to_read(wanted: &SchemaRef, all: &Schema) -> SchemaRef {
    if wanted.index_of(fixed::RAW).is_err() {
        return wanted.clone();
    }
    let is_needed = |field: &&Arc<Field>| {
        let name = field.name().as_str();
        !fixed::ALL.contains(&name) || name == fixed::RAW || wanted.index_of(name).is_ok()
    };
    let mut fields: Vec<Field> =
        all.fields().iter().filter(is_needed).map(|field| field.as_ref().clone()).collect();
    for field in fields.iter_mut().filter(|field| field.name() == fixed::RAW) {
        field.set_nullable(true);
    }
    fields.push(Field::new(SHAPE, DataType::Utf8, true));
    Arc::new(Schema::new(fields))
}

/// `input`, which has what was read of segments, as columns of `schema`.
fn as_wanted(input: Arc<dyn ExecutionPlan>, schema: &SchemaRef) -> Result<Arc<dyn ExecutionPlan>> {
    if input.schema().fields() == schema.fields() {
        return Ok(input);
    }
    let read = input.schema();
    let expressions = schema.fields().iter().map(|field| {
        let expression = if field.name() == fixed::RAW {
            text_of(&read, field)
        } else {
            let at = read.index_of(field.name())?;
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), at));
            if read.field(at).data_type() == field.data_type() {
                column
            } else {
                call(UnifyTo::new(field.data_type().clone()), vec![column], field)
            }
        };
        Ok((expression, field.name().clone()))
    });
    let expressions: Vec<_> = expressions.collect::<Result<_>>()?;
    Ok(Arc::new(ProjectionExec::try_new(expressions, input)?))
}

/// The text of the event out of everything that was read.
fn text_of(read: &Schema, field: &Arc<Field>) -> Arc<dyn PhysicalExpr> {
    let needed = read.fields().iter().enumerate().filter(|(_, field)| {
        !fixed::ALL.contains(&field.name().as_str()) || field.name() == fixed::RAW
    });
    let (names, columns): (Vec<String>, Vec<Arc<dyn PhysicalExpr>>) = needed
        .map(|(at, field)| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), at));
            (field.name().clone(), column)
        })
        .unzip();
    call(UnfoldText::new(names), columns, field)
}

fn call(
    function: impl ScalarUDFImpl + 'static,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    field: &Arc<Field>,
) -> Arc<dyn PhysicalExpr> {
    let name = function.name().to_owned();
    let function = Arc::new(ScalarUDF::from(function));
    let options = Arc::new(ConfigOptions::default());
    Arc::new(ScalarFunctionExpr::new(&name, function, arguments, field.clone(), options))
}

#[async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters are re-checked above; the physical optimiser hands them to Parquet for pruning.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        if schema.fields().is_empty() {
            return self.only_count();
        }
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = self.recent(&schema)?.into_iter().collect();
        for (stored, segments) in self.groups(&columns_to_read(&schema, &self.schema)) {
            parts.push(as_wanted(self.scan_group(state, &stored, &segments)?, &schema)?);
        }
        match parts.len() {
            0 => Ok(MemorySourceConfig::try_new_exec(&[vec![]], schema, None)?),
            1 => parts.pop().ok_or_else(|| DataFusionError::Internal("no part".to_owned())),
            _ => UnionExec::try_new(parts),
        }
    }
}
