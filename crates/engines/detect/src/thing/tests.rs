use std::time::Duration;

use picket_wire_report::NetworkStats;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn bytes_in(bytes: u64) -> NetworkStats {
    NetworkStats { bytes_in: Some(bytes), ..NetworkStats::default() }
}

#[test]
fn deltas_are_summed_over_a_half_open_period() {
    let (window, keep) = (Duration::from_secs(300), Duration::from_secs(600));
    let mut book = TrafficBook::default();
    for second in [0, 100, 300, 400] {
        book.remember(at(second), bytes_in(1), (window, keep));
    }
    let sum = |period| book.sum(at(400), bytes_in(1), period).bytes_in;
    assert_eq!((sum(window), sum(keep)), (Some(2), Some(4)));
    assert_eq!(book.sum(at(400), NetworkStats::default(), window).bytes_in, None);
}

#[test]
fn huge_deltas_stop_at_the_largest_number() {
    let (window, keep) = (Duration::from_secs(300), Duration::from_secs(600));
    let mut book = TrafficBook::default();
    for second in [0, 100, 101] {
        book.remember(at(second), bytes_in(u64::MAX - 1), (window, keep));
    }
    assert_eq!(book.sum(at(101), bytes_in(0), window).bytes_in, Some(u64::MAX));
}

#[test]
fn what_was_measured_before_the_clock_was_set_back_is_not_summed() {
    let (window, keep) = (Duration::from_secs(300), Duration::from_secs(600));
    let mut book = TrafficBook::default();
    for second in [5000, 5100, 1000, 1100] {
        book.remember(at(second), bytes_in(1), (window, keep));
    }
    assert_eq!(book.sum(at(1100), bytes_in(1), keep).bytes_in, Some(2));
}

#[test]
fn a_device_that_reports_madly_takes_bounded_memory() {
    let (window, keep) = (Duration::from_secs(300), Duration::from_secs(3600));
    let mut book = TrafficBook::default();
    let mut ids = ReportIds::default();
    for ms in 0..100_000 {
        let time = Timestamp::from_millis(ms * 10);
        book.remember(time, bytes_in(1), (window, keep));
        assert!(!ids.repeats(ms.unsigned_abs(), time));
    }
    assert!(book.parts() <= 721, "{}", book.parts());
    assert!(ids.0.len() <= 128, "{}", ids.0.len());
}

#[test]
fn a_repeated_report_id_is_told_among_the_newest() {
    let mut ids = ReportIds::default();
    let repeats: Vec<bool> = [1, 2, 1, 3, 3, 2].map(|id| ids.repeats(id, at(0))).into();
    assert_eq!(repeats, [false, false, true, false, true, true]);
}

#[test]
fn everything_a_client_may_have_unacknowledged_is_told_when_it_is_sent_again() {
    let mut ids = ReportIds::default();
    assert!((0..100).all(|id| !ids.repeats(id, Timestamp::from_millis(id as i64 * 10))));
    // The server was away for an hour, and something new comes first.
    assert!(!ids.repeats(100, at(3600)));
    assert!((0..100).all(|id| ids.repeats(id, at(3601))));
}

#[test]
fn a_device_that_reports_every_five_minutes_is_known_by_its_last_four_ids() {
    let mut ids = ReportIds::default();
    for id in 0..100_i64 {
        assert!(!ids.repeats(id.unsigned_abs(), at(id * 300)));
    }
    assert_eq!(ids.0.len(), 4);
    assert!(ids.repeats(96, at(30_000)));
}

#[test]
fn values_of_a_period_are_added_up_or_the_newest_counts_and_a_negative_one_takes_it_away() {
    let mut state = ThingState::default();
    for (behavior, is_sum) in [(1, true), (2, false)] {
        for count in [5, 7] {
            state.accumulate((behavior, at(300)), &Measured::Count(count), is_sum);
        }
    }
    assert_eq!(state.take_pending(1, at(300)), Some(Amount::Count(12)));
    assert_eq!(state.take_pending(1, at(300)), None);
    assert_eq!(state.take_pending(2, at(300)), Some(Amount::Count(7)));
    state.accumulate((3, at(300)), &Measured::Number(4.5), false);
    state.accumulate((3, at(300)), &Measured::Number(-0.5), false);
    assert_eq!(state.take_pending(3, at(300)), None);
}

/// Fields in the order in which the first version wrote them.
#[test]
fn a_state_of_the_first_version_can_be_read() {
    use picket_profile::WindowCounts;

    let counts = WindowCounts { connects: 1, ..WindowCounts::default() };
    let here = std::net::IpAddr::from([10, 0, 0, 1]);
    let deltas = [Some(5_u64), None, Some(7), None];
    let cloud = (
        Some(here),
        Some(at(3)),
        None::<Timestamp>,
        vec![(at(300), counts.clone())],
        vec![(at(0), counts.clone(), true)],
    );
    let behavior = (9_u64, (2_u8, 0_u8, at(20), None::<u8>));
    let stored =
        (vec![41_u64, 42], at(20), vec![(at(10), at(20), deltas)], Some(cloud), vec![behavior]);
    let bytes = postcard::to_stdvec(&stored).unwrap();
    let old: v1::ThingStateV1 = postcard::from_bytes(&bytes).unwrap();
    let mut state = ThingState::from(old);
    assert!(state.report_ids.repeats(41, at(25)) && !state.report_ids.repeats(43, at(25)));
    let sum = state.traffic.sum(at(20), bytes_in(0), Duration::from_secs(300));
    assert_eq!(sum.bytes_in, Some(5));
    let cloud = state.cloud.as_ref().unwrap();
    assert!(cloud.closed[0].active && cloud.closed[0].counts == counts);
    assert_eq!((cloud.connected, state.behaviors[0].0, state.registered), (Some(here), 9, None));
}
