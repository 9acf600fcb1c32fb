//! What this process has used, as the kernel counts it.

use std::time::{Duration, Instant};

use crate::Failure;

/// The kernel counts in ticks of this length, on every architecture we build for.
const TICK: Duration = Duration::from_millis(10);

pub(crate) struct Usage {
    at: Instant,
    processor: Duration,
}

pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) processor: Duration,
    pub(crate) resident_mib: u64,
    pub(crate) resident_mib_max: u64,
}

impl Usage {
    pub(crate) fn now() -> Result<Self, Failure> {
        Ok(Self { at: Instant::now(), processor: processor()? })
    }

    pub(crate) fn until_now(&self) -> Result<Spent, Failure> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let mib = |key: &str| -> Result<u64, Failure> {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let kib = line.and_then(|rest| rest.split_whitespace().next());
            Ok(kib.ok_or("no such line in /proc/self/status")?.parse::<u64>()? / 1024)
        };
        Ok(Spent {
            wall: self.at.elapsed(),
            processor: processor()?.saturating_sub(self.processor),
            resident_mib: mib("VmRSS:")?,
            resident_mib_max: mib("VmHWM:")?,
        })
    }
}

/// User and system time of all threads so far.
fn processor() -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The command's name, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat has no command")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || -> Result<u32, Failure> { Ok(fields.next().ok_or("too short")?.parse()?) };
    Ok(TICK * (ticks()? + ticks()?))
}
