-- Entries get ids, versions and the members the control plane needs; policies hold their versions;
-- tags and the audit trail are new. The old tables are renamed, copied and dropped. Runs with foreign
-- keys switched off; they are checked afterwards.

DROP INDEX memberships_by_group;
DROP INDEX thing_attachments_by_certificate;
ALTER TABLE memberships RENAME TO old_memberships;
ALTER TABLE thing_attachments RENAME TO old_thing_attachments;
ALTER TABLE policy_attachments RENAME TO old_policy_attachments;
ALTER TABLE things RENAME TO old_things;
ALTER TABLE thing_groups RENAME TO old_thing_groups;
ALTER TABLE certificates RENAME TO old_certificates;
ALTER TABLE policies RENAME TO old_policies;

CREATE TABLE things (
    name          TEXT PRIMARY KEY,
    id            TEXT NOT NULL,           -- UUID
    type_name     TEXT,
    billing_group TEXT,
    attributes    TEXT NOT NULL,           -- JSON array of [name, value] pairs
    version       INTEGER NOT NULL,
    created       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX things_by_type ON things (type_name, name) WHERE type_name IS NOT NULL;
CREATE INDEX things_by_billing_group ON things (billing_group, name) WHERE billing_group IS NOT NULL;

CREATE TABLE thing_groups (
    name        TEXT PRIMARY KEY,
    id          TEXT NOT NULL,             -- UUID
    parent      TEXT REFERENCES thing_groups (name) ON DELETE RESTRICT,
    description TEXT,
    attributes  TEXT NOT NULL,             -- JSON array of [name, value] pairs
    version     INTEGER NOT NULL,
    created     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_groups_by_parent ON thing_groups (parent, name) WHERE parent IS NOT NULL;

CREATE TABLE memberships (
    thing       TEXT NOT NULL REFERENCES things (name) ON DELETE CASCADE,
    thing_group TEXT NOT NULL REFERENCES thing_groups (name) ON DELETE CASCADE,
    PRIMARY KEY (thing, thing_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_group ON memberships (thing_group, thing);

-- The PEM texts lie apart, so that reading everything else does not walk through them.
CREATE TABLE certificates (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,       -- SHA-256 of the DER, hex
    status     TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE', 'REVOKED', 'PENDING_ACTIVATION')),
    ca         TEXT,                       -- id of the registered authority that signed it
    mode       TEXT NOT NULL CHECK (mode IN ('DEFAULT', 'SNI_ONLY')),
    not_before INTEGER NOT NULL,
    not_after  INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    modified   INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT;
CREATE INDEX certificates_by_time ON certificates (created, id);
CREATE INDEX certificates_by_ca ON certificates (ca, created, id) WHERE ca IS NOT NULL;

CREATE TABLE certificate_texts (
    number INTEGER PRIMARY KEY REFERENCES certificates (number) ON DELETE CASCADE,
    pem    TEXT NOT NULL
) STRICT;

CREATE TABLE thing_attachments (
    thing        TEXT NOT NULL REFERENCES things (name) ON DELETE RESTRICT,
    certificate  TEXT NOT NULL REFERENCES certificates (id) ON DELETE RESTRICT,
    is_exclusive INTEGER NOT NULL CHECK (is_exclusive IN (0, 1)),
    PRIMARY KEY (thing, certificate)
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_attachments_by_certificate ON thing_attachments (certificate, thing);

CREATE TABLE policies (
    name            TEXT PRIMARY KEY,
    versions        TEXT NOT NULL,         -- JSON array of {id, document, created}
    default_version INTEGER NOT NULL,
    last_version    INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    modified        INTEGER NOT NULL,
    revision        INTEGER NOT NULL
) STRICT;
CREATE INDEX policies_by_time ON policies (created, name);

CREATE TABLE policy_attachments (
    policy      TEXT NOT NULL REFERENCES policies (name) ON DELETE RESTRICT,
    target_kind TEXT NOT NULL CHECK (target_kind IN ('certificate', 'group', 'identity')),
    target      TEXT NOT NULL,
    PRIMARY KEY (policy, target_kind, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_attachments_by_target ON policy_attachments (target_kind, target, policy);

CREATE TABLE tags (
    arn   TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE change_records (
    number     INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    access_key TEXT,
    source     TEXT NOT NULL,
    service    TEXT NOT NULL,
    operation  TEXT NOT NULL,
    resource   TEXT NOT NULL,
    request_id TEXT NOT NULL,
    error      TEXT
) STRICT;
CREATE INDEX change_records_by_time ON change_records (at, number);

-- Things and groups of before get random UUIDs (version 4).
INSERT INTO things (name, id, type_name, attributes, version, created)
SELECT name,
       lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
             || '-' || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
             || '-' || hex(randomblob(6))),
       type_name, attributes, 1, created
FROM old_things ORDER BY name;

INSERT INTO thing_groups (name, id, parent, attributes, version, created)
SELECT name,
       lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
             || '-' || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
             || '-' || hex(randomblob(6))),
       parent, '[]', 1, created
FROM old_thing_groups ORDER BY name;

INSERT INTO memberships SELECT thing, thing_group FROM old_memberships;

-- The begin of validity was not kept; our own certificates were valid when they were created.
INSERT INTO certificates (id, status, mode, not_before, not_after, created, modified, version)
SELECT id, status, 'DEFAULT', created, not_after, created, created, 1
FROM old_certificates ORDER BY created, id;
INSERT INTO certificate_texts (number, pem)
SELECT certificates.number, old_certificates.pem
FROM certificates JOIN old_certificates ON old_certificates.id = certificates.id
ORDER BY certificates.number;

INSERT INTO thing_attachments SELECT thing, certificate, 0 FROM old_thing_attachments;

INSERT INTO policies
SELECT name, json_array(json_object('id', 1, 'document', document, 'created', created)),
       1, 1, created, created, 1
FROM old_policies ORDER BY created, name;

-- Of what was attached to something that was removed later, nothing is kept.
INSERT INTO policy_attachments
SELECT policy, target_kind, target FROM old_policy_attachments
WHERE CASE target_kind
          WHEN 'certificate' THEN EXISTS (SELECT 1 FROM old_certificates WHERE id = target)
          ELSE EXISTS (SELECT 1 FROM old_thing_groups WHERE name = target)
      END;

DROP TABLE old_memberships;
DROP TABLE old_thing_attachments;
DROP TABLE old_policy_attachments;
DROP TABLE old_things;
DROP TABLE old_thing_groups;
DROP TABLE old_certificates;
DROP TABLE old_policies;
