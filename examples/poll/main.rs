//! A poll that closes by a timer, and sends its result to all who took part.
//!
//! `TOPICS_FILE=examples/poll/topics.toml cargo run --example poll`

use std::time::Duration;

use crosswire::prelude::*;
use serde::{Deserialize, Serialize};

const POLL: &str = "poll";
const HELP: &str = "Open a poll with: POLL <QUESTION>. Answer with YES or NO.";

#[derive(Deserialize)]
struct Polls {
    minutes: u64,
}

#[derive(Serialize, Deserialize)]
struct Poll {
    question: String,
    asked_by: Address,
    votes: Vec<(Address, bool)>,
}

impl Polls {
    fn open(&self, cx: &mut Context, question: &str, message: &Inbound) -> Result {
        let asked_by = message.sender.clone();
        let poll = Poll { question: question.to_owned(), asked_by, votes: Vec::new() };
        let duration = Duration::from_mins(self.minutes);
        cx.put(POLL, &poll, 2 * duration)?;
        cx.wake_after(duration, "close", &())?;
        cx.reply(format!("Your poll is open for {} minutes.", self.minutes));
        Ok(())
    }

    fn vote(&self, cx: &mut Context, mut poll: Poll, yes: bool, message: &Inbound) -> Result {
        if poll.votes.iter().any(|(voter, _)| *voter == message.sender) {
            return Err(Refuse::new("You have voted already.").into());
        }
        poll.votes.push((message.sender.clone(), yes));
        cx.put(POLL, &poll, 2 * Duration::from_mins(self.minutes))?;
        cx.reply(format!("Counted: {}", poll.question));
        Ok(())
    }
}

impl Handler for Polls {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let text = message.text.reveal().to_lowercase();
        match (cx.get::<Poll>(POLL).await?, text.as_str(), text.strip_prefix("poll ")) {
            (None, _, Some(question)) => self.open(cx, question, message),
            (Some(poll), "yes" | "no", _) => self.vote(cx, poll, text == "yes", message),
            (Some(_), _, Some(_)) => Err(Refuse::new("Another poll is open.").into()),
            _ => Err(Refuse::new(HELP).into()),
        }
    }

    async fn wake(&self, tx: &mut Transaction, _: &Wake) -> Result {
        let Some(poll) = tx.get::<Poll>(POLL).await? else { return Ok(()) };
        tx.remove(POLL);
        let yes = poll.votes.iter().filter(|(_, yes)| *yes).count();
        let no = poll.votes.len() - yes;
        let result = format!("{} Yes: {yes}, no: {no}.", poll.question);
        for recipient in poll.votes.iter().map(|(voter, _)| voter).chain([&poll.asked_by]) {
            tx.send(recipient, result.as_str());
        }
        Ok(())
    }
}

fn main() -> Result {
    App::from_env()?.handler_with("poll", |settings: Polls| Ok(settings)).run()
}

#[test]
fn poll_counts_each_voter_once_and_closes_by_its_timer() {
    let app = App::new().handler_with("poll", |settings: Polls| Ok(settings));
    let app = app.topics(include_str!("topics.toml"));
    app.script("poll", include_str!("poll.script")).unwrap();
}
