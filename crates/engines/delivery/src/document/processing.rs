//! `ProcessingConfiguration`: the function records go through.

use picket_wire_hec::Members;

use super::splunk::required_choice;

/// Most bytes of one invocation's records: Firehose's default for Splunk.
const BUFFER_BYTES: usize = 256 * 1024;

/// A Lambda processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionStep {
    /// As configured, version or alias included.
    pub(crate) arn: String,
    /// How often an invocation that fails as a whole is repeated.
    pub(crate) retries: u32,
    /// Most bytes of records in one invocation.
    pub(crate) buffer_bytes: usize,
}

impl FunctionStep {
    /// The function's name: what stands after `function:` in the ARN, or the ARN if it is a bare name.
    pub(crate) fn name(&self) -> &str {
        let after = self.arn.split_once(":function:").map_or(self.arn.as_str(), |(_, name)| name);
        after.split(':').next().unwrap_or(after)
    }
}

pub(super) fn read(members: &mut Members) -> Option<Option<FunctionStep>> {
    let enabled = members.flag("Enabled").unwrap_or(false);
    let processors = members.objects("Processors", read_processor).unwrap_or_default();
    if processors.len() > 1 {
        members.refuse("Processors", "are more than one; one Lambda processor is supported");
    }
    Some(processors.into_iter().next().filter(|_| enabled))
}

fn read_processor(members: &mut Members) -> Option<FunctionStep> {
    // The others belong to S3 destinations and to dynamic partitioning.
    required_choice(members, "Type", &["Lambda"]);
    let mut arn = None;
    let mut retries = None;
    let mut size = None;
    let parameters = members.objects("Parameters", |parameter| {
        let name = required_choice(
            parameter,
            "ParameterName",
            &[
                "LambdaArn",
                "NumberOfRetries",
                "RoleArn",
                "BufferSizeInMBs",
                "BufferIntervalInSeconds",
            ],
        );
        let value = parameter.required_text("ParameterValue", 5120)?;
        let problem = match name? {
            "LambdaArn" => {
                arn = Some(value);
                None
            }
            "NumberOfRetries" => {
                retries = value.parse::<u32>().ok().filter(|n| *n <= 300);
                retries.is_none().then_some("must be a whole number from 0 to 300")
            }
            "BufferSizeInMBs" => {
                size = value.parse::<f64>().ok().filter(|mb| (0.2..=3.0).contains(mb));
                size.is_none().then_some("must be a number from 0.2 to 3")
            }
            "BufferIntervalInSeconds" => {
                let seconds = value.parse::<u32>().ok().filter(|n| *n <= 900);
                seconds.is_none().then_some("must be a whole number from 0 to 900")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            parameter.refuse("ParameterValue", problem);
        }
        Some(())
    });
    if parameters.is_none() || arn.is_none() {
        members.refuse("Parameters", "must hold LambdaArn");
    }
    // Between 0.2 and 3 MiB, so the cast is exact enough and in range.
    let buffer_bytes = size.map_or(BUFFER_BYTES, |mb| (mb * 1_048_576.0) as usize);
    Some(FunctionStep { arn: arn?, retries: retries.unwrap_or(3), buffer_bytes })
}
