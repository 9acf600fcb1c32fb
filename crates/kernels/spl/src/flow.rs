//! Rows on their way through the stages of a search: a plan, the order of its rows, and which of its
//! columns the user sees.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchemaRef, Result, ScalarValue};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, ExprSchemable, LogicalPlan, LogicalPlanBuilder, SortExpr,
};
use datafusion::prelude::{cast, ident};

use crate::apart::apart;
use crate::count::RowCounter;
use crate::fields::Fields;

/// What the names of columns that no user sees begin with. A field of an event that begins so is not
/// reachable.
const HIDDEN: char = '\0';
/// The event time and number of the base search.
const BASE_ORDER: &[(&str, &str)] = &[("_time", "\0time"), ("_seq", "\0seq")];

/// One key of the order of rows, a hidden column. Nulls come last.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) column: String,
    pub(crate) is_descending: bool,
}

impl Key {
    fn sort(&self) -> SortExpr {
        ident(&self.column).sort(!self.is_descending, false)
    }
}

/// Rows on their way.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    plan: LogicalPlan,
    order: Vec<Key>,
    /// Columns that count as absent when no row of the result has a value in them.
    optional: BTreeSet<String>,
    /// Whether no command has turned events into a table yet.
    pub(crate) is_events: bool,
    hidden_count: usize,
    /// Whether columns still hold what is in `_raw`, apart from the altered ones.
    is_shredded: bool,
    altered: BTreeSet<String>,
}

impl Flow {
    /// The events of `table`, with those of its columns that are `wanted`, newest first.
    pub(crate) fn scan(table: Arc<dyn TableProvider>, wanted: &Fields) -> Result<Self> {
        const EVENTS: &str = "events";
        let schema = table.schema();
        let column = |name: &str| Expr::Column(Column::new(Some(EVENTS), name));
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let seen = names.filter(|name| !is_hidden(name) && wanted.contains(name));
        let seen: Vec<String> = seen.map(str::to_owned).collect();
        // The hidden copy is the one that is sorted by, so it is the one the planner sees through.
        let shown = |name: &String| match BASE_ORDER.iter().any(|(base, _)| base == name) {
            true => apart(column(name)).alias(name),
            false => column(name).alias(name),
        };
        let mut columns: Vec<Expr> = seen.iter().map(shown).collect();
        let mut order = Vec::new();
        for (name, hidden) in BASE_ORDER {
            if schema.column_with_name(name).is_some() {
                columns.push(column(name).alias(*hidden));
                order.push(Key { column: (*hidden).to_owned(), is_descending: true });
            }
        }
        let plan = LogicalPlanBuilder::scan(EVENTS, provider_as_source(table), None)?;
        let plan = plan.project(columns)?.build()?;
        let optional = seen.into_iter().collect();
        let flow = Self::new(plan, order);
        Ok(Self { optional, is_events: true, is_shredded: true, ..flow })
    }

    /// One row without columns, for a stage that makes its own rows.
    pub(crate) fn empty() -> Result<Self> {
        Ok(Self::new(LogicalPlanBuilder::empty(true).build()?, Vec::new()))
    }

    fn new(plan: LogicalPlan, order: Vec<Key>) -> Self {
        Self {
            plan,
            order,
            optional: BTreeSet::new(),
            is_events: false,
            hidden_count: 0,
            is_shredded: false,
            altered: BTreeSet::new(),
        }
    }

