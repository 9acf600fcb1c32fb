-- Rows of a database that the first schema made.
INSERT INTO things VALUES
    ('pump-1', 'pump', '[["site","north"]]', 11),
    ('valve-1', NULL, '[]', 12);
INSERT INTO thing_groups VALUES ('fleet', NULL, 10), ('child', 'fleet', 10);
INSERT INTO memberships VALUES ('pump-1', 'fleet'), ('pump-1', 'child'), ('valve-1', 'child');
INSERT INTO certificates VALUES
    ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'PEM A', 'INACTIVE', 99, 12),
    ('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'PEM B', 'ACTIVE', 99, 13);
INSERT INTO thing_attachments VALUES
    ('pump-1', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO policies VALUES ('device', '{"quote": "it''s \"it\""}', 14), ('other', '{}', 14);
INSERT INTO policy_attachments VALUES
    ('device', 'certificate', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'),
    ('device', 'certificate', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc'),
    ('device', 'group', 'fleet'),
    ('device', 'group', 'gone');
INSERT INTO documents VALUES ('topic-rule', 'export', '{}', 4, 14, 15);
