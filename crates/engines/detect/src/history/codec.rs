//! The compact form of datapoints.
//!
//! An entry is the version and then, for each datapoint, a varint that holds the series' number and the
//! kind of the value, and the value. Counts are varints, ports differences, addresses their bytes.

use std::net::IpAddr;

use picket_profile::Measured;

use super::book::SeriesId;

/// The version of entries written now.
pub(super) const VERSION: u8 = 1;
/// Elements of a list that are kept.
const ELEMENTS_MAX: usize = 1000;
/// Bytes of a list of texts that are kept.
const TEXT_BYTES_MAX: usize = 16 << 10;

const COUNT: u64 = 0;
const SIZES: u64 = 1;
const PORTS: u64 = 2;
const ADDRESSES: u64 = 3;
const NUMBER: u64 = 4;
const NUMBERS: u64 = 5;
const TEXTS: u64 = 6;

/// An entry that cannot be read: it is damaged, or a newer version wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored datapoint is damaged or of a newer version")]
pub(super) struct BadEntry;

/// Appends one datapoint.
pub(super) fn encode(bytes: &mut Vec<u8>, series: SeriesId, measured: &Measured) {
    let head = |kind: u64| (u64::from(series.0) << 3) | kind;
    match measured {
        Measured::Count(count) => {
            put(bytes, head(COUNT));
            put(bytes, *count);
        }
        Measured::Sizes { min, max, total } => {
            put(bytes, head(SIZES));
            put(bytes, *min);
            put(bytes, max.saturating_sub(*min));
            put(bytes, *total);
        }
        Measured::Ports(ports) => {
            put(bytes, head(PORTS));
            encode_ports(bytes, ports);
        }
        Measured::Addresses(addresses) => {
            put(bytes, head(ADDRESSES));
            encode_addresses(bytes, addresses);
        }
        Measured::Number(number) => {
            put(bytes, head(NUMBER));
            bytes.extend(number.to_le_bytes());
        }
        Measured::Numbers(numbers) => {
            put(bytes, head(NUMBERS));
            let numbers = numbers.get(..ELEMENTS_MAX).unwrap_or(numbers);
            put(bytes, numbers.len() as u64);
            numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        }
        Measured::Texts(texts) => {
            put(bytes, head(TEXTS));
            encode_texts(bytes, texts);
        }
    }
}

fn encode_ports(bytes: &mut Vec<u8>, ports: &[u16]) {
    let ports = ports.get(..ELEMENTS_MAX).unwrap_or(ports);
    put(bytes, ports.len() as u64);
    let mut before = 0_u16;
    for port in ports {
        // They are in order; were they not, the differences would still lead back to them.
        put(bytes, u64::from(port.wrapping_sub(before)));
        before = *port;
    }
}

fn encode_addresses(bytes: &mut Vec<u8>, addresses: &[IpAddr]) {
    let addresses = addresses.get(..ELEMENTS_MAX).unwrap_or(addresses);
    let fours = addresses.iter().filter(|it| it.is_ipv4()).count();
    put(bytes, fours as u64);
    put(bytes, (addresses.len() - fours) as u64);
    for address in addresses {
        if let IpAddr::V4(four) = address {
            bytes.extend(four.octets());
        }
    }
    for address in addresses {
        if let IpAddr::V6(six) = address {
            bytes.extend(six.octets());
        }
    }
}

