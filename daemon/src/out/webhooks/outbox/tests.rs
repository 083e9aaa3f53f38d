use std::collections::BTreeSet;

use super::*;
use crate::out::About;

const DAY_MS: u64 = 86_400_000;

fn now(ms: u64) -> Now {
    Now { at: Timestamp::from_millis(1_795_400_000_000 + i64::try_from(ms).expect("a few days")), ms }
}

/// An event of a ticket, or of the desk where that is 0, taken into the record at `ms`.
fn told(seq: u64, ticket: u64, ms: u64) -> Arc<Told> {
    let ticket = (ticket > 0).then_some(TicketNumber(ticket));
    let about = About { ticket, place: None };
    Arc::new(Told {
        seq,
        about,
        at: now(ms).at,
        event: "replied".to_owned(),
        json: format!("{{\"seq\":{seq}}}"),
    })
}

fn failed(error: &str) -> Outcome {
    Outcome::Failed { error: error.to_owned(), after_ms: 0 }
}

/// What the ledger has: each event with its ticket, the first numbered 1.
struct Ledger(Vec<Arc<Told>>);

impl Ledger {
    fn of(tickets: &[u64]) -> Self {
        Self((1..).zip(tickets).map(|(seq, ticket)| told(seq, *ticket, 0)).collect())
    }

    fn stretch(&self, from: u64, to: u64) -> Stretch {
        let told = self.0.iter().filter(|told| (from..to).contains(&told.seq)).cloned().collect();
        Stretch { told, next: to }
    }

    fn all(&self) -> Stretch {
        self.stretch(1, self.0.len() as u64 + 1)
    }

    /// The events that a due delivery is about: the one to deliver, and what was read behind it.
    fn read(&self, due: &Due) -> (Arc<Told>, Vec<Arc<Told>>) {
        match &due.what {
            What::Event(told) => (Arc::clone(told), Vec::new()),
            What::Read { from, to } => {
                let mut of_lane = self.0.iter().filter(|told| told.about.ticket == due.lane);
                let first = of_lane.find(|told| (*from..*to).contains(&told.seq)).expect("it has it").clone();
                (first, of_lane.filter(|told| told.seq < *to).take(2).cloned().collect())
            }
        }
    }
}

/// Delivers what is due now, as `takes` says.
fn deliver(outbox: &mut Outbox, ledger: &Ledger, at: Now, mut takes: impl FnMut(u64) -> Outcome) -> Vec<u64> {
    let mut seqs = Vec::new();
    while let Some(due) = outbox.take_due(at) {
        let (event, rest) = ledger.read(&due);
        seqs.push(event.seq);
        let outcome = takes(event.seq);
        outbox.came_to(due.lane, &event, rest, outcome, at, 0);
    }
    seqs
}

#[test]
fn a_failing_ticket_holds_back_its_own_events_and_no_others() {
    let ledger = Ledger::of(&[1, 2, 1, 0, 2, 1]);
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.all(), now(0));
    let seqs =
        deliver(
            &mut outbox,
            &ledger,
            now(0),
            |seq| {
                if seq == 1 { failed("500") } else { Outcome::Delivered }
            },
        );
    assert_eq!(seqs.iter().copied().collect::<BTreeSet<_>>(), [1, 2, 4, 5].into());
    assert_eq!((outbox.held(), outbox.oldest()), (1, 1));
    assert_eq!(outbox.wake_at_ms(), Some(4_000), "five seconds less the jitter");
    assert_eq!(deliver(&mut outbox, &ledger, now(3_999), |_| Outcome::Delivered), [] as [u64; 0]);
    assert_eq!(deliver(&mut outbox, &ledger, now(4_000), |_| Outcome::Delivered), [1, 3, 6]);
    assert_eq!((outbox.held(), outbox.oldest(), outbox.wake_at_ms()), (0, 7, None));
}

#[test]
fn one_event_of_a_ticket_is_under_way_at_a_time_and_so_many_of_all() {
    let ledger = Ledger::of(&(0..40).map(|n| n / 2).collect::<Vec<_>>());
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.all(), now(0));
    let due: Vec<_> = std::iter::from_fn(|| outbox.take_due(now(0))).collect();
    let lanes: BTreeSet<_> = due.iter().map(|due| due.lane).collect();
    assert_eq!((due.len(), lanes.len()), (PARALLEL_MAX, PARALLEL_MAX));
    assert_eq!(outbox.wake_at_ms(), None, "something must come back first");
    let (event, _) = ledger.read(&due[0]);
    outbox.came_to(due[0].lane, &event, Vec::new(), failed("500"), now(0), 0);
    assert_eq!(outbox.take_due(now(0)), None, "while it fails, one at a time");
}

