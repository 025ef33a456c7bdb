-- From schema 3: messages in the order of their arrival, and an index of each status of a group.
ALTER TABLE messages RENAME TO messages_by_group;

CREATE TABLE messages (
    queue INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (queue, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO messages SELECT * FROM messages_by_group ORDER BY queue, sequence;

DROP TABLE messages_by_group;

CREATE INDEX messages_by_mailbox ON messages (queue, mailbox, sequence);

DROP INDEX mailboxes_by_status;

DROP INDEX mailboxes_ready_by_line;

CREATE INDEX mailboxes_ready ON mailboxes (queue, line, at) WHERE status = 'ready';

CREATE INDEX mailboxes_leased ON mailboxes (queue, at) WHERE status = 'leased';

CREATE INDEX mailboxes_delayed ON mailboxes (queue, at) WHERE status = 'delayed';

CREATE INDEX mailboxes_suspect ON mailboxes (queue, at) WHERE status = 'suspect';
