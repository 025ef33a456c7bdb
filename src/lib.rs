#![doc = include_str!("../README.md")]

pub mod contracts;
pub mod model;

pub mod handlers;
pub mod stores;
pub mod transports;
pub mod validators;

pub mod engine;

pub mod app;
pub mod http;
pub mod tester;

pub use app::App;