#[test]
fn an_event_is_tried_for_a_day_and_then_a_dead_letter_and_the_next_goes_on() {
    let mut ledger = Ledger::of(&[1, 1]);
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.stretch(1, 2), now(0));
    let (mut ms, mut tries, mut dead) = (0, 0, None);
    while dead.is_none() {
        let due = outbox.take_due(now(ms)).expect("it is due when it says so");
        assert_eq!(outbox.next(), 2);
        let (event, rest) = ledger.read(&due);
        tries += 1;
        dead = outbox.came_to(due.lane, &event, rest, failed("503"), now(ms), ms).died;
        ms = outbox.wake_at_ms().unwrap_or(ms);
    }
    assert!(
        (DAY_MS..DAY_MS + 3_600_000).contains(&ms) && (30..40).contains(&tries),
        "{ms} ms, {tries} tries"
    );
    let letter = dead.expect("it is dead");
    assert_eq!((letter.seq, letter.tries, letter.error.as_str()), (1, tries, "503"));
    assert_eq!(outbox.dead(), &[letter]);
    // What comes now has its own day.
    ledger.0[1] = told(2, 1, ms);
    outbox.take_in(ledger.stretch(2, 3), now(ms));
    assert_eq!(deliver(&mut outbox, &ledger, now(ms), |_| failed("503")), [2]);
    assert_eq!(outbox.dead().len(), 1);
}

#[test]
fn a_box_that_was_off_for_days_gives_up_nothing_at_its_first_try() {
    let ledger = Ledger::of(&[1]);
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.all(), now(0));
    deliver(&mut outbox, &ledger, now(0), |_| failed("down"));
    let mut outbox = Outbox::of(outbox.kept(now(1_000)), 2);
    let later = now(3 * DAY_MS);
    deliver(&mut outbox, &ledger, later, |_| failed("no network yet"));
    assert!(outbox.dead().is_empty());
    assert_eq!(deliver(&mut outbox, &ledger, now(4 * DAY_MS), |_| Outcome::Delivered), [1]);
}

#[test]
fn dead_letters_are_delivered_again_one_or_all_before_what_is_new() {
    let mut outbox = Outbox::new(4);
    let ledger = Ledger::of(&[1, 1, 2, 1]);
    for seq in [1, 2, 3] {
        let event = &ledger.0[seq - 1];
        outbox.dead.push_back(DeadLetter {
            seq: event.seq,
            ticket: event.about.ticket,
            event: event.event.clone(),
            at: event.at,
            died_at: event.at,
            tries: 33,
            error: "503".to_owned(),
        });
    }
    assert_eq!(outbox.replay(Some(9), now(0)), 0);
    assert_eq!(outbox.replay(Some(2), now(0)), 1);
    outbox.take_in(ledger.stretch(4, 5), now(0));
    // A restart forgets none of it.
    let mut outbox = Outbox::of(outbox.kept(now(0)), 5);
    assert_eq!(deliver(&mut outbox, &ledger, now(0), |_| Outcome::Delivered), [2, 4]);
    assert_eq!(outbox.replay(None, now(0)), 2);
    assert_eq!(deliver(&mut outbox, &ledger, now(0), |_| Outcome::Delivered), [1, 3]);
    assert!(outbox.dead().is_empty());
}

#[test]
fn a_receiver_that_is_gone_is_left_alone_until_it_works() {
    let ledger = Ledger::of(&[1, 2]);
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.all(), now(0));
    let gone = |_| Outcome::Gone { error: "410".to_owned() };
    assert_eq!(deliver(&mut outbox, &ledger, now(0), gone).len(), 1);
    assert_eq!((outbox.take_due(now(DAY_MS)), outbox.wake_at_ms(), outbox.is_gone()), (None, None, true));
    assert!(outbox.works(now(DAY_MS)), "it had failed");
    let seqs = deliver(&mut outbox, &ledger, now(DAY_MS), |_| Outcome::Delivered);
    assert_eq!(seqs.into_iter().collect::<BTreeSet<_>>(), [1, 2].into());
}

#[test]
fn when_a_receiver_is_back_nobody_waits_out_the_hour() {
    let ledger = Ledger::of(&[1, 2, 3, 4]);
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.all(), now(0));
    assert_eq!(deliver(&mut outbox, &ledger, now(0), |_| failed("refused")), [1, 2, 3, 4]);
    let due = outbox.wake_at_ms().expect("they are tried again");
    let seqs = deliver(&mut outbox, &ledger, now(due), |_| Outcome::Delivered);
    assert_eq!(seqs.into_iter().collect::<BTreeSet<_>>(), [1, 2, 3, 4].into());
}

