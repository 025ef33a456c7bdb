//! Reports about people, as operators see them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::bars::is_wanted;
use super::people::shown;
use super::{OperationError, Operations};
use crate::model::address::Group;
use crate::model::standing::{self, REPORTS, Report};
use crate::model::topic::TopicName;

/// Report about a person, as an operator sees it.
#[derive(Clone, Debug)]
pub struct ReportView {
    pub topic: TopicName,
    pub report: Report,
    /// Opaque name of the reported person.
    pub handle: String,
}

/// Report as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ReportRow {
    pub at: DateTime<Utc>,
    pub topic: TopicName,
    pub transport: String,
    pub reported: String,
    /// Opaque name of the reported person.
    pub person: String,
    pub reporter: String,
    pub strikes: usize,
    pub texts: TextsRow,
}

/// Texts of a report as JSON: their number, and on request they themselves.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum TextsRow {
    Count(usize),
    Shown(Vec<TextRow>),
}

/// Text of a report as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct TextRow {
    pub at: DateTime<Utc>,
    pub by_reported: bool,
    pub text: String,
}

impl ReportView {
    pub fn row(&self, show: bool) -> ReportRow {
        let report = &self.report;
        let text = |text: &standing::ReportedText| TextRow {
            at: text.at,
            by_reported: text.by_reported,
            text: text.text.reveal().to_owned(),
        };
        ReportRow {
            at: report.at,
            topic: self.topic.clone(),
            transport: report.reported.transport.clone(),
            reported: shown(&report.reported.identity, show),
            person: self.handle.clone(),
            reporter: shown(&report.reporter.identity, show),
            strikes: report.strikes,
            texts: if show {
                TextsRow::Shown(report.texts.iter().map(text).collect())
            } else {
                TextsRow::Count(report.texts.len())
            },
        }
    }
}

impl Operations {
    /// Returns the reports, or those about a number, the oldest first.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn reports(
        &self,
        topic: Option<&str>,
        number: Option<&str>,
    ) -> Result<Vec<ReportView>, OperationError> {
        let key = self.groups.seal_key(standing::SEAL);
        let mut found = Vec::new();
        for service in self.chosen(topic)? {
            for partition in service.partitions() {
                let kept = |member: &str| Report::key(&Group::from_id(member));
                for (_, value) in self.pool(&partition, REPORTS, kept).await? {
                    let report = value.and_then(|value| Report::read(&value, &key));
                    let Some(report) = report else { continue };
                    if is_wanted(&report.reported, number) {
                        let handle = self.handle(&report.reported);
                        found.push(ReportView {
                            topic: service.config.name.clone(),
                            report,
                            handle,
                        });
                    }
                }
            }
        }
        found.sort_by_key(|view| view.report.at);
        Ok(found)
    }
}
