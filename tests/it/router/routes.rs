//! Routes: the messages that an app is offered, and the parameters that they get.

use crosswire::prelude::*;

use super::play;

/// Answers with the parameters of its message.
async fn shown(cx: &mut Context, message: &Inbound) -> Result {
    let known = ["keyword", "rest", "choice", "name", "language"];
    let value = |name: &&str| Some(format!("{name}={}", message.parameters.get(name)?));
    let values: Vec<String> = known.iter().filter_map(value).collect();
    cx.reply(values.join(" "));
    Ok(())
}

fn play_shown(properties: &str, script: &str) {
    play(App::new().handler("shown", shown), properties, script);
}

#[test]
fn app_is_offered_messages_with_its_keywords_or_its_pattern() {
    let properties = "apps = [\"poll\", \"echo\"]\n[topics.t.properties.poll]\n\
                      handler = \"shown\"\nkeywords = [\"poll\", \"Poll now\"]\n\
                      pattern = '^vote (?<choice>\\w+)$'";
    let script = "1 > Poll: Lunch?\n1 < keyword=poll rest=Lunch?\n\
                  1 > POLL NOW Lunch?\n1 < keyword=Poll now rest=Lunch?\n\
                  1 > Vote yes\n1 < choice=yes\n\
                  1 > polls\n1 > vote yes please\n1 > echo poll\n1 < poll";
    play_shown(properties, script);
}

#[test]
fn registered_name_and_language_reach_the_other_apps() {
    let properties = "apps = [\"register\", \"language\", \"shown\"]";
    let script = "1 > hello\n1 < \n1 > join Ann\n1 < Thank you for registering, Ann!\n\
                  1 > lang EN\n1 < Your language is English.\n1 > hello\n1 < name=Ann language=en";
    play_shown(properties, script);
}
