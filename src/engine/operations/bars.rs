//! Bars of people by operators.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::people::{STEP, people, require_short, shown, wake};
use super::{Actor, OperationError, Operations};
use crate::contracts::handler::{BARRED, LIFTED};
use crate::contracts::storage::Partition;
use crate::engine::topic::TopicRuntime;
use crate::model::address::Address;
use crate::model::phone::{self, normalize};
use crate::model::standing::{self, BARS, Bar};
use crate::model::topic::TopicName;

/// Longest time for which a person is barred by a time.
const LONGEST: Duration = Duration::from_hours(3650 * 24);

/// Person, as an operator names them.
#[derive(Clone, Debug, Default)]
pub struct PersonName {
    pub topic: Option<String>,
    pub transport: Option<String>,
    /// Phone number, or another identity of a transport.
    pub number: Option<String>,
    /// Handle of a bar or a report, in place of the number.
    pub handle: Option<String>,
}

/// Bar to be set.
#[derive(Clone, Debug, Default)]
pub struct BarOrder {
    pub time: Option<Duration>,
    pub shadow: bool,
    pub reason: Option<String>,
}

/// Bar of a person, as an operator sees it.
#[derive(Clone, Debug)]
pub struct BarView {
    pub topic: TopicName,
    pub person: Address,
    pub bar: Bar,
}

/// Bar as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BarRow {
    pub topic: TopicName,
    pub transport: String,
    pub number: String,
    /// Opaque name of the person, by which they can be named without their number.
    pub person: String,
    pub at: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    pub shadow: bool,
    pub reason: Option<String>,
}

impl BarView {
    pub fn row(&self, show: bool) -> BarRow {
        BarRow {
            topic: self.topic.clone(),
            transport: self.person.transport.clone(),
            number: shown(&self.person.identity, show),
            person: self.bar.person.clone(),
            at: self.bar.at,
            until: self.bar.until,
            shadow: self.bar.shadow,
            reason: self.bar.reason.clone(),
        }
    }
}

impl Operations {
    /// Bars a person, and ends what they take part in. Returns a bar for each topic and transport.
    ///
    /// # Errors
    /// The name or the time is not usable, or the store is unavailable.
    pub async fn ban(
        &self,
        actor: &Actor,
        name: &PersonName,
        order: &BarOrder,
    ) -> Result<Vec<BarView>, OperationError> {
        if order.time.is_some_and(|time| time.is_zero() || time > LONGEST) {
            let sentence = "write a time above zero and up to 10 years, such as 7d";
            return Err(OperationError::invalid(sentence));
        }
        require_short(order.reason.as_deref().unwrap_or_default())?;
        let people = self.named(name)?;
        let target = masked(&people);
        let work = async {
            let mut done = Vec::new();
            for (service, person) in people {
                done.push(self.ban_one(service, person, order).await?);
            }
            Ok(done)
        };
        let action = if order.shadow { "shadow ban" } else { "ban" };
        self.audited(actor, action, target, work, |done| format!("done: {}", done.len())).await
    }

    async fn ban_one(
        &self,
        service: &TopicRuntime,
        person: Address,
        order: &BarOrder,
    ) -> Result<BarView, OperationError> {
        let at = self.clock.now();
        let until = order.time.map(|time| at + time);
        let (shadow, reason) = (order.shadow, order.reason.clone());
        let bar = Bar { at, until, shadow, reason, person: self.handle(&person) };
        let known = self.addresses(service, &person).await?;
        let wakes = known.iter().map(|address| wake(&self.groups, address, BARRED)).collect();
        let writes = standing::bar(&self.groups, &person, &bar);
        self.change(service, &person, writes, wakes).await?;
        Ok(BarView { topic: service.config.name.clone(), person, bar })
    }

