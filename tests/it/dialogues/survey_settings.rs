//! Settings of a survey: every error is reported at once, with its key.

use crosswire::App;

#[test]
fn every_error_is_reported_with_its_key() {
    let topics = "[topics.t]\nhandler = \"survey\"\n[topics.t.properties]\n\
        start = [\"quit\"]\ntimeout = \"1s\"\ntexts.thank = \"?\"\ntexts.thanks = \"\"\n\
        questions = [\n\
          { name = \"a b\", text = \"\" },\n\
          { name = \"person\", text = \"?\", kind = \"number\", min = 2, max = 1 },\n\
          { name = \"c\", text = \"?\", kind = \"choice\", options = [\"end\"] },\n\
          { name = \"c\", text = \"?\", options = [\"x\"] },\n\
          { name = \"y\", text = \"?\", kind = \"yes_no\", yes = [], no = [\"stop\"] },\n\
        ]";
    let error = App::new().topics(topics).script("none", "").unwrap_err().to_string();
    let named = [
        "start: \"quit\" cannot begin a survey",
        "timeout: must be from 1m to 30days",
        "texts.thank: unknown field",
        "texts.thanks: must have 1 to 1600 characters",
        "questions[0].name: must be letters",
        "questions[0].text: must have 1 to 1600 characters",
        "questions[1].name: \"person\" is a column of every survey",
        "questions[1].min: is larger than max",
        "questions[2].options: must have two options",
        "questions[2].options: \"end\" is an opt-out word",
        "questions[3].options: belongs to kind = \"choice\"",
        "questions[3].name: \"c\" is the name of two questions",
        "questions[4].yes: is empty",
        "questions[4].no: \"stop\" is an opt-out word",
    ];
    for name in named {
        assert!(error.contains(&format!("topics.t.properties.{name}")), "{name}: {error}");
    }
    assert_eq!(error.lines().count(), named.len() + 1, "{error}");
}

#[test]
fn survey_without_questions_is_reported() {
    for properties in ["", "properties.questions = []"] {
        let topics = format!("[topics.t]\nhandler = \"survey\"\n{properties}");
        let error = App::new().topics(&topics).script("none", "").unwrap_err().to_string();
        assert!(error.contains("topics.t.properties.questions: is "), "{error}");
    }
}
