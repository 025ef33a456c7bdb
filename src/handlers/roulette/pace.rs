//! Loops: two programs that answer each other, told from people by their repetitions and their speed.
//!
//! Each side of a chat keeps the times of its last texts in its own seat, which comes with every
//! message. The other side's are read only when one side alone looks like a program.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::contracts::storage::encoding::digest;

/// Number of texts of one side that are looked at. With the four answers between them, nine are exchanged.
const TEXTS: usize = 5;
/// Time in which so many equal texts of one side, each with the same answer, are those of programs.
const REPETITION: TimeDelta = TimeDelta::minutes(10);
/// Time in which no person reads a text, thinks of an answer and types it, nine times in a row.
const REFLEX: TimeDelta = TimeDelta::seconds(2);
/// Time of four texts and their answers at that speed.
const REFLEXES: TimeDelta = TimeDelta::seconds(16);

/// Times and sameness of the last texts of one side of a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// Times at which the last texts were received, the newest last.
    times: VecDeque<DateTime<Utc>>,
    /// Digest of the last text.
    last: u32,
    /// Number of times that the last text was written in a row.
    equal: usize,
}

impl Pace {
    /// Adds a text.
    pub(super) fn add(&mut self, text: &str, received_at: DateTime<Utc>) {
        let last = of(text);
        let is_equal = last == self.last && !text.is_empty();
        self.equal = if is_equal { TEXTS.min(self.equal + 1) } else { 1 };
        self.last = last;
        self.times.push_back(received_at);
        if self.times.len() > TEXTS {
            self.times.pop_front();
        }
    }

    /// Returns whether this side alone may be a program, so that the other side is worth a read.
    pub(super) fn is_suspicious(&self) -> bool {
        self.is_repetition() || self.lasts(REFLEXES)
    }

    /// Returns whether this side and the other one answer each other as programs do.
    pub(super) fn is_loop(&self, other: &Self) -> bool {
        let answers = other.between(&self.times);
        // A person who answers `ok` to all that they are told repeats themself too, so both sides must.
        let both_repeat = self.is_repetition() && other.equal + 1 >= TEXTS;
        (both_repeat && answers.len() + 2 >= TEXTS) || self.is_reflex(&answers)
    }

    fn is_repetition(&self) -> bool {
        self.equal == TEXTS && self.lasts(REPETITION)
    }

    fn lasts(&self, time: TimeDelta) -> bool {
        let ends = self.times.front().zip(self.times.back());
        self.times.len() == TEXTS && ends.is_some_and(|(first, last)| *last - *first <= time)
    }

    /// Returns whether every text was answered at once, and every answer too.
    fn is_reflex(&self, answers: &[DateTime<Utc>]) -> bool {
        let alternate = answers.len() + 1 == self.times.len() && self.times.len() == TEXTS;
        let quick = |from: DateTime<Utc>, to: DateTime<Utc>| {
            // Only a clock that stands still, as in a script, gives two texts one time.
            (TimeDelta::nanoseconds(1)..=REFLEX).contains(&(to - from))
        };
        alternate
            && answers.iter().enumerate().all(|(index, answer)| {
                quick(self.times[index], *answer) && quick(*answer, self.times[index + 1])
            })
    }

    /// Returns the times of this side's texts that lie between the first and the last of the others.
    fn between(&self, others: &VecDeque<DateTime<Utc>>) -> Vec<DateTime<Utc>> {
        let Some((first, last)) = others.front().zip(others.back()) else { return Vec::new() };
        self.times.iter().filter(|time| (first..=last).contains(time)).copied().collect()
    }
}

/// Returns a number that hardly two texts share.
fn of(text: &str) -> u32 {
    let digest = digest(&[text]);
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Returns the pace of a side that wrote these texts, each at its number of milliseconds.
    fn pace(texts: &[(i64, &str)]) -> Pace {
        let mut pace = Pace::default();
        for (at, text) in texts {
            pace.add(text, DateTime::UNIX_EPOCH + TimeDelta::milliseconds(*at));
        }
        pace
    }

    /// Returns whether two sides are a loop that alternate at this interval with these texts.
    fn alternating(milliseconds: i64, one: [&str; 5], other: [&str; 4]) -> bool {
        let one: Vec<(i64, &str)> = (0..).map(|index| 2 * index * milliseconds).zip(one).collect();
        let other: Vec<(i64, &str)> =
            (0..).map(|index| (2 * index + 1) * milliseconds).zip(other).collect();
        let (one, other) = (pace(&one), pace(&other));
        one.is_suspicious() && one.is_loop(&other)
    }

    #[rstest]
    #[case::without_a_clock(0, false)]
    #[case::instantly(1, true)]
    #[case::quickly(2000, true)]
    #[case::as_people_do(2001, false)]
    fn sides_that_answer_at_once_are_a_loop(#[case] interval: i64, #[case] expected: bool) {
        let found = alternating(interval, ["a", "b", "c", "d", "e"], ["1", "2", "3", "4"]);
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::within_ten_minutes(75_000, true)]
    #[case::slower(75_001, false)]
    fn sides_that_repeat_themselves_are_a_loop(#[case] interval: i64, #[case] expected: bool) {
        assert_eq!(alternating(interval, ["I am away"; 5], ["gone"; 4]), expected);
    }

    #[test]
    fn listener_who_gives_the_same_answer_is_no_loop() {
        assert!(!alternating(10_000, ["ok"; 5], ["so", "I", "said", "to him"]));
        assert!(!alternating(10_000, ["so", "I", "said", "to", "him"], ["ok"; 4]));
    }

    #[test]
    fn side_that_is_not_answered_is_no_loop() {
        let burst: Vec<(i64, &str)> = (0..9).map(|at| (at * 100, "hello?")).collect();
        let burst = pace(&burst);
        assert!(burst.is_suspicious());
        assert!(!burst.is_loop(&Pace::default()));
        assert!(!burst.is_loop(&pace(&[(450, "what"), (460, "is it")])));
    }

    #[test]
    fn bursts_in_turn_are_no_loop() {
        let one = pace(&[(0, "a"), (10, "b"), (20, "c"), (900, "d"), (910, "e")]);
        let other = pace(&[(500, "1"), (510, "2"), (520, "3"), (530, "4")]);
        assert!(one.is_suspicious() && !one.is_loop(&other));
    }

    #[test]
    fn pictures_are_no_repetition_and_few_texts_are_not_suspicious() {
        let pictures: Vec<(i64, &str)> = (0..5).map(|at| (at * 60_000, "")).collect();
        assert!(!pace(&pictures).is_suspicious());
        assert!(!pace(&[(0, "a"), (1, "a"), (2, "a"), (3, "a")]).is_suspicious());
    }
}
