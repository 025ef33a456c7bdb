//! Circuit breaker of an app: after several failures in a row nothing is posted for a while, and then
//! one request alone, whose outcome opens the way for the others or closes it for longer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Limits of a breaker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Failures in a row after which nothing is posted.
    pub(super) failures: u32,
    /// Longest time for which nothing is posted, and the longest delay of a message.
    pub(super) max_pause: Duration,
    /// Longest time that a request takes.
    pub(super) timeout: Duration,
}

/// Breaker of one app in one process.
pub(super) struct Breaker {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// Failures in a row, where those of requests that were on their way together count as one.
    rounds: u32,
    /// Time of the first failure of the last round.
    round_at: Option<DateTime<Utc>>,
    /// Time until which nothing is posted; absent while the app answers.
    closed_until: Option<DateTime<Utc>>,
}

/// Permission for one request. Dropped without an outcome, which happens to a run that is stopped, it
/// is a failure.
pub(super) struct Pass<'b> {
    breaker: &'b Breaker,
    entered_at: DateTime<Utc>,
    entered: Instant,
    has_ended: bool,
}

impl Breaker {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Asks for permission to post.
    ///
    /// # Errors
    /// The time after which to ask again.
    pub(super) fn enter(&self, now: DateTime<Utc>) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        if let Some(until) = state.closed_until {
            if let Some(wait) = (until - now).to_std().ok().filter(|wait| !wait.is_zero()) {
                return Err(wait.min(self.limits.max_pause.max(self.limits.timeout)));
            }
            // This is the one request that is tried; the others wait for as long as it may take.
            state.closed_until = Some(now + self.limits.timeout);
        }
        drop(state);
        Ok(Pass { breaker: self, entered_at: now, entered: Instant::now(), has_ended: false })
    }

    /// Counts the failure of a request that was begun at this time.
    fn failed(
        &self,
        entered_at: DateTime<Utc>,
        now: DateTime<Utc>,
        retry_after: Option<Duration>,
    ) -> Duration {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.round_at.is_none_or(|first| entered_at >= first) {
            state.rounds = state.rounds.saturating_add(1);
            state.round_at = Some(now);
        }
        let wait = self.delay(state.rounds).max(retry_after.unwrap_or_default());
        let wait = wait.min(self.limits.max_pause);
        if state.failures >= self.limits.failures {
            state.closed_until = Some(now + wait);
        }
        wait
    }

    /// Delay after so many rounds of failures: from half a second, doubling.
    fn delay(&self, rounds: u32) -> Duration {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(self.limits.max_pause)
            .without_max_times()
            .build()
            .nth(rounds.saturating_sub(1).min(32) as usize)
            .unwrap_or(self.limits.max_pause)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Takes note of an answer, whatever it says.
    pub(super) fn answered(mut self) {
        self.has_ended = true;
        *self.breaker.state() = State::default();
    }

    /// Takes note of a failure, and returns the delay of its message.
    pub(super) fn failed(mut self, retry_after: Option<Duration>) -> Duration {
        self.has_ended = true;
        self.breaker.failed(self.entered_at, self.now(), retry_after)
    }

    fn now(&self) -> DateTime<Utc> {
        self.entered_at + self.entered.elapsed()
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.breaker.failed(self.entered_at, self.now(), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_PAUSE: Duration = Duration::from_secs(8);
    const TIMEOUT: Duration = Duration::from_secs(4);

    fn breaker() -> Breaker {
        Breaker::new(Limits { failures: 2, max_pause: MAX_PAUSE, timeout: TIMEOUT })
    }

    fn at(millis: u64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::from_millis(millis)
    }

    /// Lets two requests fail at the beginning, and returns the time until which it is closed.
    fn closed(breaker: &Breaker) -> u64 {
        breaker.enter(at(0)).ok().unwrap().failed(None);
        let wait = breaker.enter(at(1_000)).ok().unwrap().failed(None);
        assert_eq!(wait, Duration::from_secs(1));
        let wait = breaker.enter(at(1_000)).err().unwrap();
        assert!(wait >= Duration::from_secs(1), "{wait:?}");
        3_000
    }

    #[test]
    fn nothing_is_posted_after_several_failures_in_a_row() {
        closed(&breaker());
    }

    #[test]
    fn requests_that_fail_together_count_as_one_for_the_delay() {
        let breaker = breaker();
        let together: Vec<_> = (0..16).map(|_| breaker.enter(at(0)).ok().unwrap()).collect();
        for pass in together {
            assert_eq!(pass.failed(None), Duration::from_millis(500));
        }
        assert!(breaker.enter(at(0)).is_err());
    }

    #[test]
    fn answer_between_failures_starts_the_count_again() {
        let breaker = breaker();
        for _ in 0..5 {
            assert_eq!(breaker.enter(at(0)).ok().unwrap().failed(None), Duration::from_millis(500));
            breaker.enter(at(0)).ok().unwrap().answered();
        }
    }

    #[test]
    fn one_request_is_tried_when_the_time_is_over_and_its_answer_lets_all_pass() {
        let breaker = breaker();
        let over = closed(&breaker);
        let probe = breaker.enter(at(over)).ok().unwrap();
        assert_eq!(breaker.enter(at(over)).err(), Some(TIMEOUT));
        probe.answered();
        for _ in 0..3 {
            breaker.enter(at(over)).ok().unwrap().answered();
        }
    }

    #[test]
    fn failed_probe_closes_for_twice_as_long_up_to_the_limit() {
        let breaker = breaker();
        let mut now = closed(&breaker);
        for expected in [2, 4, 8, 8, 8] {
            let wait = breaker.enter(at(now)).ok().unwrap().failed(None);
            assert_eq!(wait, Duration::from_secs(expected));
            now += 10_000;
        }
    }

    #[test]
    fn probe_that_is_stopped_counts_as_failed() {
        let breaker = breaker();
        let over = closed(&breaker);
        drop(breaker.enter(at(over)).ok().unwrap());
        let wait = breaker.enter(at(over)).err().unwrap();
        assert!(wait >= Duration::from_secs(2) && wait < Duration::from_secs(3), "{wait:?}");
    }

    #[test]
    fn pause_that_the_app_asks_for_is_kept_up_to_the_limit() {
        let breaker = breaker();
        let asked = |breaker: &Breaker, seconds| {
            breaker.enter(at(0)).ok().unwrap().failed(Some(Duration::from_secs(seconds)))
        };
        assert_eq!(asked(&breaker, 3), Duration::from_secs(3));
        assert_eq!(asked(&breaker, 86_400), MAX_PAUSE);
    }

    #[test]
    fn clock_that_is_set_back_holds_nothing_up_for_longer_than_the_limit() {
        let breaker = breaker();
        breaker.enter(at(86_400_000)).ok().unwrap().failed(None);
        breaker.enter(at(86_400_000)).ok().unwrap().failed(None);
        assert_eq!(breaker.enter(at(0)).err(), Some(MAX_PAUSE));
    }
}