#[test]
fn what_waits_is_bounded_and_then_nothing_more_is_taken_in() {
    let tickets: Vec<u64> = (1..=LANES_MAX as u64).collect();
    let ledger = Ledger::of(&tickets);
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.stretch(1, 1_000), now(0));
    assert!(outbox.has_room());
    outbox.take_in(ledger.stretch(1_000, 1_001), now(0));
    assert!(!outbox.has_room());
    let one = told(1, 1, 0).as_ref().clone();
    let one = Arc::new(Told { json: "x".repeat(AT_HAND_MAX_BYTES), ..one });
    let mut outbox = Outbox::new(1);
    outbox.take_in(Stretch { told: vec![one], next: 2 }, now(0));
    assert!(!outbox.has_room(), "a large event fills it, too");
    let due = outbox.take_due(now(0)).expect("it is due");
    let What::Event(event) = due.what else { panic!("it is at hand") };
    outbox.came_to(due.lane, &event, Vec::new(), failed("500"), now(0), 0);
    assert!(outbox.has_room(), "what fails is read again when its time comes");
}

#[test]
fn a_ledger_that_went_back_is_waited_for_no_more() {
    let ledger = Ledger::of(&[1, 1, 2]);
    let mut outbox = Outbox::new(1);
    outbox.take_in(ledger.all(), now(0));
    deliver(&mut outbox, &ledger, now(0), |_| failed("500"));
    let outbox = Outbox::of(outbox.kept(now(0)), 2);
    assert_eq!((outbox.next(), outbox.oldest(), outbox.lanes.len()), (2, 1, 1));
}

/// Random numbers from a seed: `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A receiver that fails by chance, a feed that brings some at a time, answers in any order, kills that forget what was not
/// kept. In the end every event was delivered at least once, and of each ticket no event before one that comes earlier.
fn a_life(seed: u64) {
    let mut dice = Dice(seed);
    let total = 60;
    let ledger = Ledger::of(&(0..total).map(|_| dice.below(6)).collect::<Vec<_>>());
    let end = total + 1;
    let mut outbox = Outbox::new(1);
    let mut kept = outbox.kept(now(0));
    let mut ms = 0;
    let mut first_told: Vec<u64> = Vec::new();
    let mut under_way: Vec<(Due, Arc<Told>, Vec<Arc<Told>>)> = Vec::new();
    for _ in 0..20_000 {
        match dice.below(12) {
            0..3 if outbox.next() < end && outbox.has_room() => {
                let to = (outbox.next() + 1 + dice.below(5)).min(end);
                outbox.take_in(ledger.stretch(outbox.next(), to), now(ms));
            }
            3..8 => {
                if let Some(due) = outbox.take_due(now(ms)) {
                    let (event, rest) = ledger.read(&due);
                    let is_alone = under_way.iter().all(|(other, _, _)| other.lane != due.lane);
                    assert!(is_alone, "seed {seed}: two of one ticket are under way");
                    under_way.push((due, event, rest));
                }
            }
            8..10 if !under_way.is_empty() => {
                let index = usize::try_from(dice.below(under_way.len() as u64)).expect("an index");
                let (due, event, rest) = under_way.swap_remove(index);
                let outcome = if dice.below(3) == 0 { failed("by chance") } else { Outcome::Delivered };
                // An answer may be lost on its way: then it was taken and failed.
                let is_taken = outcome == Outcome::Delivered || dice.below(4) == 0;
                if is_taken && !first_told.contains(&event.seq) {
                    first_told.push(event.seq);
                }
                let random = dice.below(u64::MAX);
                outbox.came_to(due.lane, &event, rest, outcome, now(ms), random);
            }
            10 => kept = outbox.kept(now(ms)),
            11 if dice.below(20) == 0 => {
                outbox = Outbox::of(kept.clone(), end);
                under_way.clear();
            }
            _ => ms += dice.below(2_000),
        }
        if outbox.next() == end && outbox.lanes.is_empty() {
            break;
        }
    }
    assert!(outbox.lanes.is_empty() && outbox.next() == end, "seed {seed}: it does not end");
    assert_eq!((outbox.in_flight, outbox.at_hand_bytes), (0, 0), "seed {seed}: nothing is left over");
    assert_eq!(
        first_told.iter().collect::<BTreeSet<_>>().len() as u64,
        total,
        "seed {seed}: some are missing"
    );
    for ticket in 0..6 {
        let is_of = |seq: &&u64| {
            ledger.0[usize::try_from(**seq - 1).expect("small")].about.ticket.map_or(0, |n| n.0) == ticket
        };
        assert!(first_told.iter().filter(is_of).is_sorted(), "seed {seed}, ticket {ticket}: {first_told:?}");
    }
}

#[test]
fn whatever_fails_every_event_is_delivered_and_those_of_a_ticket_in_order() {
    for seed in 0..300 {
        a_life(seed);
    }
}
