//! How the rows of a column are put in order (spec siem §3.7, sort).

use std::net::IpAddr;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BinaryBuilder, Float64Array, StringArray};
use datafusion::arrow::error::ArrowError;

use super::{Reader, Value, number};

/// What the cells of a column are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Numbers if all cells are numbers, addresses if all are addresses, else text.
    Auto,
    /// Numbers; what is none is missing.
    Numbers,
    /// Text, by code point.
    Text,
    /// Internet addresses; what is none is missing.
    Addresses,
}

/// A column that sorts as the cells of `column` do. Of a multivalue the first value counts; missing
/// cells are null.
///
/// # Errors
/// Columns that cannot be read.
pub fn keys(column: &ArrayRef, order: Order) -> Result<ArrayRef, ArrowError> {
    let reader = Reader::new(column)?;
    let cells = || (0..column.len()).map(|row| reader.value(row).map(first));
    let all = |fits: &dyn Fn(&Value<'_>) -> bool| cells().flatten().all(|cell| fits(&cell));
    let order = match order {
        Order::Auto if all(&|cell| cell.number().is_some()) => Order::Numbers,
        Order::Auto if all(&|cell| address(&cell.text()).is_some()) => Order::Addresses,
        Order::Auto => Order::Text,
        chosen => chosen,
    };
    Ok(match order {
        Order::Numbers => {
            let numbers = cells().map(|cell| cell?.number().map(|number| number + 0.0));
            Arc::new(numbers.collect::<Float64Array>())
        }
        Order::Addresses => {
            let mut keys = BinaryBuilder::new();
            cells().for_each(|cell| keys.append_option(cell.and_then(|c| address(&c.text()))));
            Arc::new(keys.finish())
        }
        _ => {
            let texts = cells().map(|cell| cell.map(Value::into_text));
            Arc::new(texts.collect::<StringArray>())
        }
    })
}

/// Whether every value of `texts` reads as a number, so that they sort as numbers.
pub fn all_numeric<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    texts.into_iter().all(|text| number::parse(text).is_some())
}

fn first(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Multi(items) => Value::Text(items.into_iter().next().unwrap_or_default()),
        single => single,
    }
}

/// An address as bytes that sort: version 4 before version 6.
fn address(text: &str) -> Option<Vec<u8>> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => [[4].as_slice(), &address.octets()].concat(),
        IpAddr::V6(address) => [[6].as_slice(), &address.octets()].concat(),
    })
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Array;
    use datafusion::arrow::compute::{SortOptions, sort_to_indices};

    use super::*;

    fn sorted(cells: &[Option<&str>]) -> Vec<Option<String>> {
        let column: ArrayRef = Arc::new(StringArray::from(cells.to_vec()));
        let keys = keys(&column, Order::Auto).unwrap();
        let options = SortOptions { descending: false, nulls_first: false };
        let order = sort_to_indices(&keys, Some(options), None).unwrap();
        order.values().iter().map(|at| cells[*at as usize].map(str::to_owned)).collect()
    }

    #[test]
    fn numbers_sort_as_numbers_addresses_as_addresses_else_text() {
        let check = |cells: &[Option<&str>], expected: &[Option<&str>]| {
            let expected: Vec<_> = expected.iter().map(|cell| cell.map(str::to_owned)).collect();
            assert_eq!(sorted(cells), expected);
        };
        check(&[Some("10"), None, Some("9")], &[Some("9"), Some("10"), None]);
        check(&[Some("10"), Some("9"), Some("a")], &[Some("10"), Some("9"), Some("a")]);
        check(&[Some("10.0.0.10"), Some("10.0.0.9")], &[Some("10.0.0.9"), Some("10.0.0.10")]);
    }

    #[test]
    fn what_is_no_number_counts_as_missing_among_numbers() {
        let column: ArrayRef = Arc::new(StringArray::from(vec![Some("1"), Some("x")]));
        assert_eq!(keys(&column, Order::Numbers).unwrap().null_count(), 1);
    }
}
