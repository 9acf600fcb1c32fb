//! The aggregate function that runs a tally for every group.

use std::hash::{Hash, Hasher};
use std::mem::size_of_val;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility, cast,
};

use super::function::Measure;
use super::tally::{Sample, Saved, Tally, tally};
use crate::value::{Kind, Reader, Value, build};

/// A stats function for one kind of column. Its arguments are the column, then the time in
/// milliseconds and the order where the function asks for them.
#[derive(Debug)]
pub(super) struct Aggregate {
    measure: Measure,
    kind: Kind,
    has_time: bool,
    has_order: bool,
    name: String,
    signature: Signature,
}

impl Aggregate {
    pub(super) fn call(
        measure: Measure,
        argument: Kind,
        value: Expr,
        time: Option<Expr>,
        order: Option<Expr>,
    ) -> Expr {
        let (has_time, has_order) = (time.is_some(), order.is_some());
        let millis = DataType::Timestamp(datafusion::arrow::datatypes::TimeUnit::Millisecond, None);
        let time = time.map(|time| cast(cast(time, millis), DataType::Int64));
        let order = order.map(|order| cast(order, DataType::Int64));
        let arguments: Vec<Expr> = [Some(value), time, order].into_iter().flatten().collect();
        let function = Self {
            measure,
            kind: result_kind(measure, argument),
            has_time,
            has_order,
            name: format!("spl_{measure:?}"),
            signature: Signature::any(arguments.len(), Volatility::Immutable),
        };
        AggregateUDF::new_from_impl(function).call(arguments)
    }
}

/// What a measure of a column of this kind gives.
fn result_kind(measure: Measure, argument: Kind) -> Kind {
    match measure {
        Measure::Count | Measure::Distinct => Kind::Integer,
        Measure::Values | Measure::List => Kind::Multi,
        Measure::Mode | Measure::First | Measure::Last | Measure::Earliest | Measure::Latest => {
            match argument {
                Kind::Integer | Kind::Number => argument,
                _ => Kind::Text,
            }
        }
        Measure::Min | Measure::Max => Kind::Text,
        _ => Kind::Number,
    }
}

impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.kind, self.has_time, self.has_order)
            == (&other.name, other.kind, other.has_time, other.has_order)
    }
}

impl Eq for Aggregate {}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, self.kind, self.has_time, self.has_order).hash(state);
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.kind.data_type())
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let list = |part: &str, item: DataType| {
            let item = Arc::new(Field::new("item", item, true));
            Arc::new(Field::new(format!("{}[{part}]", args.name), DataType::List(item), true))
        };
        Ok(vec![
            list("numbers", DataType::Float64),
            list("texts", DataType::Utf8),
            list("orders", DataType::Int64),
        ])
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(TallyAccumulator {
            tally: tally(self.measure),
            kind: self.kind,
            has_time: self.has_time,
            has_order: self.has_order,
            rows_seen: 0,
        }))
    }
}

#[derive(Debug)]
struct TallyAccumulator {
    tally: Box<dyn Tally>,
    kind: Kind,
    has_time: bool,
    has_order: bool,
    rows_seen: i64,
}

impl Accumulator for TallyAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(column) = values.first() else {
            return exec_err!("a stats function without an argument");
        };
        let reader = Reader::new(column)?;
        let mut rest = values.iter().skip(1);
        let mut next = |wanted: bool| rest.next().filter(|_| wanted);
        let times =
            if self.has_time { next(true).map(|a| a.as_primitive::<Int64Type>()) } else { None };
        let orders =
            if self.has_order { next(true).map(|a| a.as_primitive::<Int64Type>()) } else { None };
        for row in 0..column.len() {
            self.rows_seen += 1;
            let Some(value) = reader.value(row) else { continue };
            let time = times.map(|times| times.is_valid(row).then(|| times.value(row)));
            let place = Place {
                time: match time {
                    // A row without time has no place among the others.
                    Some(None) => continue,
                    other => other.flatten(),
                },
                order: orders.map_or(self.rows_seen, |orders| orders.value(row)),
            };
            self.add(value, place);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let column = build(self.kind, std::iter::once(self.tally.result()));
        ScalarValue::try_from_array(&column, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.tally.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let Saved { numbers, texts, orders } = self.tally.save();
        let list = |items: ArrayRef| SingleRowListArrayBuilder::new(items).build_list_scalar();
        Ok(vec![
            list(Arc::new(datafusion::arrow::array::Float64Array::from(numbers))),
            list(Arc::new(datafusion::arrow::array::StringArray::from(texts))),
            list(Arc::new(datafusion::arrow::array::Int64Array::from(orders))),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [numbers, texts, orders] = states else {
            return exec_err!("a state of {} parts, not 3", states.len());
        };
        for row in 0..numbers.len() {
            let items = |column: &ArrayRef| {
                let lists = column.as_list::<i32>();
                lists.is_valid(row).then(|| lists.value(row))
            };
            let (Some(numbers), Some(texts), Some(orders)) =
                (items(numbers), items(texts), items(orders))
            else {
                continue;
            };
            self.tally.merge(Saved {
                numbers: numbers.as_primitive::<Float64Type>().values().to_vec(),
                texts: texts.as_string::<i32>().iter().flatten().map(str::to_owned).collect(),
                orders: orders.as_primitive::<Int64Type>().values().to_vec(),
            });
        }
        Ok(())
    }
}

/// Where a row stands among the others.
#[derive(Clone, Copy)]
struct Place {
    time: Option<i64>,
    order: i64,
}

impl TallyAccumulator {
    /// Adds the value of a row; each value of a multivalue is a sample.
    fn add(&mut self, value: Value<'_>, place: Place) {
        let Place { time, order } = place;
        match value {
            Value::Multi(items) => {
                for item in items {
                    self.tally.add(Sample { value: Value::Text(item), time, order });
                }
            }
            single => self.tally.add(Sample { value: single, time, order }),
        }
    }
}
