//! The functions that turn what is stored in a segment into what a search sees.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use picket_shred::{cast_to, unfold_raw};

/// Turns its argument into `target` without changing how a value reads (see [`cast_to`]).
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct UnifyTo {
    target: DataType,
    signature: Signature,
}

impl UnifyTo {
    pub(crate) fn new(target: DataType) -> Self {
        Self { target, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for UnifyTo {
    fn name(&self) -> &'static str {
        "picket_unify"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.target.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let column = arrays.into_iter().next();
        let column = column.ok_or_else(|| {
            datafusion::common::DataFusionError::Internal("picket_unify takes a column".to_owned())
        })?;
        Ok(ColumnarValue::Array(cast_to(&column, &self.target)?))
    }
}

/// Puts the text of an event together from the columns `names`, its arguments (see [`unfold_raw`]).
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct UnfoldText {
    names: Vec<String>,
    signature: Signature,
}

impl UnfoldText {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self { names, signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for UnfoldText {
    fn name(&self) -> &'static str {
        "picket_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = arguments
            .args
            .into_iter()
            .map(|argument| argument.into_array(arguments.number_rows))
            .collect::<Result<Vec<_>>>()?;
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        Ok(ColumnarValue::Array(Arc::new(unfold_raw(&names, &arrays)?)))
    }
}
