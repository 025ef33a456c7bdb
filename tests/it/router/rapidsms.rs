//! The documented examples of RapidSMS and its threadless router.

use crosswire::prelude::*;

use super::play;

/// Catches a single message, as the example `OtherApp` does (rapidsms-threadless-router 0.1.4,
/// section 5.2).
async fn other_app(cx: &mut Context, message: &Inbound) -> Result {
    if message.text.reveal() == "other-app-should-catch" {
        cx.reply("caught");
    } else {
        cx.decline();
    }
    Ok(())
}

#[test]
fn default_text_answers_the_message_that_no_app_has_caught() {
    let properties = "apps = [\"other-app\"]\ndefault = \"Invalid message, please try again!\"";
    let script = "1112223333 > other-app-should-catch\n\
                  1112223333 < caught\n\
                  1112223333 > uncaught-message-test\n\
                  1112223333 < Invalid message, please try again!";
    play(App::new().handler("other-app", other_app), properties, script);
}

#[test]
fn message_that_no_app_has_caught_is_ignored_without_a_default() {
    let app = App::new().handler("other-app", other_app);
    play(app, "apps = [\"other-app\", \"echo\"]", "1 > uncaught\n1 > echo caught\n1 < caught");
}

#[test]
fn help_lists_the_commands_of_all_apps_in_their_order() {
    let script = "1 > HELP\n\
                  1 < You can send:\n\
                  | PING: tests the connection\n\
                  | HELP: lists the commands\n\
                  | JOIN <NAME>: tells us your name";
    play(App::new(), "apps = [\"ping\", \"help\", \"register\"]", script);
}
