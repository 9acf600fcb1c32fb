use std::collections::BTreeMap;

use picket_wire_report::{NetworkStats, Report};

use super::{Collector, Sample};
use crate::procfs::{Procfs, ProcfsError};

/// Most interfaces that are counted. A host with containers has a few hundred.
const INTERFACES_MAX: usize = 1024;
/// The kernel counts in 32 bits on small machines and in some drivers.
const NARROW: u64 = 1 << 32;

#[derive(Debug)]
pub(super) struct NetworkTraffic;

/// Counters of one interface since it came up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Traffic {
    bytes_in: u64,
    packets_in: u64,
    bytes_out: u64,
    packets_out: u64,
}

/// Counters of all interfaces at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counters(BTreeMap<String, Traffic>);

impl Collector for NetworkTraffic {
    fn name(&self) -> &'static str {
        "network_stats"
    }

    fn doc(&self) -> &'static str {
        "Bytes and packets in and out since the last report, summed over the interfaces. Absent from \
         the first report, which has nothing to compare with."
    }

    fn collect(&self, sample: &mut Sample<'_>, report: &mut Report) -> Result<(), ProcfsError> {
        let counters = Counters::read(sample.procfs, sample.interfaces_excluded)?;
        if let Some(reported) = sample.reported {
            let stats = counters.since(reported);
            report.metrics.get_or_insert_default().network_stats = Some(stats);
        }
        sample.counters = Some(counters);
        Ok(())
    }
}

impl Counters {
    pub(crate) fn read(procfs: &Procfs, excluded: &[String]) -> Result<Self, ProcfsError> {
        let mut counters = BTreeMap::new();
        procfs.lines("net/dev", |line| {
            if let Some((name, traffic)) = parse(line)
                && counters.len() < INTERFACES_MAX
                && !excluded.iter().any(|it| it == name)
            {
                counters.insert(name.to_owned(), traffic);
            }
        })?;
        Ok(Self(counters))
    }

    /// The traffic since `earlier`. An interface that has come up since began at zero; one that is
    /// gone took its last counts with it.
    fn since(&self, earlier: &Self) -> NetworkStats {
        let mut sum = Traffic::default();
        for (name, now) in &self.0 {
            let then = earlier.0.get(name).copied().unwrap_or_default();
            // One counter that went back means that all began anew, unless it only ran over.
            sum.bytes_in = sum.bytes_in.saturating_add(grown(then.bytes_in, now.bytes_in));
            sum.packets_in = sum.packets_in.saturating_add(grown(then.packets_in, now.packets_in));
            sum.bytes_out = sum.bytes_out.saturating_add(grown(then.bytes_out, now.bytes_out));
            sum.packets_out =
                sum.packets_out.saturating_add(grown(then.packets_out, now.packets_out));
        }
        NetworkStats {
            bytes_in: Some(sum.bytes_in),
            bytes_out: Some(sum.bytes_out),
            packets_in: Some(sum.packets_in),
            packets_out: Some(sum.packets_out),
        }
    }
}

/// How much a counter grew. One that is lower than before has run over its 32 bits if it was near
/// their end, else it has been reset.
fn grown(then: u64, now: u64) -> u64 {
    if now >= then {
        now - then
    } else if (NARROW / 4 * 3..NARROW).contains(&then) && now < NARROW / 4 {
        NARROW - then + now
    } else {
        now
    }
}

/// Reads `eth0: bytes packets errs drop fifo frame compressed multicast bytes packets …`.
fn parse(line: &str) -> Option<(&str, Traffic)> {
    let (name, counts) = line.rsplit_once(':')?;
    let mut counts = counts.split_ascii_whitespace().map(|word| word.parse().ok());
    let bytes_in = counts.next()??;
    let packets_in = counts.next()??;
    let bytes_out = counts.nth(6)??;
    let packets_out = counts.next()??;
    Some((name.trim(), Traffic { bytes_in, packets_in, bytes_out, packets_out }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_the_four_counters() {
        let line = "  eth0: 639272654   18951    0    0    0     0          0         0  1143796   10514    0";
        let traffic = Traffic {
            bytes_in: 639_272_654,
            packets_in: 18_951,
            bytes_out: 1_143_796,
            packets_out: 10_514,
        };
        assert_eq!(parse(line), Some(("eth0", traffic)));
        assert_eq!(parse(" face |bytes    packets errs"), None);
        assert_eq!(parse("Inter-|   Receive"), None);
    }

    #[test]
    fn a_counter_that_ran_over_or_was_reset_never_gives_a_huge_number() {
        assert_eq!(grown(5, 9), 4);
        assert_eq!(grown(NARROW - 10, 5), 15);
        assert_eq!(grown(1_000_000, 7), 7);
        assert_eq!(grown(NARROW * 9, 7), 7);
    }
}
