//! Phases of a message, in their order.

use crosswire::prelude::*;

use super::play;

/// Writes the phases that it takes part in into its answers.
struct Traced {
    name: &'static str,
    /// Text that it handles.
    wants: &'static str,
}

impl Traced {
    fn note(&self, cx: &mut Context, phase: &str) {
        cx.reply(format!("{} {phase}", self.name));
    }
}

impl Handler for Traced {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.note(cx, &format!("handle {}", message.text.reveal()));
        if message.text.reveal() != self.wants {
            cx.decline();
        }
        Ok(())
    }
}

impl RouterApp for Traced {
    async fn filter(&self, cx: &mut Context, message: &Inbound) -> Result<Filter> {
        self.note(cx, "filter");
        let is_spam = message.text.reveal() == format!("spam {}", self.name);
        Ok(if is_spam { Filter::Stop } else { Filter::Pass })
    }

    async fn parse(&self, cx: &mut Context, message: &mut Inbound) -> Result {
        self.note(cx, "parse");
        message.text = message.text.reveal().replace(' ', "").into();
        Ok(())
    }

    async fn default(&self, cx: &mut Context, _: &Inbound) -> Result {
        self.note(cx, "default");
        if self.name != "B" {
            cx.decline();
        }
        Ok(())
    }

    async fn cleanup(&self, cx: &mut Context, _: &Inbound) -> Result {
        self.note(cx, "cleanup");
        Ok(())
    }
}

fn traced() -> App {
    App::new()
        .router_app("a", Traced { name: "A", wants: "one" })
        .router_app("b", Traced { name: "B", wants: "two" })
        .router_app("c", Traced { name: "C", wants: "two" })
}

/// Plays one message against three apps, and expects these phases.
fn play_one(text: &str, phases: &[&str]) {
    let expected: Vec<String> = phases.iter().map(|phase| format!("1 < {phase}\n")).collect();
    let script = format!("1 > {text}\n{}", expected.concat());
    play(traced(), "apps = [\"a\", \"b\", \"c\"]\ndefault = \"Pardon?\"", &script);
}

#[test]
fn first_app_that_handles_a_message_ends_the_phase() {
    play_one(
        "t w o",
        &[
            "A filter",
            "B filter",
            "C filter",
            "A parse",
            "B parse",
            "C parse",
            "A handle two",
            "B handle two",
            "A cleanup",
            "B cleanup",
            "C cleanup",
        ],
    );
}

#[test]
fn default_phase_comes_when_all_have_declined_and_before_the_text() {
    play_one(
        "three",
        &[
            "A filter",
            "B filter",
            "C filter",
            "A parse",
            "B parse",
            "C parse",
            "A handle three",
            "B handle three",
            "C handle three",
            "A default",
            "B default",
            "A cleanup",
            "B cleanup",
            "C cleanup",
        ],
    );
}

#[test]
fn filter_ends_a_message_for_every_phase_of_every_app() {
    play_one("spam B", &["A filter", "B filter"]);
}

#[test]
fn app_with_phases_has_them_as_the_handler_of_a_topic_too() {
    let topics = "[topics.t]\nhandler = \"a\"\naccept_response = \"\"";
    let script = "strict\n1 > o n e\n1 < A filter\n1 < A parse\n1 < A handle one\n1 < A cleanup";
    traced().topics(topics).script("alone", script).unwrap();
}

/// Changes and stops what other apps send, and their timers.
struct Censor {
    mark: &'static str,
}

impl Handler for Censor {
    async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.decline();
        Ok(())
    }
}

impl RouterApp for Censor {
    fn outgoing(&self, message: &mut OutgoingMessage) -> bool {
        let text = message.text.reveal();
        message.text = format!("{text}{}", self.mark).into();
        !message.text.reveal().contains("secret")
    }
}

/// Answers at once and after a minute.
struct Twice;

impl Handler for Twice {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        cx.wake_after(std::time::Duration::from_mins(1), "again", &message.sender)?;
        cx.reply(message.text.reveal());
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        tx.send(&wake.data()?, "again");
        tx.send(&wake.data()?, "again, secret");
        Ok(())
    }
}

#[test]
fn every_app_sees_outgoing_messages_in_reverse_order_and_may_stop_them() {
    let app = App::new()
        .router_app("first", Censor { mark: "1" })
        .router_app("last", Censor { mark: "2" })
        .handler("twice", Twice);
    let script = "1 > hello\n1 < hello21\n1 > secret\nadvance 1m\n1 < again21";
    play(app, "apps = [\"first\", \"twice\", \"last\"]", script);
}