fn encode_texts(bytes: &mut Vec<u8>, texts: &[String]) {
    let mut room = TEXT_BYTES_MAX;
    let fitting = texts.iter().take(ELEMENTS_MAX).take_while(|text| {
        let fits = text.len() <= room;
        room = room.saturating_sub(text.len());
        fits
    });
    let count = fitting.count();
    put(bytes, count as u64);
    for text in texts.iter().take(count) {
        put(bytes, text.len() as u64);
        bytes.extend(text.as_bytes());
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads the datapoints of an entry one by one, borrowing nothing.
#[derive(Debug)]
pub(super) struct Datapoints<'a> {
    rest: &'a [u8],
}

impl<'a> Datapoints<'a> {
    /// The datapoints of an entry.
    pub(super) fn of(entry: &'a [u8]) -> Result<Self, BadEntry> {
        match entry.split_first() {
            Some((&VERSION, rest)) => Ok(Self { rest }),
            _ => Err(BadEntry),
        }
    }

    /// The next datapoint of a series that `wanted` says yes to; others are passed over without being
    /// made.
    pub(super) fn next_of(
        &mut self,
        wanted: impl Fn(SeriesId) -> bool,
    ) -> Result<Option<(SeriesId, Measured)>, BadEntry> {
        while !self.rest.is_empty() {
            let head = self.number()?;
            let series = SeriesId(u32::try_from(head >> 3).map_err(|_| BadEntry)?);
            if wanted(series) {
                return Ok(Some((series, self.value(head & 7)?)));
            }
            self.pass(head & 7)?;
        }
        Ok(None)
    }

    fn value(&mut self, kind: u64) -> Result<Measured, BadEntry> {
        Ok(match kind {
            COUNT => Measured::Count(self.number()?),
            SIZES => {
                let (min, spread, total) = (self.number()?, self.number()?, self.number()?);
                Measured::Sizes { min, max: min.saturating_add(spread), total }
            }
            PORTS => {
                let count = self.count(1)?;
                let mut ports = Vec::with_capacity(count);
                let mut before = 0_u16;
                for _ in 0..count {
                    let step = u16::try_from(self.number()?).map_err(|_| BadEntry)?;
                    before = before.wrapping_add(step);
                    ports.push(before);
                }
                Measured::Ports(ports)
            }
            ADDRESSES => {
                let (fours, sixes) = (self.number()?, self.number()?);
                let fours = self.elements::<4>(fours)?.iter().map(|it| IpAddr::from(*it));
                let mut addresses: Vec<IpAddr> = fours.collect();
                let sixes = self.elements::<16>(sixes)?.iter().map(|it| IpAddr::from(*it));
                addresses.extend(sixes);
                Measured::Addresses(addresses)
            }
            NUMBER => Measured::Number(f64::from_le_bytes(*self.array::<8>()?)),
            NUMBERS => {
                let count = self.number()?;
                let numbers = self.elements::<8>(count)?;
                Measured::Numbers(numbers.iter().map(|it| f64::from_le_bytes(*it)).collect())
            }
            TEXTS => {
                let count = self.count(1)?;
                let mut texts = Vec::with_capacity(count);
                for _ in 0..count {
                    let length = self.number()?;
                    let text = std::str::from_utf8(self.take(length)?).map_err(|_| BadEntry)?;
                    texts.push(text.to_owned());
                }
                Measured::Texts(texts)
            }
            _ => return Err(BadEntry),
        })
    }

    fn pass(&mut self, kind: u64) -> Result<(), BadEntry> {
        match kind {
            COUNT => drop(self.number()?),
            SIZES => drop([self.number()?, self.number()?, self.number()?]),
            PORTS => {
                for _ in 0..self.count(1)? {
                    self.number()?;
                }
            }
            ADDRESSES => {
                let (fours, sixes) = (self.number()?, self.number()?);
                self.elements::<4>(fours)?;
                self.elements::<16>(sixes)?;
            }
            NUMBER => drop(self.array::<8>()?),
            NUMBERS => {
                let count = self.number()?;
                self.elements::<8>(count)?;
            }
            TEXTS => {
                for _ in 0..self.count(1)? {
                    let length = self.number()?;
                    self.take(length)?;
                }
            }
            _ => return Err(BadEntry),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<u64, BadEntry> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(BadEntry)?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(BadEntry)
    }

    /// A count of elements of at least `bytes` each, of which there must be as many.
    fn count(&mut self, bytes: usize) -> Result<usize, BadEntry> {
        let count = usize::try_from(self.number()?).map_err(|_| BadEntry)?;
        if count > self.rest.len() / bytes { Err(BadEntry) } else { Ok(count) }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], BadEntry> {
        let length = usize::try_from(length).map_err(|_| BadEntry)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(BadEntry)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], BadEntry> {
        self.take(N as u64)?.try_into().map_err(|_| BadEntry)
    }

    fn elements<const N: usize>(&mut self, count: u64) -> Result<&'a [[u8; N]], BadEntry> {
        let length = count.checked_mul(N as u64).ok_or(BadEntry)?;
        Ok(self.take(length)?.as_chunks::<N>().0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn measured() -> impl Strategy<Value = Measured> {
        let address = prop_oneof![
            any::<u32>().prop_map(|it| IpAddr::from(it.to_be_bytes())),
            any::<u128>().prop_map(|it| IpAddr::from(it.to_be_bytes())),
        ];
        let size = || any::<u64>();
        prop_oneof![
            any::<u64>().prop_map(Measured::Count),
            (size(), size(), size()).prop_map(|(a, b, total)| Measured::Sizes {
                min: a.min(b),
                max: a.max(b),
                total
            }),
            proptest::collection::vec(any::<u16>(), 0..20).prop_map(Measured::ports),
            proptest::collection::vec(address, 0..20)
                .prop_map(|them| Measured::addresses(them.into_iter())),
            (-1e15..1e15).prop_map(Measured::Number),
            proptest::collection::vec(-1e15..1e15, 0..20).prop_map(Measured::Numbers),
            proptest::collection::vec(".{0,12}", 0..20).prop_map(Measured::Texts),
        ]
    }

    fn entry(datapoints: &[(SeriesId, Measured)]) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for (series, measured) in datapoints {
            encode(&mut bytes, *series, measured);
        }
        bytes
    }

    fn read(
        entry: &[u8],
        wanted: impl Fn(SeriesId) -> bool,
    ) -> Result<Vec<(SeriesId, Measured)>, BadEntry> {
        let mut datapoints = Datapoints::of(entry)?;
        let mut all = Vec::new();
        while let Some(datapoint) = datapoints.next_of(&wanted)? {
            all.push(datapoint);
        }
        Ok(all)
    }

    proptest! {
        #[test]
        fn datapoints_are_read_as_they_were_written(
            datapoints in proptest::collection::vec(
                (any::<u32>().prop_map(SeriesId), measured()), 0..12),
            only in any::<prop::sample::Index>(),
        ) {
            let bytes = entry(&datapoints);
            prop_assert_eq!(read(&bytes, |_| true), Ok(datapoints.clone()));
            if !datapoints.is_empty() {
                let one = only.get(&datapoints).0;
                let mut wanted = datapoints.clone();
                wanted.retain(|(series, _)| *series == one);
                prop_assert_eq!(read(&bytes, |series| series == one), Ok(wanted));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = bytes;
            bytes.insert(0, VERSION);
            drop(read(&bytes, |_| true));
            drop(read(&bytes, |_| false));
        }
    }

    #[test]
    fn lists_are_kept_up_to_their_limits() {
        let long = Measured::Texts((0..2000).map(|n| format!("{n:030}")).collect());
        let ports = Measured::ports((0..=u16::MAX).collect());
        let bytes = entry(&[(SeriesId(0), long), (SeriesId(1), ports)]);
        let read = read(&bytes, |_| true).unwrap();
        assert!(matches!(&read[0].1, Measured::Texts(texts) if texts.len() == (16 << 10) / 30));
        assert!(matches!(&read[1].1, Measured::Ports(ports) if ports.len() == 1000));
    }

    #[test]
    fn a_usual_report_takes_less_than_a_hundred_bytes() {
        let addresses = ["10.0.0.1", "10.0.0.2", "203.0.113.9"].map(|it| it.parse().unwrap());
        let datapoints = [
            Measured::Count(91_021),
            Measured::Count(17_433),
            Measured::Count(402),
            Measured::Count(388),
            Measured::Count(2),
            Measured::Count(1),
            Measured::Count(3),
            Measured::ports(vec![22, 8883]),
            Measured::ports(vec![5353]),
            Measured::addresses(addresses.into_iter()),
        ];
        let numbered: Vec<_> = (0..).map(SeriesId).zip(datapoints).collect();
        assert!(entry(&numbered).len() <= 48, "{}", entry(&numbered).len());
    }

    /// As the first version wrote it. This must read for ever.
    #[test]
    fn entries_of_the_first_version_can_be_read() {
        let stored = hex::decode("010005").unwrap();
        assert_eq!(read(&stored, |_| true), Ok(vec![(SeriesId(0), Measured::Count(5))]));
        let stored = hex::decode("010a0216130b01000a000001").unwrap();
        let expected = vec![
            (SeriesId(1), Measured::Ports(vec![22, 41])),
            (SeriesId(1), Measured::addresses(["10.0.0.1".parse().unwrap()].into_iter())),
        ];
        assert_eq!(read(&stored, |_| true), Ok(expected));
        assert_eq!(read(&[2], |_| true), Err(BadEntry));
    }
}
