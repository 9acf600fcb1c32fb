//! The scalar function that runs an expression row by row.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::EvalCx;
use super::compile::Source;
use super::program::{Program, Row};
use crate::value::{Kind, Reader, build};

/// An expression as a function of the columns it reads.
#[derive(Debug)]
pub(super) struct RowFunction {
    program: Program,
    /// Says which expression this is, for comparing functions.
    identity: String,
    /// Which column of the program each argument is.
    columns: Vec<usize>,
    kind: Kind,
    cx: EvalCx,
    signature: Signature,
}

impl RowFunction {
    /// Calls `program` with the columns `used` of `sources`, for results of `kind`.
    pub(super) fn call(
        program: Program,
        kind: Kind,
        used: &[usize],
        sources: &[Source],
        cx: &EvalCx,
    ) -> Expr {
        let columns = used.iter().filter_map(|column| sources.get(*column));
        let arguments: Vec<_> = columns.map(|source| Expr::Column(source.column.clone())).collect();
        // Only random() reads nothing and is not folded.
        let signature = match arguments.len() {
            0 => Signature::nullary(Volatility::Volatile),
            n => Signature::any(n, Volatility::Immutable),
        };
        let identity = format!("{program:?}");
        let columns = used.to_vec();
        let function = Self { program, identity, columns, kind, cx: cx.clone(), signature };
        ScalarUDF::new_from_impl(function).call(arguments)
    }

    fn run(&self, arrays: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let width = self.columns.iter().map(|column| column + 1).max().unwrap_or_default();
        let mut readers = vec![Reader::Null; width];
        for (column, array) in self.columns.iter().zip(arrays) {
            readers[*column] = Reader::new(array)?;
        }
        let template = Row { columns: &readers, index: 0, bound: None, cx: &self.cx };
        let all: Vec<Row<'_>> = (0..rows).map(|index| Row { index, ..template }).collect();
        Ok(build(self.kind, all.iter().map(|row| self.program.evaluate(row))))
    }
}

impl PartialEq for RowFunction {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
            && self.columns == other.columns
            && self.kind == other.kind
            && self.cx == other.cx
    }
}

impl Eq for RowFunction {}

impl Hash for RowFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity.hash(state);
        self.columns.hash(state);
        self.kind.hash(state);
    }
}

impl ScalarUDFImpl for RowFunction {
    fn name(&self) -> &'static str {
        "spl_eval"
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let mut hasher = std::hash::DefaultHasher::new();
        self.hash(&mut hasher);
        arguments.iter().for_each(|argument| argument.hash(&mut hasher));
        Ok(format!("spl_eval#{:016x}", hasher.finish()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::Time => DataType::Timestamp(TimeUnit::Millisecond, None),
            kind => kind.data_type(),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let arrays: Vec<ArrayRef> =
            args.args.iter().map(|argument| argument.to_array(rows)).collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(self.run(&arrays, rows)?))
    }
}

// Plans are shared between threads.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<RowFunction>>();
};
