//! `makeresults`

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{RecordBatch, TimestampMillisecondArray};

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Options, Parser};
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "makeresults",
    aliases: &[],
    syntax: "makeresults [count=<n>]",
    doc: "Makes rows that hold nothing but the present time, to try expressions on.",
    example: "| makeresults count=3 | eval n=1",
    generates: true,
    parse,
};

/// Most rows it makes.
const COUNT_MAX: usize = 1_000_000;

#[derive(Debug)]
struct Makeresults {
    count: usize,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options {
        command: "makeresults",
        names: &["count", "annotate", "format", "data", "splunk_server", "splunk_server_group"],
    };
    let mut count = 1;
    while !parser.is_at_end() {
        match parser.option(OPTIONS)? {
            Some(("count", value)) => {
                count = value.as_count()?;
                if count > COUNT_MAX {
                    let message = format!("`makeresults` makes at most {COUNT_MAX} rows");
                    return Err(SplError::new(value.at, message));
                }
            }
            Some(("annotate", value)) if !value.as_bool()? => {}
            Some((name, value)) => {
                let message = format!("the option `{name}` of `makeresults` is not supported");
                return Err(SplError::new(value.at, message));
            }
            None => return Err(parser.unexpected("`count=`")),
        }
    }
    Ok(Box::new(Makeresults { count }))
}

#[async_trait]
impl Stage for Makeresults {
    fn reads(&self, _: Fields) -> Fields {
        Fields::none()
    }

    async fn apply(&self, _: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let times = TimestampMillisecondArray::from_value(cx.now.as_millis(), self.count);
        let batch = RecordBatch::try_from_iter([("_time", Arc::new(times) as _)])?;
        Ok(Flow::of_batch(&batch)?)
    }
}