    /// Ends a bar of either kind. Returns the people who are not barred any more.
    ///
    /// # Errors
    /// The name is not usable, or the store is unavailable.
    pub async fn unban(
        &self,
        actor: &Actor,
        name: &PersonName,
    ) -> Result<Vec<(TopicName, Address)>, OperationError> {
        let people = self.named(name)?;
        let target = masked(&people);
        let work = async {
            let mut done = Vec::new();
            for (service, person) in people {
                let writes = standing::lift(&self.groups, &person);
                let known = self.addresses(service, &person).await?;
                let wakes = known.iter().map(|it| wake(&self.groups, it, LIFTED)).collect();
                self.change(service, &person, writes, wakes).await?;
                done.push((service.config.name.clone(), person));
            }
            Ok(done)
        };
        self.audited(actor, "unban", target, work, |_| "done".to_owned()).await
    }

    /// Returns the bars, or those of a number, the oldest first.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn bars(
        &self,
        topic: Option<&str>,
        number: Option<&str>,
    ) -> Result<Vec<BarView>, OperationError> {
        let mut found = Vec::new();
        for service in self.chosen(topic)? {
            for partition in service.partitions() {
                for (member, _) in self.pool(&partition, BARS, |_| String::new()).await? {
                    let keys = ["barred", "shadowed"].map(|kind| format!("{kind}:{member}"));
                    let values = self.storage.values(&partition, &keys).await?;
                    let bar =
                        values.into_iter().flatten().find_map(|it| serde_json::from_str(&it).ok());
                    let Some(bar): Option<Bar> = bar else { continue };
                    let Some(person) = self.open_handle(&bar.person) else { continue };
                    if is_wanted(&person, number) {
                        found.push(BarView { topic: service.config.name.clone(), person, bar });
                    }
                }
            }
        }
        found.sort_by_key(|view| view.bar.at);
        Ok(found)
    }

    /// Returns the members of a pool, each with the value under its key.
    pub(super) async fn pool(
        &self,
        partition: &Partition,
        pool: &str,
        key: impl Fn(&str) -> String,
    ) -> Result<Vec<(String, Option<String>)>, OperationError> {
        let size = self.storage.size(partition, pool).await?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let members = self.storage.members(partition, pool, size).await?;
        let mut found = Vec::new();
        for members in members.chunks(STEP) {
            let keys: Vec<String> = members.iter().map(|it| key(it.group.as_str())).collect();
            let values = self.storage.values(partition, &keys).await?;
            let names = members.iter().map(|member| member.group.as_str().to_owned());
            found.extend(names.zip(values));
        }
        Ok(found)
    }

    /// Returns the people of a name, by topic and transport.
    fn named(&self, name: &PersonName) -> Result<Vec<(&TopicRuntime, Address)>, OperationError> {
        let mut named = Vec::new();
        for service in self.chosen(name.topic.as_deref())? {
            let people = match (&name.handle, &name.number) {
                (Some(handle), _) => {
                    let unknown = || OperationError::invalid("there is no such person; list again");
                    vec![self.open_handle(handle).ok_or_else(unknown)?]
                }
                (None, Some(number)) => people(service, number, name.transport.as_deref())?,
                (None, None) => return Err(OperationError::invalid("name a number")),
            };
            named.extend(people.into_iter().map(|person| (service, person)));
        }
        Ok(named)
    }

    /// Returns an opaque name of a person.
    pub(super) fn handle(&self, person: &Address) -> String {
        let json = serde_json::to_vec(person).expect("an address is strings throughout");
        self.groups.seal_key(standing::SEAL).seal(&json)
    }

    /// Returns the person of an opaque name.
    pub(super) fn open_handle(&self, handle: &str) -> Option<Address> {
        serde_json::from_slice(&self.groups.seal_key(standing::SEAL).open(handle)?).ok()
    }
}

fn masked(people: &[(&TopicRuntime, Address)]) -> String {
    let names = people.iter().map(|(service, person)| {
        format!("{}: {} {}", service.config.name, person.transport, person.identity)
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Returns whether a person has a number.
pub(super) fn is_wanted(person: &Address, number: Option<&str>) -> bool {
    let identity = person.identity.reveal();
    let is_it = |number: String| identity == number || phone::number(identity) == Some(number);
    number.is_none_or(|number| is_it(normalize(number.trim())))
}
