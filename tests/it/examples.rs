//! The programs in `examples/`, whose own tests run here, and the handler that README.md and
//! docs/handlers.md show.

#![expect(dead_code, reason = "the `main` of an example is not called here")]

#[path = "../../examples/poll/main.rs"]
mod poll;
#[path = "../../examples/support_desk/main.rs"]
mod support_desk;
#[path = "../../examples/yo_momma/main.rs"]
mod yo_momma;

mod counter {
    include!("../../examples/counter.rs");

    #[test]
    fn documented_handler_counts_messages_of_each_sender() {
        let topics = "[topics.t]\nhandler = \"counter\"\naccept_response = \"\"";
        let script = "strict\n1 > hello\n1 < That was message 1.\n2 > hi\n\
                      2 < That was message 1.\n1 > again?\n1 < That was message 2.\n1 > stop";
        App::new().handler("counter", counter).topics(topics).script("counter", script).unwrap();
    }
}

#[test]
fn documented_handler_is_the_example() {
    let example = include_str!("../../examples/counter.rs");
    for page in [include_str!("../../README.md"), include_str!("../../docs/handlers.md")] {
        assert!(page.contains(example));
    }
}
