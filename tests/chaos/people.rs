//! People who text each other in pairs, and what they were told.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::checker::{Attempt, Person, Text, Told};
use crate::support::twilio::{Message, Random};
use crate::support::{Deployment, LINE, PATIENCE, Webhook};

const PATH: &str = "/queue/roulette";
const CONNECTED: &str = "You're now connected to a random stranger!";

/// Longest time between two texts of one person, in milliseconds.
const PAUSE: u64 = 400;
/// Time after which a sender gives up an attempt. A provider waits longer, but what it does then is the
/// same.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Time after which a sender gives up a text, like a provider whose retries are used up.
const GIVE_UP: Duration = Duration::from_secs(20);
/// Time between two attempts.
const AGAIN: std::ops::Range<u64> = 20..300;
/// Calls that are repeated after they were answered, of a hundred.
const REPLAYS: u64 = 2;

pub(crate) fn number(person: Person) -> String {
    format!("+1415{person:07}")
}

/// Returns whose number this is.
pub(crate) fn person(number: &str) -> Option<Person> {
    number.strip_prefix("+1415")?.parse().ok()
}

/// People of a run; the partner of each is the one with the neighbouring number.
pub(crate) struct People<'d> {
    deployment: &'d Deployment,
    count: usize,
    pub(crate) began: Instant,
}

impl<'d> People<'d> {
    /// Connects people, two at a time, so that the pairs are known.
    pub(crate) async fn connect(deployment: &'d Deployment, count: usize) -> Self {
        let people = Self { deployment, count, began: Instant::now() };
        for pair in 0..count / 2 {
            let both = [2 * pair, 2 * pair + 1].map(number);
            for (told, number) in both.iter().enumerate() {
                deployment.keep_secret(&number[1..]);
                let call = deployment.webhook(PATH, [number, LINE, "connect"]);
                call.send_until_accepted().await;
                let waits = |sent: &[Message]| sent.iter().any(|it| it.to == both[0]);
                deployment.twilio().wait_until(PATIENCE, |sent| told > 0 || waits(sent)).await;
            }
            let is_connected = |sent: &[Message], number: &String| {
                sent.iter().any(|it| it.to == *number && it.body == CONNECTED)
            };
            let connected = |sent: &[Message]| both.iter().all(|number| is_connected(sent, number));
            deployment.twilio().wait_until(PATIENCE, connected).await;
        }
        people
    }

    pub(crate) fn all(&self) -> std::ops::Range<Person> {
        0..self.count
    }

    /// Lets everybody text until `talking` ends; each sends the next text when the last one is accepted,
    /// or given up.
    pub(crate) async fn talk(&self, seed: u64, talking: &watch::Receiver<bool>) -> Vec<Text> {
        let all = self.all().map(|sender| async move {
            let mut random = Random::new(seed ^ (sender as u64) << 32);
            let mut texts = Vec::new();
            while *talking.borrow() {
                sleep(random.millis(0..PAUSE)).await;
                texts.push(self.text(sender, texts.len(), usize::MAX, &mut random).await);
            }
            texts
        });
        join_all(all).await.concat()
    }

    /// Sends one text, until it is accepted, or given up after this many attempts or some time.
    pub(crate) async fn text(
        &self,
        sender: Person,
        number: usize,
        most: usize,
        random: &mut Random,
    ) -> Text {
        let call = self.call(sender, number);
        let (begun, mut attempts) = (Instant::now(), Vec::new());
        while begun.elapsed() < GIVE_UP && attempts.len() < most {
            let attempt = self.attempt(&call).await;
            attempts.push(attempt);
            match attempt.told {
                Told::Accepted if random.below(100) < REPLAYS => drop(self.attempt(&call).await),
                Told::Accepted => {}
                Told::Refused | Told::Unknown => {
                    sleep(random.millis(AGAIN)).await;
                    continue;
                }
            }
            break;
        }
        Text { sender, number, attempts }
    }

    /// Waits until so many texts have arrived, or none has for some time. The checker says which are
    /// missing.
    pub(crate) async fn wait_for_texts(&self, count: usize, patience: Duration) {
        let relayed = || {
            let is_text = |message: &&Message| name(&message.body).is_some();
            self.deployment.twilio().journal().sent(|all| all.iter().filter(is_text).count())
        };
        let (mut arrived, mut since) = (relayed(), Instant::now());
        while arrived < count && since.elapsed() < patience {
            sleep(Duration::from_millis(50)).await;
            let now = relayed();
            if now > arrived {
                (arrived, since) = (now, Instant::now());
            }
        }
    }

    /// Makes the call of a text, whose words name it.
    pub(crate) fn call(&self, sender: Person, text: usize) -> Webhook {
        let words = format!("from {sender} text {text}");
        self.deployment.webhook(PATH, [&number(sender), LINE, &words])
    }

    pub(crate) async fn attempt(&self, call: &Webhook) -> Attempt {
        let begun = self.began.elapsed();
        let told = match timeout(ATTEMPT, call.send()).await {
            Ok(Ok(answer)) if answer.status < 300 => Told::Accepted,
            Ok(Ok(answer)) if answer.status < 500 => Told::Refused,
            Ok(Err(error)) if error.is_connect() => Told::Refused,
            // A server may have stored what it could not confirm in time.
            Ok(_) | Err(_) => Told::Unknown,
        };
        Attempt { begun, ended: self.began.elapsed(), told }
    }
}

/// Returns the sender and the number of a text that was relayed.
pub(crate) fn name(body: &str) -> Option<(Person, usize)> {
    let (sender, number) = body.strip_prefix("Stranger: from ")?.split_once(" text ")?;
    Some((sender.parse().ok()?, number.parse().ok()?))
}