    /// The rows of `batch`, in their order.
    pub(crate) fn of_batch(batch: &RecordBatch) -> Result<Self> {
        const ROW: &str = "\0row";
        let mut fields: Vec<Arc<Field>> = batch.schema().fields().to_vec();
        let mut columns = batch.columns().to_vec();
        fields.push(Arc::new(Field::new(ROW, DataType::Int64, false)));
        let rows = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        columns.push(Arc::new(Int64Array::from_iter_values(0..rows)));
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns)?;
        let table = MemTable::try_new(schema.clone(), vec![vec![batch]])?;
        let column = |name: &str| Expr::Column(Column::new(Some("rows"), name)).alias(name);
        let columns = schema.fields().iter().map(|field| column(field.name()));
        let columns: Vec<Expr> = columns.collect();
        let plan = LogicalPlanBuilder::scan("rows", provider_as_source(Arc::new(table)), None)?
            .project(columns)?
            .build()?;
        let order = vec![Key { column: ROW.to_owned(), is_descending: false }];
        Ok(Self::new(plan, order))
    }

    /// The rows of `batch`, which were those of this flow, in their order.
    pub(crate) fn replaced_by(&self, batch: &RecordBatch) -> Result<Self> {
        let Self { plan, order, .. } = Self::of_batch(batch)?;
        Ok(Self { plan, order, ..self.clone() })
    }

    /// How many steps the plan has, one on top of another.
    pub(crate) fn depth(&self) -> usize {
        let mut depth = 0;
        let mut plan = &self.plan;
        while let Some(input) = plan.inputs().into_iter().next() {
            depth += 1;
            plan = input;
        }
        depth
    }

    pub(crate) fn plan(&self) -> &LogicalPlan {
        &self.plan
    }

    pub(crate) fn schema(&self) -> &DFSchemaRef {
        self.plan.schema()
    }

    /// The names of the columns the user sees, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.schema().fields().iter().map(|field| field.name());
        names.filter(|name| !is_hidden(name)).cloned().collect()
    }

    /// The type of a column; `None` if there is none.
    pub(crate) fn data_type(&self, name: &str) -> Option<DataType> {
        let field = self.schema().field_with_unqualified_name(name).ok()?;
        Some(field.data_type().clone())
    }

    /// The type of an expression over the columns.
    pub(crate) fn type_of(&self, expression: &Expr) -> Result<DataType> {
        expression.get_type(self.schema().as_ref())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.data_type(name).is_some()
    }

    /// The column `name`, or null where there is none.
    pub(crate) fn column(&self, name: &str) -> Expr {
        if self.has(name) { ident(name) } else { missing() }
    }

    pub(crate) fn is_optional(&self, name: &str) -> bool {
        self.optional.contains(name)
    }

    /// From now on these columns belong to the result even if they are empty.
    pub(crate) fn set_mandatory(&mut self, names: &[String]) {
        for name in names {
            self.optional.remove(name);
        }
    }

    pub(crate) fn set_optional(&mut self, name: &str) {
        self.optional.insert(name.to_owned());
    }

    /// Whether the column holds what the events of the base search have under this name.
    pub(crate) fn is_original(&self, name: &str) -> bool {
        self.is_shredded && !self.altered.contains(name)
    }

    /// From now on the column is not what the events have under this name.
    pub(crate) fn set_altered(&mut self, name: &str) {
        if self.is_shredded {
            self.altered.insert(name.to_owned());
        }
    }

    /// A hidden name that is not taken.
    pub(crate) fn hidden_name(&mut self) -> String {
        self.hidden_count += 1;
        format!("{HIDDEN}{}", self.hidden_count)
    }

    /// The rows for which `predicate` is true.
    pub(crate) fn filter(mut self, predicate: Expr) -> Result<Self> {
        self.plan = LogicalPlanBuilder::new(self.plan).filter(predicate)?.build()?;
        Ok(self)
    }

    /// These columns in this order; hidden ones that give the order of rows stay.
    pub(crate) fn project(mut self, columns: Vec<(String, Expr)>) -> Result<Self> {
        let keys = self.order.iter().map(|key| key.column.clone());
        let keys: Vec<String> =
            keys.filter(|key| !columns.iter().any(|(name, _)| name == key)).collect();
        let named = columns.into_iter().map(|(name, column)| named(column, &name));
        let columns: Vec<Expr> = named.chain(keys.iter().map(ident)).collect();
        self.plan = LogicalPlanBuilder::new(self.plan).project(columns)?.build()?;
        Ok(self)
    }

    /// With these columns set: in place where they exist, else after the others.
    pub(crate) fn with_columns(self, set: Vec<(String, Expr)>) -> Result<Self> {
        let mut columns: Vec<(String, Expr)> =
            self.names().into_iter().map(|name| (name.clone(), ident(name))).collect();
        let mut flow = self;
        for (name, expression) in set {
            flow.set_altered(&name);
            if !flow.has(&name) {
                flow.optional.insert(name.clone());
            }
            match columns.iter_mut().find(|(known, _)| *known == name) {
                Some((_, column)) => *column = expression,
                None => columns.push((name, expression)),
            }
        }
        flow.project(columns)
    }

    /// With the column `name` set.
    pub(crate) fn with_column(self, name: &str, expression: Expr) -> Result<Self> {
        self.with_columns(vec![(name.to_owned(), expression)])
    }

    /// The columns for which `keep` says so.
    pub(crate) fn keep(self, keep: impl Fn(&str) -> bool) -> Result<Self> {
        let kept = self.names().into_iter().filter(|name| keep(name));
        let columns = kept.map(|name| (name.clone(), ident(name))).collect();
        self.project(columns)
    }

    /// Counts the rows that pass here.
    pub(crate) fn counted(mut self, counter: &RowCounter) -> Self {
        self.plan = counter.counting(self.plan);
        self
    }

    /// Groups rows: `keys` and `aggregates` become the columns, and there is no order yet.
    pub(crate) fn aggregate(
        mut self,
        keys: Vec<(String, Expr)>,
        aggregates: Vec<(String, Expr)>,
    ) -> Result<Self> {
        let named = |columns: Vec<(String, Expr)>| -> Vec<Expr> {
            columns.into_iter().map(|(name, column)| named(column, &name)).collect()
        };
        self.plan = LogicalPlanBuilder::new(self.plan)
            .aggregate(named(keys), named(aggregates))?
            .build()?;
        self.order.clear();
        self.optional.clear();
        self.altered.clear();
        self.is_shredded = false;
        self.is_events = false;
        Ok(self)
    }

    /// One row for each value of the list columns `columns`, in step; a null list leaves its row.
    pub(crate) fn unnest(mut self, columns: &[String]) -> Result<Self> {
        let columns = columns.iter().map(|name| Column::from_name(name.clone())).collect();
        let options = datafusion::common::UnnestOptions::new().with_preserve_nulls(true);
        self.plan = LogicalPlanBuilder::new(self.plan)
            .unnest_columns_with_options(columns, options)?
            .build()?;
        Ok(self)
    }

    /// Adds window expressions as columns of the names they are aliased to.
    pub(crate) fn window(mut self, columns: Vec<Expr>) -> Result<Self> {
        self.plan = LogicalPlanBuilder::new(self.plan).window(columns)?.build()?;
        Ok(self)
    }

    pub(crate) fn order(&self) -> &[Key] {
        &self.order
    }

    /// Keeps a hidden column through the next projections, as the last key of the order.
    pub(crate) fn keep_hidden(mut self, name: &str) -> Self {
        if is_hidden(name) {
            self.order.push(Key { column: name.to_owned(), is_descending: false });
        }
        self
    }

    /// The same rows, the last one first.
    pub(crate) fn reversed(mut self) -> Self {
        for key in &mut self.order {
            key.is_descending = !key.is_descending;
        }
        self
    }

    /// The order of rows, for a sort or a window.
    pub(crate) fn sort_keys(&self) -> Vec<SortExpr> {
        self.order.iter().map(Key::sort).collect()
    }

    /// Puts `keys` before the order of rows.
    pub(crate) fn sort_first_by(&mut self, keys: Vec<Key>) {
        self.order.splice(0..0, keys);
    }

    /// Orders rows that are alike so far by `key`.
    pub(crate) fn sort_last_by(&mut self, key: Key) {
        self.order.push(key);
    }

    /// Numbers the rows in their order, from 1, in a hidden column.
    pub(crate) fn with_row_numbers(mut self) -> Result<(Self, String)> {
        let name = self.hidden_name();
        let number = row_number().order_by(self.sort_keys()).build()?;
        let count = self.hidden_name();
        self = self.window(vec![number.alias(&count)])?;
        self.order.clear();
        let mut columns: Vec<(String, Expr)> =
            self.names().into_iter().map(|name| (name.clone(), ident(name))).collect();
        columns.push((name.clone(), cast(ident(count), DataType::Int64)));
        self = self.project(columns)?;
        self.order = vec![Key { column: name.clone(), is_descending: false }];
        Ok((self, name))
    }

    /// The first `count` rows.
    pub(crate) fn head(mut self, count: usize) -> Result<Self> {
        self.plan = self.sorted(Some(count))?;
        Ok(self)
    }

    /// The plan with its rows in order, at most `fetch` of them.
    pub(crate) fn sorted(&self, fetch: Option<usize>) -> Result<LogicalPlan> {
        let plan = LogicalPlanBuilder::new(self.plan.clone());
        match (self.sort_keys(), fetch) {
            (keys, None) if keys.is_empty() => plan.build(),
            // The engine does not sort for nothing.
            (keys, Some(rows)) if keys.is_empty() || rows == 0 => plan.limit(0, fetch)?.build(),
            (keys, _) => plan.sort_with_limit(keys, fetch)?.build(),
        }
    }
}

/// Whether no user sees the column.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with(HIDDEN)
}

/// A field that is not there.
pub(crate) fn missing() -> Expr {
    Expr::Literal(ScalarValue::Utf8(None), None)
}

/// `column` under `name`.
fn named(column: Expr, name: &str) -> Expr {
    match &column {
        Expr::Column(Column { relation: None, name: own, .. }) if own == name => column,
        _ => column.alias(name),
    }
}
