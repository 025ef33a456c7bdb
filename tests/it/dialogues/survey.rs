//! Surveys: their questions, and who may take part.

use crosswire::App;

fn play(properties: &str, script: &str) {
    let topics = format!(
        "[topics.t]\nhandler = \"survey\"\naccept_response = \"\"\n[topics.t.properties]\n{properties}"
    );
    let played = App::new().topics(&topics).script("survey", &format!("strict\n{script}"));
    played.unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn example_plays_its_script() {
    let app = App::new().topics(include_str!("../../../examples/survey/topics.toml"));
    let script = include_str!("../../../examples/survey/survey.script");
    app.script("survey", script).unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn documented_survey_is_the_example() {
    let page = include_str!("../../../docs/dialogues.md");
    assert!(page.contains(include_str!("../../../examples/survey/topics.toml")));
}

#[test]
fn survey_alone_tells_how_to_begin_and_may_be_taken_again() {
    play(
        "questions = [{ name = \"q\", text = \"How are you?\", min = 2, retry = \"Say more.\" }]",
        "1 > hello\n1 < To begin the survey, send its keyword.\n1 > surveys\n\
         1 < To begin the survey, send its keyword.\n1 > SURVEY\n1 < How are you?\n1 > ?\n\
         1 < Say more.\n1 > fine\n1 < Thank you for your answers!\n1 > survey\n1 < How are you?\n\
         1 > survey\n1 < Thank you for your answers!",
    );
}

#[test]
fn person_who_opts_out_is_asked_no_more() {
    play(
        "questions = [{ name = \"q\", text = \"How are you?\" }]\ntexts.timed_out = \"Over.\"",
        "1 > survey\n1 < How are you?\n1 > STOP\nadvance 3h\n1 > START\n\
         1 < To begin the survey, send its keyword.",
    );
}
