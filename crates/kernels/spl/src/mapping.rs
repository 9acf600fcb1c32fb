//! Functions of commands over the cells of one column.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, when,
};

use crate::flow::Flow;
use crate::value::{Kind, Reader};

/// What becomes of the values of a cell.
#[derive(Clone)]
enum Map {
    /// Other values.
    Lists(Arc<dyn Fn(Vec<String>) -> Vec<String> + Send + Sync>),
    /// One text or none.
    Text(Arc<dyn Fn(Vec<String>) -> Option<String> + Send + Sync>),
    /// True if it is for any of the values.
    Test(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

/// A function over one column. Two with the same key do the same.
struct Mapping {
    key: String,
    map: Map,
    signature: Signature,
}

/// The values that `map` makes of the values of each cell; null for none. `key` names the function and
/// all that it depends on.
pub(crate) fn map_lists(
    key: String,
    column: Expr,
    map: impl Fn(Vec<String>) -> Vec<String> + Send + Sync + 'static,
) -> Expr {
    call(key, Map::Lists(Arc::new(map)), column)
}

/// The text that `map` makes of the values of each cell.
pub(crate) fn map_text(
    key: String,
    column: Expr,
    map: impl Fn(Vec<String>) -> Option<String> + Send + Sync + 'static,
) -> Expr {
    call(key, Map::Text(Arc::new(map)), column)
}

/// Whether `test` takes any of the values of each cell; null where there is none.
pub(crate) fn test_values(
    key: String,
    column: Expr,
    test: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> Expr {
    call(key, Map::Test(Arc::new(test)), column)
}

/// Each cell as a list of its values.
pub(crate) fn as_list(column: Expr) -> Expr {
    map_lists("spl_as_list".to_owned(), column, |values| values)
}

/// Each cell as text; the first of several values.
pub(crate) fn as_text(column: Expr) -> Expr {
    map_text("spl_as_text".to_owned(), column, |values| values.into_iter().next())
}

/// `value`, or what the field `name` holds in rows where it is null.
pub(crate) fn or_present(flow: &Flow, name: &str, value: Expr) -> Result<Expr> {
    let Some(present) = flow.data_type(name) else { return Ok(value) };
    let type_ = flow.type_of(&value)?;
    let column = flow.column(name);
    if present == type_ {
        return Ok(coalesce(vec![value, column]));
    }
    let is_list = |type_: &DataType| matches!(type_, DataType::List(_));
    if is_list(&present) || is_list(&type_) {
        return when(value.clone().is_not_null(), as_list(value)).otherwise(as_list(column));
    }
    Ok(coalesce(vec![as_text(value), as_text(column)]))
}

fn call(key: String, map: Map, column: Expr) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(ScalarUDF::from(Mapping { key, map, signature })).call(vec![column])
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mapping").field(&self.key).finish()
    }
}

impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Mapping {}

impl Hash for Mapping {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl ScalarUDFImpl for Mapping {
    fn name(&self) -> &str {
        &self.key
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.map {
            Map::Lists(_) => Kind::Multi.data_type(),
            Map::Text(_) => DataType::Utf8,
            Map::Test(_) => DataType::Boolean,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let column = arrays.first();
        let column = column
            .ok_or_else(|| DataFusionError::Internal(format!("`{}` takes a column", self.key)))?;
        let reader = Reader::new(column)?;
        let cells = (0..column.len()).map(|row| {
            let values = reader.value(row).map(|value| value.into_items()).unwrap_or_default();
            values.into_iter().map(|value| value.into_owned()).collect::<Vec<_>>()
        });
        let mapped: ArrayRef = match &self.map {
            Map::Lists(map) => {
                let mut lists = ListBuilder::new(StringBuilder::new());
                for values in cells.map(|values| map(values)) {
                    lists.append_option((!values.is_empty()).then(|| values.into_iter().map(Some)));
                }
                Arc::new(lists.finish())
            }
            Map::Text(map) => {
                let mut texts = StringBuilder::new();
                cells.for_each(|values| texts.append_option(map(values)));
                Arc::new(texts.finish())
            }
            Map::Test(test) => Arc::new(test_column(column, |value| test(value))?),
        };
        Ok(ColumnarValue::Array(mapped))
    }
}

/// For each cell whether `test` takes any of its values; null if it has none.
fn test_column(column: &ArrayRef, test: impl Fn(&str) -> bool) -> Result<BooleanArray> {
    Ok(match Reader::new(column)? {
        Reader::Text(cells) => cells.iter().map(|cell| cell.map(&test)).collect(),
        reader => {
            let cells = (0..column.len()).map(|row| reader.value(row));
            cells.map(|cell| cell.map(|cell| cell.any(&test))).collect()
        }
    })
}
