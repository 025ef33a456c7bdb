//! Assembly of topics: every part that a topic names is built, and every error reported.

use std::sync::Arc;

use super::{Built, PartContext, Registry};
use crate::app::config::DraftConfig;
use crate::contracts::handler::{DynHandler, JobHandler};
use crate::contracts::settings::{BuildContext, ConfigErrors, Environment, did_you_mean};
use crate::contracts::transport::{DynTransport, Transports};
use crate::engine::topic::{BoundValidator, TopicRuntime};
use crate::handlers::router::Router;
use crate::model::topic::{TopicConfig, TransportConfig, ValidatorConfig};

impl Registry {
    /// Builds the parts of every topic. The result is complete only when nothing was added to `errors`.
    pub fn assemble(
        &self,
        draft: &DraftConfig,
        environment: &Environment,
        errors: &ConfigErrors,
    ) -> Vec<TopicRuntime> {
        let service = |topic: &TopicConfig| {
            let context = draft.build_context(topic, environment, errors);
            let validators: Vec<_> = topic
                .validators
                .iter()
                .map(|check| self.build_validator(&context, check))
                .collect();
            let (handler, transports) =
                (self.build_handler(&context), self.build_transports(&context));
            Some(TopicRuntime {
                config: topic.clone(),
                handler: Arc::new(JobHandler::new(handler?, topic.jobs.clone())),
                transports: transports?,
                validators: validators.into_iter().collect::<Option<_>>()?,
                observer: None,
            })
        };
        draft.topics().iter().filter_map(service).collect()
    }

    fn build_handler(&self, context: &BuildContext<'_>) -> Option<Arc<dyn DynHandler>> {
        let name = &context.topic.handler;
        let Some(build) = self.handlers.get(name) else {
            report_unknown(context, "handler", name, self.handlers.keys());
            return None;
        };
        let part = PartContext { registry: self, build: context };
        let built = build(&context.topic.properties, &part);
        let handler = report_errors(context, "properties", built)?;
        // Only a router has phases.
        let has_phases = handler.phases().is_some();
        Some(if has_phases { Arc::new(Router::of_one(name, handler)) } else { handler })
    }

    /// Builds every transport of a topic, so that the errors of all of them are reported.
    fn build_transports(&self, context: &BuildContext<'_>) -> Option<Transports> {
        let mut all = Some(Transports::default());
        for config in &context.topic.transports {
            let built = self.build_transport(context, config);
            all = all.zip(built).map(|(all, transport)| all.with(&config.name, transport));
        }
        all
    }

    fn build_transport(
        &self,
        context: &BuildContext<'_>,
        config: &TransportConfig,
    ) -> Option<Arc<dyn DynTransport>> {
        let Some(build) = self.transports.get(&config.kind) else {
            let key = match context.topic.transports.len() {
                _ if config.kind != config.name => &format!("{}.kind", config.name),
                1 => "transport",
                _ => "transports",
            };
            report_unknown(context, key, &config.kind, self.transports.keys());
            return None;
        };
        let context = BuildContext { part: &config.name, ..*context };
        report_errors(&context, &config.name, build(&context, config))
    }

    fn build_validator(
        &self,
        context: &BuildContext<'_>,
        check: &ValidatorConfig,
    ) -> Option<BoundValidator> {
        let key = format!("validators.{}", check.name);
        let Some(known) = self.validators.get(&check.name) else {
            report_unknown(context, &key, &check.name, self.validators.keys());
            return None;
        };
        let text = check.text.clone().or_else(|| known.default_text.clone());
        if text.is_none() {
            context.error(&key, "has no default text", "write the text that the sender gets");
        }
        let validator = report_errors(context, &key, (known.build)(&check.options))?;
        Some(BoundValidator { name: check.name.clone(), text: text?, validator })
    }
}

fn report_unknown<'n>(
    context: &BuildContext<'_>,
    key: &str,
    name: &str,
    known: impl Iterator<Item = &'n String>,
) {
    let fix = did_you_mean(name, known.map(String::as_str));
    context.error(key, &format!("nothing is called {name:?}"), &fix);
}

/// Reports every error in a part's settings under its full key.
fn report_errors<T: ?Sized>(
    context: &BuildContext<'_>,
    table: &str,
    built: Built<T>,
) -> Option<Arc<T>> {
    built
        .map_err(|errors| {
            let table = format!("topics.{}.{table}", context.topic.name);
            for (key, sentence) in errors {
                let key = if key.is_empty() { table.clone() } else { format!("{table}.{key}") };
                context.errors.add_sentence(context.file, &key, &sentence);
            }
        })
        .ok()
}
