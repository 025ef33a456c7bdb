-- Everything that the store keeps, in one file. Times are milliseconds since 1970; tickets are
-- microseconds, and never twice the same. `queue` is twice the partition's number, plus one for the
-- outbox. A payload, a value and a text of any kind are the caller's own, and never looked into.

CREATE TABLE partitions (
    partition INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (topic, number)
) STRICT;

-- How many messages a queue was ever given, which is also the newest one's sequence, and how many of
-- them are done.
CREATE TABLE queues (
    queue INTEGER PRIMARY KEY,
    given INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A group that has messages, and what is known of the first of them. Since it is one row, it stands
-- in one place.
CREATE TABLE mailboxes (
    queue INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    -- The key of the line that an outbound group is sent from; blank for every other group.
    line TEXT NOT NULL,
    length INTEGER NOT NULL CHECK (length > 0),
    stands TEXT NOT NULL CHECK (stands IN ('ready', 'leased', 'delayed', 'suspect')),
    -- Ready and suspect: the ticket of when it came to stand there, or 0 to go first. Leased: the end
    -- of the lease. Delayed: when its retry is due.
    at INTEGER NOT NULL,
    token TEXT CHECK ((token IS NOT NULL) = (stands = 'leased')),
    attempt INTEGER NOT NULL DEFAULT 0,
    isolated INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    outcome_unknown INTEGER,
    note TEXT,
    PRIMARY KEY (queue, mailbox)
) STRICT, WITHOUT ROWID;

CREATE INDEX mailboxes_as_they_stand ON mailboxes (queue, stands, at);

CREATE INDEX mailboxes_ready_by_line ON mailboxes (queue, line, at) WHERE stands = 'ready';

-- The rotation of the lines that have ready groups. A claim serves the open line with the lowest turn,
-- which is the ticket of when it was last served, or got its first ready group.
CREATE TABLE lines (
    queue INTEGER NOT NULL,
    line TEXT NOT NULL,
    turn INTEGER NOT NULL,
    PRIMARY KEY (queue, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX lines_by_turn ON lines (queue, turn);

-- One suspect at a time is worked on.
CREATE UNIQUE INDEX the_suspect_in_hand ON mailboxes (queue)
    WHERE stands = 'leased' AND isolated > 0;

CREATE TABLE messages (
    queue INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (queue, mailbox, sequence)
) STRICT, WITHOUT ROWID;

-- Wakes whose time has not come: one for each group, name and data.
CREATE TABLE wakes (
    queue INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    id TEXT NOT NULL,
    payload TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (queue, mailbox, id, payload)
) STRICT, WITHOUT ROWID;

CREATE INDEX wakes_as_they_fall_due ON wakes (queue, due);

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

-- What handlers remember. A row whose time is over counts as absent until a trim removes it.
CREATE TABLE state (
    partition INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (partition, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX state_as_it_ends ON state (partition, until);

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

CREATE INDEX pools_as_they_came ON pools (partition, pool, ticket);

CREATE INDEX pools_as_they_end ON pools (partition, until);

-- Digests of what must not happen twice, and of what we know to be sent.
CREATE TABLE known (
    partition INTEGER NOT NULL,
    digest BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (partition, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_as_it_ends ON known (partition, until);

-- Outbound messages that are still owed because of an inbound one, when there was more than one.
CREATE TABLE owed (
    partition INTEGER NOT NULL,
    message TEXT NOT NULL,
    debts INTEGER NOT NULL,
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

CREATE TABLE feeds (
    feed TEXT NOT NULL,
    number INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (feed, number)
) STRICT, WITHOUT ROWID;

-- Until when upkeep of a queue (an audit) or of a partition (a trim) is not done again.
CREATE TABLE gates (
    gate TEXT NOT NULL,
    number INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (gate, number)
) STRICT, WITHOUT ROWID;

-- The partition count of each topic. A change of it would strand messages.
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
