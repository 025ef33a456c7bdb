//! Migration of a slot with messages to another cluster node.

use crosswire::contracts::storage::StorageError;

use super::cluster::{on_cluster, shared};
use super::push_until_accepted;
use crate::storage::fixture::{commit, entry, push};
use crate::support::redis::RedisServer;

/// A slot migration in progress.
struct SlotMigration {
    slot: String,
    from: &'static RedisServer,
    to: &'static RedisServer,
}

impl SlotMigration {
    /// Starts the migration of this key's slot from its owner to the next of these nodes.
    async fn begin(nodes: &'static [RedisServer], key: &str) -> Self {
        let slot: u16 = nodes[0].tell(&["CLUSTER", "KEYSLOT", key]).await;
        let slot = slot.to_string();
        let mut owner = 0;
        for (n, node) in nodes.iter().enumerate() {
            if count(node, &slot).await > 0 {
                owner = n;
            }
        }
        let (from, to) = (&nodes[owner], &nodes[(owner + 1) % nodes.len()]);
        let (source, target) = (id(from).await, id(to).await);
        let () = to.tell(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]).await;
        let () = from.tell(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]).await;
        Self { slot, from, to }
    }

    /// Migrates up to `limit` keys.
    async fn migrate(&self, limit: usize) {
        let limit = limit.to_string();
        let keys: Vec<String> =
            self.from.tell(&["CLUSTER", "GETKEYSINSLOT", &self.slot, &limit]).await;
        let port = self.to.port().to_string();
        let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        words.extend(keys.iter().map(String::as_str));
        let () = self.from.tell(&words).await;
    }

    async fn end(&self) {
        let target = id(self.to).await;
        for node in [self.to, self.from] {
            let () = node.tell(&["CLUSTER", "SETSLOT", &self.slot, "NODE", &target]).await;
        }
    }
}

async fn count(node: &RedisServer, slot: &str) -> usize {
    node.tell(&["CLUSTER", "COUNTKEYSINSLOT", slot]).await
}

async fn id(node: &RedisServer) -> String {
    node.tell(&["CLUSTER", "MYID"]).await
}

#[tokio::test]
async fn partition_is_unavailable_during_slot_migration_and_complete_after_it() {
    let f = on_cluster().await;
    f.push("alice", "m1").await;
    let migration = SlotMigration::begin(shared().await, &format!("{{{}}}", f.partition)).await;
    let key_count = count(migration.from, &migration.slot).await;
    migration.migrate(2).await;
    let pushed = f.storage.push(&f.partition, push(entry("alice", "m2"))).await;
    assert!(matches!(pushed, Err(StorageError::Unavailable(_))), "{pushed:?}");
    assert_eq!(
        count(migration.to, &migration.slot).await,
        2,
        "the push wrote no keys to the next owner"
    );
    migration.migrate(key_count).await;
    migration.end().await;
    push_until_accepted(&f, "alice", "m2").await;
    for id in ["m1", "m2"] {
        let claim = f.claim().await;
        assert_eq!(claim.id.as_str(), id);
        f.complete(claim, commit()).await;
    }
    assert_eq!(count(migration.from, &migration.slot).await, 0);
}
