-- The memory of the record. Every table of a person's data begins with the
-- patient; nothing refers across; numbers come from the program.
-- Times are microseconds since 1970 in UTC, 0 where there is none.

-- Which database this is: the incarnation changes when a backup is restored.
create table identity (
  one bigint not null primary key check (one = 1),
  incarnation bytea not null,
  mac bytea not null,
  key_check bytea not null
);

-- The ledger of messages.
create table message (
  id bigint not null primary key,
  contributor text not null,
  format text not null,
  control_id text not null,
  hash bytea not null,
  received_at bigint not null,
  state text not null,
  lane bigint not null,
  reason text not null,
  detail text not null,
  answer bytea,
  flag text not null,
  patient bigint not null default 0,
  seq bigint not null default 0
);
create unique index message_sent on message (contributor, control_id, hash) where control_id <> '';
create index message_open on message (state, id) where state in ('parked', 'rejected');

-- Messages that are waiting or parked, with their sealed bytes, and the node that works on them.
create table inbox (
  message bigint not null primary key,
  contributor text not null,
  lane bigint not null,
  waiting bigint not null,
  node text not null,
  raw bytea not null
);
create index inbox_waiting on inbox (node, message) where waiting = 1;

-- Nodes that take messages out of the inbox, and when they were last heard of (milliseconds, by the clock of the database).
create table node (
  name text not null primary key,
  heard bigint not null
);

-- What has been counted, by contributor, in shards so that writers side by side do not wait for each other.
create table tally (
  contributor text not null,
  shard bigint not null,
  received bigint not null,
  applied bigint not null,
  parked bigint not null,
  rejected bigint not null,
  waiting bigint not null,
  patients bigint not null,
  blocks bigint not null,
  heard bigint not null,
  primary key (contributor, shard)
);

-- Contributors' patients; sealed holds the key, the claims and the tokens under the data key, wrapped is the data key under the master key.
create table patient (
  id bigint not null primary key,
  contributor text not null,
  person bigint not null,
  register bigint not null,
  merged_into bigint not null,
  revision bigint not null,
  wrapped bytea not null,
  sealed bytea not null
);
create index patient_person on patient (person) where person <> 0;

-- Keyed hashes of the contributors' own identifiers, of patients and of statements.
create table alias (
  token bytea not null primary key,
  patient bigint not null,
  statement bigint
);

-- Keyed hashes by which people are found.
create table token (
  token bytea not null,
  patient bigint not null,
  primary key (token, patient)
);

-- Blocks of statements: one message's new versions of one patient's statements, compressed and sealed.
create table block (
  patient bigint not null,
  seq bigint not null,
  message bigint not null,
  recorded bigint not null,
  data bytea not null,
  raw bytea,
  primary key (patient, seq)
);

-- How patients were linked to persons; why and by whom is sealed.
create table link (
  patient bigint not null,
  id bigint not null,
  at bigint not null,
  from_person bigint not null,
  to_person bigint not null,
  sealed bytea not null,
  primary key (patient, id)
);

-- Who is involved: derived ones carry the patient, those added carry the person.
create table involvement (
  id bigint not null primary key,
  patient bigint not null,
  person bigint not null,
  kind text not null,
  organisation text not null,
  team text not null,
  account text not null,
  starts bigint not null,
  ends bigint not null,
  sealed bytea
);
create index involvement_patient on involvement (patient) where patient <> 0;
create index involvement_person on involvement (person) where person <> 0;
create index involvement_organisation on involvement (organisation, starts) where organisation <> '';
create index involvement_team on involvement (team, starts) where team <> '';
create index involvement_account on involvement (account, starts) where account <> '';

-- Pairs about whom a person has to decide.
create table review (
  id bigint not null primary key,
  a bigint not null,
  b bigint not null,
  score double precision not null,
  sealed bytea not null,
  at bigint not null,
  state text not null,
  decided_by text not null,
  decided_at bigint not null
);
create unique index review_pair on review (a, b);
create index review_b on review (b);
create index review_state on review (state, id);

-- What happened to patients.
create table event (
  patient bigint not null,
  id bigint not null,
  topic text not null,
  at bigint not null,
  recorded bigint not null,
  about bigint not null,
  statement bigint not null,
  detail text not null,
  primary key (patient, id)
);

-- The audit log: chains of entries, and the head of each.
create table chain (
  chain bigint not null primary key,
  number bigint not null,
  link bytea not null,
  mac bytea not null
);
create table audit_entry (
  chain bigint not null,
  number bigint not null,
  at bigint not null,
  person bigint not null,
  sealed bytea not null,
  link bytea not null,
  primary key (chain, number)
);
create index audit_person on audit_entry (person, at) where person <> 0;

-- Small tables that an administrator keeps.
create table register (
  kind text not null,
  key text not null,
  sealed bytea not null,
  primary key (kind, key)
);

-- Short-lived things; the key is kept as a keyed hash.
create table ticket (
  kind text not null,
  token bytea not null,
  sealed bytea not null,
  expires bigint not null,
  primary key (kind, token)
);
create index ticket_expires on ticket (expires);

-- What is compressed and sealed already is not compressed again.
alter table block alter column data set storage external;
alter table block alter column raw set storage external;
alter table inbox alter column raw set storage external;
alter table audit_entry alter column sealed set storage external;
