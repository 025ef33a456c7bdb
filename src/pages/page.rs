//! The pages, and the values that the server fills in.

use askama::Template;

use super::{PagesState, assets};
use crate::model::topic::TopicName;

/// A page for people.
#[derive(Clone, Copy)]
pub(super) enum Page {
    /// Asks for a room.
    NewRoom,
    /// Enters a room. The token in the query is read by the page's script alone.
    JoinRoom,
    /// Sends to other devices.
    Devices,
    /// Chats with a stranger.
    Roulette,
}

/// Values of `room_new.html`.
#[derive(Template)]
#[template(path = "room_new.html", config = ".config/askama.toml")]
struct NewRoomPage<'s> {
    assets: String,
    topic: &'s TopicName,
}

/// Values of `room_join.html`.
#[derive(Template)]
#[template(path = "room_join.html", config = ".config/askama.toml")]
struct JoinRoomPage<'s> {
    assets: String,
    topic: &'s TopicName,
    number: Option<&'s str>,
}

/// Values of `devices.html`.
#[derive(Template)]
#[template(path = "devices.html", config = ".config/askama.toml")]
struct DevicesPage<'s> {
    assets: String,
    topic: &'s TopicName,
}

/// Values of `roulette.html`.
#[derive(Template)]
#[template(path = "roulette.html", config = ".config/askama.toml")]
struct RoulettePage<'s> {
    assets: String,
    topic: &'s TopicName,
}

impl Page {
    pub(super) const ALL: [Self; 4] =
        [Self::NewRoom, Self::JoinRoom, Self::Devices, Self::Roulette];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::NewRoom => "/room/new",
            Self::JoinRoom => "/room/join",
            Self::Devices => "/devices",
            Self::Roulette => "/roulette",
        }
    }

    /// Renders the page, when its topic exists.
    pub(super) fn render(self, state: &PagesState) -> Option<String> {
        let topic = match self {
            Self::NewRoom | Self::JoinRoom => state.rooms.as_ref(),
            Self::Devices => state.devices.as_ref(),
            Self::Roulette => state.roulette.as_ref(),
        }?;
        let assets = assets::folder();
        let number = state.rooms_number.as_deref();
        let html = match self {
            Self::NewRoom => NewRoomPage { assets, topic }.render(),
            Self::JoinRoom => JoinRoomPage { assets, topic, number }.render(),
            Self::Devices => DevicesPage { assets, topic }.render(),
            Self::Roulette => RoulettePage { assets, topic }.render(),
        };
        Some(html.expect("a template writes into a string"))
    }
}
