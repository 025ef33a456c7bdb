//! People who text each other in pairs, and what they were told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::checker::{Attempt, Chat, Person, Text, Told};
use crate::support::twilio::{Message, Random};
use crate::support::{Deployment, LINE, PATIENCE, Webhook};

const PATH: &str = "/queue/roulette";
const CONNECTED: &str = "You're now connected to a random stranger!";
const PEER_LEFT: &str = "Your peer disconnected.";
const UNHEARD: &str =
    "Error: not connected, or your earlier peer disconnected. Refresh to chat again!";

/// Chat of everybody before anybody leaves.
pub(crate) const FIRST: usize = 1;

/// Longest time between two texts of one person, in milliseconds.
const PAUSE: u64 = 400;
/// Time after which a sender gives up an attempt. A provider waits longer, but what it does then is the
/// same.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Time after which a sender gives up a text, like a provider whose retries are used up.
const GIVE_UP: Duration = Duration::from_secs(20);
/// Time between two attempts.
const AGAIN: std::ops::Range<u64> = 20..300;
/// One of so many texts is left out, and its sender leaves instead.
const LEAVES: u64 = 8;
/// Calls that are repeated after they were answered, of a hundred.
const REPLAYS: u64 = 2;

pub(crate) fn number(person: Person) -> String {
    format!("+1415{person:07}")
}

/// Returns whose number this is.
pub(crate) fn person(number: &str) -> Option<Person> {
    number.strip_prefix("+1415")?.parse().ok()
}

/// Message to a phone, as far as it tells about its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Beginning of a chat.
    Connected,
    /// End of it: the partner has left.
    Left,
    /// Answer to a text that came after that.
    Unheard,
    Text(Person, usize),
    Other,
}

/// People of a run; the partner of each is the one with the neighbouring number, until they leave.
pub(crate) struct People<'d> {
    deployment: &'d Deployment,
    count: usize,
    /// Ports of the web processes, which get calls in turn.
    ports: Vec<u16>,
    calls: AtomicUsize,
    pub(crate) began: Instant,
}

impl<'d> People<'d> {
    /// Connects people, two at a time, so that the pairs are known.
    pub(crate) async fn connect(deployment: &'d Deployment, count: usize, ports: Vec<u16>) -> Self {
        let (calls, began) = (AtomicUsize::new(0), Instant::now());
        let people = Self { deployment, count, ports, calls, began };
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
                texts.push(self.text((sender, FIRST), texts.len(), usize::MAX, &mut random).await);
            }
            texts
        });
        join_all(all).await.concat()
    }

    /// The same, but everybody leaves now and then, and when their partner has left.
    pub(crate) async fn change(&self, seed: u64, talking: &watch::Receiver<bool>) -> Vec<Text> {
        let all = self.all().map(|sender| async move {
            let mut random = Random::new(seed ^ (sender as u64) << 32);
            let (mut texts, mut chat) = (Vec::new(), FIRST);
            while *talking.borrow() {
                sleep(random.millis(0..PAUSE)).await;
                if random.below(LEAVES) > 0 && !self.is_left(sender) {
                    let text = self.text((sender, chat), texts.len(), usize::MAX, &mut random);
                    texts.push(text.await);
                    continue;
                }
                match self.find_another((sender, chat), talking, &mut random).await {
                    Some(found) => chat = found,
                    None => break,
                }
            }
            texts
        });
        join_all(all).await.concat()
    }

    /// Leaves, and waits until there is another partner. Returns the new chat; nothing when it may be that
    /// nobody comes.
    async fn find_another(
        &self,
        (person, chat): Chat,
        talking: &watch::Receiver<bool>,
        random: &mut Random,
    ) -> Option<usize> {
        let call = self.deployment.webhook(PATH, [&number(person), LINE, "refresh"]);
        let attempts = self.attempts(&call, usize::MAX, random).await;
        let is_accepted = attempts.iter().any(|attempt| attempt.told == Told::Accepted);
        while is_accepted && *talking.borrow() {
            let told = self.told(person, |news| news == News::Connected);
            if told > chat {
                return Some(told);
            }
            sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// Counts messages to a phone.
    fn told(&self, person: Person, is_it: impl Fn(News) -> bool) -> usize {
        let number = number(person);
        let is_it = |it: &&Message| it.to == number && is_it(news(&it.body));
        self.deployment.twilio().journal().sent(|all| all.iter().filter(is_it).count())
    }

    /// Tests whether a phone was told that its owner's partner has left, and of no other since.
    fn is_left(&self, person: Person) -> bool {
        let number = number(person);
        let is_change = |news: &News| matches!(news, News::Connected | News::Left | News::Unheard);
        let last = |all: &[Message]| {
            let theirs = all.iter().rev().filter(|it| it.to == number);
            theirs.map(|it| news(&it.body)).find(is_change)
        };
        self.deployment.twilio().journal().sent(last) != Some(News::Connected)
    }

    /// Sends one text, until it is accepted, or given up after this many attempts or some time.
    pub(crate) async fn text(
        &self,
        (sender, chat): Chat,
        number: usize,
        most: usize,
        random: &mut Random,
    ) -> Text {
        let attempts = self.attempts(&self.call(sender, number), most, random).await;
        Text { sender, number, chat, attempts }
    }

    async fn attempts(&self, call: &Webhook, most: usize, random: &mut Random) -> Vec<Attempt> {
        let (begun, mut attempts) = (Instant::now(), Vec::new());
        while begun.elapsed() < GIVE_UP && attempts.len() < most {
            let attempt = self.attempt(call).await;
            attempts.push(attempt);
            match attempt.told {
                Told::Accepted if random.below(100) < REPLAYS => drop(self.attempt(call).await),
                Told::Accepted => {}
                Told::Refused | Told::Unknown => {
                    sleep(random.millis(AGAIN)).await;
                    continue;
                }
            }
            break;
        }
        attempts
    }

    /// Waits until so many texts have arrived, or were answered with a notice, or none has for some time. The
    /// checker says which are missing.
    pub(crate) async fn wait_for_texts(&self, count: usize, patience: Duration) {
        let relayed = || {
            let is_text =
                |message: &&Message| matches!(news(&message.body), News::Text(..) | News::Unheard);
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
        let turn = self.calls.fetch_add(1, Ordering::Relaxed);
        let call = call.clone().at(self.ports[turn % self.ports.len()]);
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

/// Reads a message to a phone.
pub(crate) fn news(body: &str) -> News {
    match body {
        CONNECTED => News::Connected,
        PEER_LEFT => News::Left,
        UNHEARD => News::Unheard,
        _ => name(body).map_or(News::Other, |(sender, number)| News::Text(sender, number)),
    }
}

/// Returns the sender and the number of a text that was relayed.
fn name(body: &str) -> Option<(Person, usize)> {
    let (sender, number) = body.strip_prefix("Stranger: from ")?.split_once(" text ")?;
    Some((sender.parse().ok()?, number.parse().ok()?))
}
