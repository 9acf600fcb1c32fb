//! A row of bars for a terminal.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const HOUR_MS: i64 = 3_600_000;
/// Bars in a row.
const WIDTH: i64 = 72;

/// Alarms over time as a row of bars, each for the same number of hours: the row, those hours, and the
/// largest count. `None` where there is nothing to show.
pub(super) fn bars(from_ms: i64, to_ms: i64, by_hour: &[(i64, u64)]) -> Option<(String, i64, u64)> {
    let start = from_ms.div_euclid(HOUR_MS);
    let hours = (to_ms - 1).div_euclid(HOUR_MS) - start + 1;
    let wide = (hours + WIDTH - 1) / WIDTH;
    let count = usize::try_from((hours + wide.max(1) - 1) / wide.max(1)).ok()?;
    let mut sums = vec![0_u64; count];
    for (hour_ms, alarms) in by_hour {
        let place = (hour_ms.div_euclid(HOUR_MS) - start) / wide.max(1);
        let slot = usize::try_from(place).ok().and_then(|place| sums.get_mut(place));
        if let Some(slot) = slot {
            *slot += alarms;
        }
    }
    let most = sums.iter().copied().max().filter(|most| *most > 0)?;
    let bar = |sum: &u64| match *sum {
        0 => ' ',
        sum => {
            let step = (sum * BARS.len() as u64).div_ceil(most).clamp(1, BARS.len() as u64) - 1;
            usize::try_from(step).ok().and_then(|step| BARS.get(step)).copied().unwrap_or('█')
        }
    };
    Some((sums.iter().map(bar).collect(), wide, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_is_as_high_as_its_hours_have_alarms() {
        let hours = [(HOUR_MS, 1), (2 * HOUR_MS, 8), (3 * HOUR_MS, 4)];
        let drawn = bars(0, 5 * HOUR_MS, &hours);
        assert_eq!(drawn, Some((" ▁█▄ ".to_owned(), 1, 8)));
        assert_eq!(bars(0, 5 * HOUR_MS, &[]), None);
    }

    #[test]
    fn a_long_time_has_several_hours_in_a_bar() {
        let (row, wide, most) = bars(0, 720 * HOUR_MS, &[(0, 1), (HOUR_MS, 2)]).unwrap();
        assert_eq!((row.chars().count(), wide, most), (72, 10, 3));
    }
}
