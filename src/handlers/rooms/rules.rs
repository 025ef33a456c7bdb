//! The rules of a topic: its settings, and the word filter that they describe.

use super::filter::Filter;
use super::name;
use super::random;
use super::settings::RoomsSettings;
use super::texts::Texts;
use crate::contracts::handler::Result;

pub(super) struct Rules {
    pub settings: RoomsSettings,
    filter: Filter,
}

impl Rules {
    pub(super) fn new(settings: RoomsSettings) -> Result<Self> {
        let filter = settings.filter()?;
        Ok(Self { settings, filter })
    }

    pub(super) fn texts(&self) -> &Texts {
        &self.settings.texts
    }

    /// Returns a text as the room sees it.
    pub(super) fn clean(&self, text: &str) -> String {
        self.filter.clean(text, &mut random::below)
    }

    /// Returns a name as the room shows it, or `None` when nothing of it would be seen.
    pub(super) fn clean_name(&self, wanted: &str) -> Option<String> {
        name::tidy(wanted).and_then(|name| name::tidy(&self.clean(&name)))
    }
}
