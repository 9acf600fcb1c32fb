-- What people configure. Times are milliseconds since the epoch.

CREATE TABLE things (
    name       TEXT PRIMARY KEY,
    type_name  TEXT,
    attributes TEXT NOT NULL,          -- JSON array of [name, value] pairs
    created    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE thing_groups (
    name    TEXT PRIMARY KEY,
    parent  TEXT REFERENCES thing_groups (name),
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memberships (
    thing       TEXT NOT NULL REFERENCES things (name) ON DELETE CASCADE,
    thing_group TEXT NOT NULL REFERENCES thing_groups (name) ON DELETE CASCADE,
    PRIMARY KEY (thing, thing_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_group ON memberships (thing_group, thing);

CREATE TABLE certificates (
    id        TEXT PRIMARY KEY,        -- SHA-256 of the DER, hex
    pem       TEXT NOT NULL,
    status    TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE', 'REVOKED')),
    not_after INTEGER NOT NULL,
    created   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE thing_attachments (
    thing       TEXT NOT NULL REFERENCES things (name) ON DELETE CASCADE,
    certificate TEXT NOT NULL REFERENCES certificates (id) ON DELETE CASCADE,
    PRIMARY KEY (thing, certificate)
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_attachments_by_certificate ON thing_attachments (certificate, thing);

CREATE TABLE policies (
    name     TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    created  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_attachments (
    policy      TEXT NOT NULL REFERENCES policies (name) ON DELETE CASCADE,
    target_kind TEXT NOT NULL CHECK (target_kind IN ('certificate', 'group')),
    target      TEXT NOT NULL,
    PRIMARY KEY (policy, target_kind, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL,
    version  INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
