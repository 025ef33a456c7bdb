//! Checker of the chaos program: clean histories are clean, and one planted fault is one that is found.

#[expect(dead_code, reason = "the program needs more of it")]
#[path = "../chaos/checker/mod.rs"]
mod judge;

use std::time::Duration;

use self::judge::{Attempt, Delivery, History, Text, Told, Verdict, check};
use crate::support::twilio::Random;

const PEOPLE: usize = 8;
const TEXTS: usize = 12;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn attempt(begun: u64, ended: u64, told: Told) -> Attempt {
    Attempt { begun: ms(begun), ended: ms(ended), told }
}

fn text(number: usize, attempts: Vec<Attempt>) -> Text {
    Text { sender: 0, number, chat: 1, attempts }
}

fn delivery(at: u64, number: usize) -> Delivery {
    Delivery { at: ms(at), sender: 0, number, recipient: Some((1, 1)) }
}

/// Texts of one sender, and the numbers in the order of their deliveries.
fn history(texts: Vec<Text>, delivered: &[usize]) -> History {
    let deliveries =
        delivered.iter().zip(1000..).map(|(number, at)| delivery(at, *number)).collect();
    let chats = [((0, 1), (1, 1)), ((1, 1), (0, 1))].into();
    History { chats, texts, deliveries, ..History::default() }
}

fn accepted(number: usize, begun: u64, ended: u64) -> Text {
    text(number, vec![attempt(begun, ended, Told::Accepted)])
}

/// Texts of everybody, with refusals, failures and timeouts before the answer, all delivered in order.
fn clean(seed: u64) -> History {
    let mut random = Random::new(seed);
    let mut history = History::default();
    for sender in 0..PEOPLE {
        history.chats.insert((sender, 1), (sender ^ 1, 1));
        let mut now = 0;
        for number in 0..TEXTS {
            let mut attempts = Vec::new();
            while random.below(3) == 0 {
                let told = [Told::Refused, Told::Unknown][usize::from(random.below(2) == 0)];
                attempts.push(attempt(now, now + 5, told));
                now += 10;
            }
            attempts.push(attempt(now, now + 5, Told::Accepted));
            now += 10;
            history.texts.push(Text { sender, number, chat: 1, attempts });
            let (at, recipient) = (ms(now + 100), Some((sender ^ 1, 1)));
            history.deliveries.push(Delivery { at, sender, number, recipient });
        }
    }
    // Deliveries to different people mix; the stable sort keeps those of one sender in order.
    history.deliveries.sort_by_key(|delivery| delivery.at);
    history
}

#[test]
fn history_with_retries_and_timeouts_is_clean() {
    for seed in 0..200 {
        assert_eq!(check(&clean(seed)), Verdict::default(), "seed {seed}");
    }
}

#[test]
fn one_lost_text_is_found() {
    for seed in 0..200 {
        let mut history = clean(seed);
        let at = Random::new(seed).below(history.deliveries.len() as u64);
        let missing = history.deliveries.remove(usize::try_from(at).unwrap());
        let lost = vec![(missing.sender, missing.number)];
        assert_eq!(check(&history), Verdict { lost, ..Verdict::default() }, "seed {seed}");
    }
}

#[test]
fn one_doubled_text_is_found() {
    for seed in 0..200 {
        let mut history = clean(seed);
        let mut random = Random::new(seed);
        let from = usize::try_from(random.below(history.deliveries.len() as u64)).unwrap();
        let again = history.deliveries[from];
        history.deliveries.push(again);
        let doubled = vec![(again.sender, again.number)];
        assert_eq!(check(&history), Verdict { doubled, ..Verdict::default() }, "seed {seed}");
    }
}

#[test]
fn one_text_behind_a_later_one_is_found() {
    for seed in 0..200 {
        let mut history = clean(seed);
        let sender = usize::try_from(Random::new(seed).below(PEOPLE as u64)).unwrap();
        let number = usize::try_from(Random::new(!seed).below(TEXTS as u64 - 1)).unwrap();
        let at = |number| {
            let is_it = |it: &Delivery| (it.sender, it.number) == (sender, number);
            history.deliveries.iter().position(is_it).unwrap()
        };
        let (one, other) = (at(number), at(number + 1));
        history.deliveries.swap(one, other);
        let out_of_order = vec![(sender, number)];
        assert_eq!(check(&history), Verdict { out_of_order, ..Verdict::default() }, "seed {seed}");
    }
}

#[test]
fn one_text_to_a_stranger_is_found() {
    for (seed, recipient) in (0..200)
        .flat_map(|seed| [None, Some((2, 1)), Some((9, 1)), Some((2, 2))].map(|to| (seed, to)))
    {
        let mut history = clean(seed);
        let at = Random::new(seed).below(history.deliveries.len() as u64);
        let mut copy = history.deliveries[usize::try_from(at).unwrap()];
        copy.recipient = recipient;
        if history.chats.get(&(copy.sender, 1)) == recipient.as_ref() {
            continue;
        }
        history.deliveries.push(copy);
        let wrong_partner = vec![(copy.sender, copy.number)];
        assert_eq!(check(&history), Verdict { wrong_partner, ..Verdict::default() }, "seed {seed}");
    }
}

