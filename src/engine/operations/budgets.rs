//! Budgets of the day, and the resumption of one that is spent.

use super::overview::BudgetView;
use super::{Actor, OperationError, Operations};

/// Most segments that are added at once.
const MOST_ADDED: u64 = u32::MAX as u64;

impl Operations {
    /// Adds segments to the budget of today, by default the whole budget once more, and ends the pause that
    /// it has caused.
    ///
    /// # Errors
    /// The topic has no such budget, the number is out of range, or the store is unavailable.
    pub async fn resume_budget(
        &self,
        actor: &Actor,
        topic: &str,
        scope: &str,
        add: Option<u64>,
    ) -> Result<BudgetView, OperationError> {
        let service = self.service(topic)?;
        let name = &service.config.name;
        let budget = service.config.sending.budgets.all().find(|(known, _)| *known == scope);
        let Some((_, limit)) = budget else {
            return Err(OperationError::invalid(format!(
                "{topic} has no such budget; `crosswire budget` lists those that exist"
            )));
        };
        if add.is_some_and(|add| !(1..=MOST_ADDED).contains(&add)) {
            return Err(OperationError::invalid(format!(
                "write a number of segments from 1 to {MOST_ADDED}"
            )));
        }
        let add = add.unwrap_or(limit);
        let work = async {
            self.storage.raise(name, scope, add).await?;
            for pause in self.storage.pauses(name).await? {
                // The pauses that providers cause have a code, and an operator's stays.
                if pause.code == 0 && !pause.scope.by_operator {
                    self.storage.resume(name, &pause.scope).await?;
                }
            }
            let budgets = self.budgets(service).await?;
            let same = budgets.into_iter().find(|budget| budget.scope == scope);
            same.ok_or(OperationError::UnknownTopic)
        };
        let target = if scope.is_empty() { topic.to_owned() } else { format!("{topic} {scope}") };
        self.audited(actor, "budget: resume", target, work, |_| format!("done: {add} segments"))
            .await
    }
}
