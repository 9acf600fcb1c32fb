//! The function that gives a stored column the type it has in a wider table.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use picket_shred::cast_to;

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
