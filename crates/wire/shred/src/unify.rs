//! One type for a path whose type differs between batches.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray, StringBuilder};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::arrow::error::ArrowError;

use crate::column::list_item;

/// The type that holds both `a` and `b` without changing how a cell reads: equal types stay, a list
/// and anything give `List<Utf8>`, all else gives `Utf8`.
pub fn unified_type(a: &DataType, b: &DataType) -> DataType {
    match (a, b) {
        _ if a == b => a.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (DataType::List(_), _) | (_, DataType::List(_)) => DataType::List(list_item()),
        _ => DataType::Utf8,
    }
}

/// `array` as `target`, a type that [`unified_type`] gave for it and others. Numbers print as they
/// stood in the event; a value becomes a list of one, null stays null.
///
/// # Errors
/// Types that [`crate::Shredder`] does not make.
pub fn cast_to(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), target) {
        (from, to) if from == to => Ok(array.clone()),
        (_, DataType::List(_)) => {
            let text = cast_to(array, &DataType::Utf8)?;
            Ok(Arc::new(list_of_one(text.as_string::<i32>())?))
        }
        (DataType::Int64, DataType::Utf8) => {
            Ok(Arc::new(print(array.as_primitive::<Int64Type>().iter())))
        }
        (DataType::Float64, DataType::Utf8) => {
            Ok(Arc::new(print(array.as_primitive::<Float64Type>().iter())))
        }
        (_, to) => cast(array, to),
    }
}

fn print<T: std::fmt::Display>(values: impl Iterator<Item = Option<T>>) -> StringArray {
    use std::fmt::Write as _;
    let mut builder = StringBuilder::new();
    let mut printed = String::new();
    for value in values {
        let Some(value) = value else {
            builder.append_null();
            continue;
        };
        printed.clear();
        // Writing to a String does not fail.
        if write!(printed, "{value}").is_ok() {
            builder.append_value(&printed);
        }
    }
    builder.finish()
}

/// Each value as a list of one; a null row is a null list without items.
fn list_of_one(values: &StringArray) -> Result<ListArray, ArrowError> {
    let lengths = (0..values.len()).map(|row| usize::from(values.is_valid(row)));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let items: StringArray = values.iter().flatten().map(Some).collect();
    ListArray::try_new(list_item(), offsets, Arc::new(items), values.nulls().cloned())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Float64Array, Int64Array};

    use super::*;

    #[test]
    fn differing_types_meet_in_text_and_any_list_makes_a_list() {
        let list = DataType::List(list_item());
        assert_eq!(unified_type(&DataType::Int64, &DataType::Int64), DataType::Int64);
        assert_eq!(unified_type(&DataType::Int64, &DataType::Float64), DataType::Utf8);
        assert_eq!(unified_type(&DataType::Float64, &list), list);
    }

    #[test]
    fn numbers_print_as_they_were_sent() {
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(2.5), None, Some(100_000.0)]));
        let text = cast_to(&floats, &DataType::Utf8).unwrap();
        let text: Vec<_> = text.as_string::<i32>().iter().collect();
        assert_eq!(text, [Some("2.5"), None, Some("100000")]);
    }

    #[test]
    fn a_value_becomes_a_list_of_one_and_null_stays_null() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(-7)]));
        let lists = cast_to(&numbers, &DataType::List(list_item())).unwrap();
        let lists = lists.as_list::<i32>();
        assert!(lists.is_null(0));
        assert_eq!(lists.value(1).as_string::<i32>().value(0), "-7");
    }
}
