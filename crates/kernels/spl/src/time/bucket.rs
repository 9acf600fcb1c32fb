//! Buckets of whole columns, as DataFusion expressions.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, StringArray, TimestampMillisecondArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jiff::tz::TimeZone;
use picket_core::Timestamp;

use super::{NumberSpan, Span};
use crate::value::{Reader, Value};

/// The start of the bucket of every instant in the timestamp column `expr`: `Timestamp(Millisecond)`.
pub fn floor_time(expr: Expr, span: Span, zone: &TimeZone) -> Expr {
    bucket(Bucket::Time(span, zone.clone()), expr)
}

/// The name of the bucket (`10-20`) of every number in the column `expr`; other values stay as they are.
pub fn floor_number(expr: Expr, span: NumberSpan) -> Expr {
    bucket(Bucket::Number(span), expr)
}

fn bucket(bucket: Bucket, expr: Expr) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    let name = format!("spl_bin_{bucket:?}");
    ScalarUDF::new_from_impl(BucketFunction { bucket, name, signature }).call(vec![expr])
}

#[derive(Debug)]
enum Bucket {
    Time(Span, TimeZone),
    Number(NumberSpan),
}

#[derive(Debug)]
struct BucketFunction {
    bucket: Bucket,
    name: String,
    signature: Signature,
}

impl PartialEq for BucketFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for BucketFunction {}

impl Hash for BucketFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

fn millisecond() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, None)
}

impl ScalarUDFImpl for BucketFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.bucket {
            Bucket::Time(..) => millisecond(),
            Bucket::Number(_) => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(column) = arrays.first() else {
            return datafusion::common::exec_err!("{} without a column", self.name);
        };
        let result: ArrayRef = match &self.bucket {
            Bucket::Time(span, zone) => {
                let column = cast(column, &millisecond())?;
                let starts: TimestampMillisecondArray = column
                    .as_primitive::<TimestampMillisecondType>()
                    .unary(|millis| span.floor(Timestamp::from_millis(millis), zone).as_millis());
                Arc::new(starts)
            }
            Bucket::Number(span) => {
                let reader = Reader::new(column)?;
                let names = (0..column.len()).map(|row| {
                    let value = reader.value(row)?;
                    let name = value.number().and_then(|number| span.label(number));
                    Some(name.unwrap_or_else(|| Value::into_text(value).into_owned()))
                });
                Arc::new(names.collect::<StringArray>())
            }
        };
        Ok(ColumnarValue::Array(result))
    }
}