#[test]
fn text_that_nobody_sent_is_found() {
    let mut history = history(vec![accepted(0, 0, 1)], &[0]);
    history.deliveries.push(delivery(2000, 7));
    assert_eq!(check(&history).wrong_partner, [(0, 7)]);
}

#[test]
fn refused_text_that_is_delivered_is_doubled() {
    let refused = text(0, vec![attempt(0, 1, Told::Refused)]);
    assert_eq!(check(&history(vec![refused.clone()], &[0])).doubled, [(0, 0)]);
    assert!(check(&history(vec![refused], &[])).is_clean());
}

#[test]
fn text_of_unknown_fate_may_arrive_anywhere_or_never() {
    let texts =
        vec![text(0, vec![attempt(0, 1, Told::Unknown)]), accepted(1, 10, 11), accepted(2, 20, 21)];
    for delivered in [&[1, 2][..], &[0, 1, 2], &[1, 0, 2], &[1, 2, 0]] {
        assert!(check(&history(texts.clone(), delivered)).is_clean(), "{delivered:?}");
    }
    assert_eq!(check(&history(texts, &[0, 1, 0, 2])).doubled, [(0, 0)]);
}

/// The first try of one text times out, and the next text is accepted before its second: both orders are
/// the sender's own doing. A text that both were accepted before keeps its place.
#[test]
fn retry_explains_a_text_that_was_overtaken() {
    let retried = vec![attempt(0, 50, Told::Unknown), attempt(60, 70, Told::Accepted)];
    let texts = vec![text(0, retried), accepted(1, 20, 30), accepted(2, 80, 90)];
    let verdict = check(&history(texts.clone(), &[1, 0, 2]));
    assert_eq!(verdict, Verdict { overtaken: vec![(0, 0)], ..Verdict::default() });
    assert_eq!(check(&history(texts.clone(), &[0, 1, 2])), Verdict::default());
    assert_eq!(check(&history(texts.clone(), &[1, 2, 0])).out_of_order, [(0, 0)]);
    assert_eq!(check(&history(texts, &[2, 0, 1])).out_of_order, [(0, 0), (0, 1)]);
}

/// An attempt that was refused for certain does not widen the time of its text.
#[test]
fn refused_attempt_explains_nothing() {
    let retried = vec![attempt(0, 5, Told::Refused), attempt(60, 70, Told::Accepted)];
    let texts = vec![text(0, retried), accepted(1, 20, 30)];
    assert_eq!(check(&history(texts.clone(), &[1, 0])).overtaken, [(0, 0)]);
    assert_eq!(check(&history(texts, &[0, 1])).out_of_order, [(0, 1)]);
}

/// Three people: 0 writes to 1, finds 2, writes to 2, and is answered by them.
fn with_two_chats() -> History {
    let text = |sender, number, chat, at| Text {
        sender,
        number,
        chat,
        attempts: vec![attempt(at, at + 1, Told::Accepted)],
    };
    let texts = vec![text(0, 0, 1, 0), text(0, 1, 2, 10), text(2, 0, 1, 20)];
    let delivery =
        |sender, number, at, to| Delivery { at: ms(at), sender, number, recipient: Some(to) };
    let deliveries =
        vec![delivery(0, 0, 5, (1, 1)), delivery(0, 1, 15, (2, 1)), delivery(2, 0, 25, (0, 2))];
    History { texts, deliveries, ..History::default() }
}

#[test]
fn text_to_the_partner_of_another_chat_is_found() {
    assert_eq!(check(&with_two_chats()), Verdict::default());
    // The earlier partner gets a text of the present chat, or the present one gets it in another of theirs.
    for wrong in [(1, 1), (2, 2)] {
        let mut history = with_two_chats();
        let mut copy = history.deliveries[1];
        copy.recipient = Some(wrong);
        history.deliveries.push(copy);
        assert_eq!(check(&history).wrong_partner, [(0, 1)], "{wrong:?}");
    }
    // The partner answers somebody else, or the person in a chat before.
    for wrong in [(1, 1), (0, 1), (3, 1)] {
        let mut history = with_two_chats();
        history.deliveries[2].recipient = Some(wrong);
        assert_eq!(check(&history).wrong_partner, [(2, 0)], "{wrong:?}");
    }
}

#[test]
fn text_without_a_partner_is_lost_unless_its_sender_is_told() {
    let mut history = with_two_chats();
    history.texts.push(accepted(2, 30, 31));
    history.texts.push(accepted(3, 40, 41));
    assert_eq!(check(&history).lost, [(0, 2), (0, 3)]);
    history.unheard.insert(0, 1);
    assert_eq!(check(&history).lost, [(0, 3)]);
    history.unheard.insert(0, 2);
    assert!(check(&history).is_clean());
}
