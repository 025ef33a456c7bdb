//! Integration tests: those that need several modules, a real Redis server or the real processes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admin;
mod api;
mod browser;
mod checker;
mod commands;
mod configuration_docs;
mod corpus;
mod deploy;
mod devices;
mod dialogues;
mod distance;
mod docs;
mod engines;
mod examples;
mod fake_twilio;
mod figures;
mod flows;
mod fuzz;
mod handlers;
mod jobs;
mod layers;
mod licences;
mod rooms;
mod roulette;
mod router;
mod run_script;
mod rust_source;
mod scripts;
mod sockets;
mod storage;
mod submissions;
mod support;
mod transports;
mod webhook;
mod wording;
