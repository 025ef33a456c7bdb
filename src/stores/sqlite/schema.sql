-- Tables of the store. Times are milliseconds since 1970; tickets are unique, and are the time in
-- microseconds or a little more. `queue` is twice the number of the partition's row, plus one for the
-- outbox. Payloads, values and texts belong to the caller and are never parsed.

CREATE TABLE partitions (
    partition INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (topic, number)
) STRICT;

-- `given` counts the messages that a queue ever received, and is the sequence of the newest; `done`
-- counts those that were removed.
CREATE TABLE queues (
    queue INTEGER PRIMARY KEY,
    given INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A group that has messages, and the attempts of the first of them. One row has one status, so a
-- group is never in two places.
CREATE TABLE mailboxes (
    queue INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    -- The key of the line that an outbound group is sent from; blank for every other group.
    line TEXT NOT NULL,
    length INTEGER NOT NULL CHECK (length > 0),
    status TEXT NOT NULL CHECK (status IN ('ready', 'leased', 'delayed', 'suspect')),
    -- Ready and suspect: the ticket of when it got this status, or 0 to go first. Leased: the end of
    -- the lease. Delayed: the time at which its retry is due.
    at INTEGER NOT NULL,
    token TEXT CHECK ((token IS NOT NULL) = (status = 'leased')),
    attempt INTEGER NOT NULL DEFAULT 0,
    isolated INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    outcome_unknown INTEGER,
    note TEXT,
    PRIMARY KEY (queue, mailbox)
) STRICT, WITHOUT ROWID;

-- A group is in one of these indices, so that a move touches as few as there are.
CREATE INDEX mailboxes_ready ON mailboxes (queue, line, at) WHERE status = 'ready';

CREATE INDEX mailboxes_leased ON mailboxes (queue, at) WHERE status = 'leased';

CREATE INDEX mailboxes_delayed ON mailboxes (queue, at) WHERE status = 'delayed';

CREATE INDEX mailboxes_suspect ON mailboxes (queue, at) WHERE status = 'suspect';

-- The rotation of the lines that have ready groups. A claim serves the open line with the lowest turn,
-- which is the ticket of when it was last served, or got its first ready group.
CREATE TABLE lines (
    queue INTEGER NOT NULL,
    line TEXT NOT NULL,
    turn INTEGER NOT NULL,
    PRIMARY KEY (queue, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX lines_by_turn ON lines (queue, turn);

-- One suspect at a time is tried.
CREATE UNIQUE INDEX suspect_being_tried ON mailboxes (queue)
    WHERE status = 'leased' AND isolated > 0;

-- In the order of their arrival, so that those of one transaction share a page, whichever groups they are
-- of.
CREATE TABLE messages (
    queue INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (queue, sequence)
) STRICT, WITHOUT ROWID;

-- Statements name it: without statistics, SQLite would read all messages of the queue in their order.
CREATE INDEX messages_by_mailbox ON messages (queue, mailbox, sequence);

-- Wakes that are not due yet: one for each group, name and data.
CREATE TABLE wakes (
    queue INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (queue, mailbox, id, payload)
) STRICT, WITHOUT ROWID;

CREATE INDEX wakes_by_due ON wakes (queue, due);

CREATE TABLE dead_letters (
    queue INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (queue, number)
) STRICT, WITHOUT ROWID;

-- State of handlers. A row whose time is over counts as absent until a trim removes it.
CREATE TABLE state (
    partition INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (partition, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX state_by_end ON state (partition, until);

CREATE TABLE counters (
    partition INTEGER NOT NULL,
    counter TEXT NOT NULL,
    total INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (partition, counter)
) STRICT, WITHOUT ROWID;

CREATE TABLE pools (
    partition INTEGER NOT NULL,
    pool TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    ticket INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (partition, pool, mailbox)
) STRICT, WITHOUT ROWID;

CREATE INDEX pools_by_ticket ON pools (partition, pool, ticket);

CREATE INDEX pools_by_end ON pools (partition, until);

-- Digests of what was accepted or recorded, for deduplication, and of what is known to be sent.
CREATE TABLE known (
    partition INTEGER NOT NULL,
    digest BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (partition, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_by_end ON known (partition, until);

-- Number of unsettled outbound messages of an inbound one, when there was more than one.
CREATE TABLE owed (
    partition INTEGER NOT NULL,
    message TEXT NOT NULL,
    remaining INTEGER NOT NULL,
    PRIMARY KEY (partition, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    partition INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    message TEXT NOT NULL,
    kinds TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (partition, number)
) STRICT, WITHOUT ROWID;

-- A line whose time is over counts as absent until the next publication or trim removes it.
CREATE TABLE feeds (
    feed TEXT NOT NULL,
    number INTEGER NOT NULL,
    line TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (feed, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX feeds_by_end ON feeds (until);

-- Time until which the upkeep of a queue (an audit) or of a partition (a trim) is not repeated.
CREATE TABLE gates (
    gate TEXT NOT NULL,
    number INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (gate, number)
) STRICT, WITHOUT ROWID;

-- Partition count of each topic. Changing it would strand messages.
CREATE TABLE topics (
    name TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Pauses of sending. A row whose time is over counts as absent until the next pause removes it.
CREATE TABLE pauses (
    topic TEXT NOT NULL,
    scope TEXT NOT NULL,
    until INTEGER NOT NULL,
    code INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (topic, scope)
) STRICT, WITHOUT ROWID;
