//! Fleets of one, few and many.

use cruncher_study::heartbeat::WorkerCounts;

use super::*;

const NOW: f64 = 1_000.0;

fn worker(name: &str, (done, failed): (u64, u64), median_secs: f64) -> Heartbeat {
    Heartbeat {
        worker: name.to_owned(),
        host: name.split('_').next().unwrap().to_owned(),
        version: String::new(),
        start_time: 0.0,
        time: NOW - 1.0,
        state: WorkerState::Waiting,
        case: None,
        counts: WorkerCounts { done, failed, ..WorkerCounts::default() },
        median_secs: Some(median_secs),
        message: None,
        traceback: None,
        lease_secs: None,
        max_silence_secs: None,
        key_id: None,
        key_retired: false,
        pool: None,
    }
}

fn named(names: &[&str]) -> Vec<Heartbeat> {
    names.iter().map(|name| worker(name, (1, 0), 1.0)).collect()
}

fn told<'a>(fleet: &Fleet<'a>) -> Vec<(&'a str, &'a str)> {
    fleet.rows.iter().map(|row| (row.host, row.process)).collect()
}

#[test]
fn a_worker_s_name_is_no_longer_than_tells_it_apart() {
    let workers =
        named(&["a_linux_7-11", "b_linux_7-11", "b_linux_8-22", "c_linux_1-11", "c_linux_1-22", "c_linux_2-3"]);
    let fleet = Fleet::of(&workers.iter().collect::<Vec<_>>(), None, None, NOW);
    assert_eq!(told(&fleet), [("a", ""), ("b", "7"), ("b", "8"), ("c", "1-11"), ("c", "1-22"), ("c", "2")]);
}

#[test]
fn each_column_sorts_both_ways_and_nothing_else_is_a_column() {
    let mut workers = [worker("b_x_1", (5, 0), 2.0), worker("a_x_1", (9, 3), 1.0), worker("c_x_1", (1, 0), 3.0)];
    workers[2].state = WorkerState::Crashed;
    workers[0].version = "Python 3.9".into();
    workers[1].time = NOW - 50.0;
    let hosts = |text: &str| {
        let order = FleetOrder::parse(text);
        Fleet::of(&workers.iter().collect::<Vec<_>>(), order, None, NOW)
            .rows
            .iter()
            .map(|row| row.host)
            .collect::<String>()
    };
    for (text, expected) in [
        ("worker", "abc"),
        ("-worker", "cba"),
        ("software", "acb"),
        ("state", "bac"),
        ("-state", "cba"),
        ("done", "cba"),
        ("-done", "abc"),
        ("-failed", "abc"),
        ("failed", "bca"),
        ("median", "abc"),
        ("heard", "bca"),
        ("nothing", "bac"),
        ("--done", "bac"),
        ("", "bac"),
    ] {
        assert_eq!(hosts(text), expected, "{text}");
    }
    let order = FleetOrder::parse("-done");
    assert_eq!((FleetOrder::after(order, 4), FleetOrder::after(order, 5)), ("done".into(), "-failed".into()));
    assert_eq!(FleetOrder::after(None, 0), "worker");
}

#[test]
fn only_failures_that_chance_doesn_t_explain_set_a_worker_apart() {
    for (own, others, is_failing) in [
        ((0, 20), (0, 0), false),
        ((10, 2), (100, 0), false),
        ((7, 3), (1_000, 1), true),
        ((7, 3), (50, 5), false),
        ((5, 5), (95, 5), true),
        ((0, 10), (1, 0), false),
        ((0, 10), (30, 0), true),
        ((60, 40), (60, 40), false),
        ((997, 3), (1_000, 0), false),
        ((0, 0), (10, 10), false),
    ] {
        let workers = [worker("a_x_1", own, 1.0), worker("b_x_1", others, 1.0)];
        let fleet = Fleet::of(&workers.iter().collect::<Vec<_>>(), None, None, NOW);
        assert_eq!(fleet.rows[0].is_failing, is_failing, "{own:?} beside {others:?}");
        let (failed, all) = (own.1 + others.1, own.0 + own.1 + others.0 + others.1);
        assert!((fleet.failed_share - share(failed, all)).abs() < 1e-9);
    }
}

#[test]
fn a_median_is_compared_with_that_of_all_weighted_by_cases() {
    let workers = [worker("a_x_1", (10, 0), 4.0), worker("b_x_1", (30, 0), 2.0), worker("c_x_1", (1, 0), 9.0)];
    let ratios: Vec<_> =
        Fleet::of(&workers.iter().collect::<Vec<_>>(), None, None, NOW).rows.iter().map(|row| row.ratio).collect();
    assert_eq!(ratios, [Some(2.0), Some(1.0), Some(4.5)]);
    assert_eq!(
        Fleet::of(&workers.iter().take(1).collect::<Vec<_>>(), None, None, NOW).rows[0].ratio,
        None,
        "there is nothing to compare it with"
    );
    let instant = [worker("a_x_1", (1, 0), 0.0), worker("b_x_1", (1, 0), 0.0)];
    assert_eq!(Fleet::of(&instant.iter().collect::<Vec<_>>(), None, None, NOW).rows[0].ratio, None);
}

#[test]
fn many_workers_stand_behind_their_hosts_until_one_or_all_are_asked_for() {
    let names: Vec<String> = (0..40).map(|number| format!("n {}_linux_{number}-ab", number % 6)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let workers = named(&names);
    let fleet = |open| Fleet::of(&workers.iter().collect::<Vec<_>>(), FleetOrder::parse("worker"), open, NOW);
    let hosts = fleet(None);
    assert_eq!((hosts.rows.len(), hosts.hidden, hosts.has_hosts), (6, 0, true));
    assert_eq!((hosts.rows[0].workers.len(), hosts.rows[0].done), (7, 7));
    let open = fleet(Some("n%201"));
    assert_eq!((open.rows.len(), open.rows[1].host, open.rows[2].process), (13, "n 1", "1"));
    assert_eq!(fleet(Some(ALL)).rows.len(), 40);
}

#[test]
fn of_very_many_the_first_are_shown_and_the_rest_is_counted_and_comes_in_portions() {
    let names: Vec<String> = (0..400).map(|number| format!("n{number}_linux_1-ab")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let workers = named(&names);
    let fleet = Fleet::of(&workers.iter().collect::<Vec<_>>(), None, None, NOW);
    assert_eq!((fleet.rows.len(), fleet.hidden, fleet.has_hosts), (MAX_ROWS, 400 - MAX_ROWS, false));
    let all = Fleet::of(&workers.iter().collect::<Vec<_>>(), FleetOrder::parse("-done"), Some(ALL), NOW);
    assert_eq!((all.rows.len(), all.hidden), (ROWS_AT_A_TIME, 400 - ROWS_AT_A_TIME));
    let all = Fleet::of(&workers.iter().collect::<Vec<_>>(), FleetOrder::parse("-done"), Some("**"), NOW);
    assert_eq!((all.rows.len(), all.hidden), (400, 0));
    assert!(Fleet::of(&[], None, None, NOW).rows.is_empty());
}
