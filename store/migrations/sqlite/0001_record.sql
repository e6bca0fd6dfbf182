-- The memory of the record. Every table of a person's data begins with the
-- patient; nothing refers across; numbers come from the program.
-- Times are microseconds since 1970 in UTC, 0 where there is none.

-- Which database this is: the incarnation changes when a backup is restored.
create table identity (
  one integer not null primary key check (one = 1),
  incarnation blob not null,
  mac blob not null,
  key_check blob not null
) strict;

-- The ledger of messages.
create table message (
  id integer not null primary key,
  contributor text not null,
  format text not null,
  control_id text not null,
  hash blob not null,
  received_at integer not null,
  state text not null,
  lane integer not null,
  reason text not null,
  detail text not null,
  answer blob,
  flag text not null,
  patient integer not null default 0,
  seq integer not null default 0
) strict;
create unique index message_sent on message (contributor, control_id, hash) where control_id <> '';
create index message_open on message (state, id) where state in ('parked', 'rejected');

-- Messages that are waiting or parked, with their sealed bytes, and the node that works on them.
create table inbox (
  message integer not null primary key,
  contributor text not null,
  lane integer not null,
  waiting integer not null,
  node text not null,
  raw blob not null
) strict;
create index inbox_waiting on inbox (node, message) where waiting = 1;

-- Nodes that take messages out of the inbox, and when they were last heard of (milliseconds, by the clock of the database).
create table node (
  name text not null primary key,
  heard integer not null
) strict, without rowid;

-- What has been counted, by contributor, in shards so that writers side by side do not wait for each other.
create table tally (
  contributor text not null,
  shard integer not null,
  received integer not null,
  applied integer not null,
  parked integer not null,
  rejected integer not null,
  waiting integer not null,
  patients integer not null,
  blocks integer not null,
  heard integer not null,
  primary key (contributor, shard)
) strict, without rowid;

-- Contributors' patients; sealed holds the key, the claims and the tokens under the data key, wrapped is the data key under the master key.
create table patient (
  id integer not null primary key,
  contributor text not null,
  person integer not null,
  register integer not null,
  merged_into integer not null,
  revision integer not null,
  wrapped blob not null,
  sealed blob not null
) strict;
create index patient_person on patient (person) where person <> 0;

-- Keyed hashes of the contributors' own identifiers, of patients and of statements.
create table alias (
  token blob not null primary key,
  patient integer not null,
  statement integer
) strict, without rowid;

-- Keyed hashes by which people are found.
create table token (
  token blob not null,
  patient integer not null,
  primary key (token, patient)
) strict, without rowid;

-- Blocks of statements: one message's new versions of one patient's statements, compressed and sealed.
create table block (
  patient integer not null,
  seq integer not null,
  message integer not null,
  recorded integer not null,
  data blob not null,
  raw blob,
  primary key (patient, seq)
) strict, without rowid;

-- How patients were linked to persons; why and by whom is sealed.
create table link (
  patient integer not null,
  id integer not null,
  at integer not null,
  from_person integer not null,
  to_person integer not null,
  sealed blob not null,
  primary key (patient, id)
) strict, without rowid;

-- Who is involved: derived ones carry the patient, those added carry the person.
create table involvement (
  id integer not null primary key,
  patient integer not null,
  person integer not null,
  kind text not null,
  organisation text not null,
  team text not null,
  account text not null,
  starts integer not null,
  ends integer not null,
  sealed blob
) strict;
create index involvement_patient on involvement (patient) where patient <> 0;
create index involvement_person on involvement (person) where person <> 0;
create index involvement_organisation on involvement (organisation, starts) where organisation <> '';
create index involvement_team on involvement (team, starts) where team <> '';
create index involvement_account on involvement (account, starts) where account <> '';

-- Pairs about whom a person has to decide.
create table review (
  id integer not null primary key,
  a integer not null,
  b integer not null,
  score real not null,
  sealed blob not null,
  at integer not null,
  state text not null,
  decided_by text not null,
  decided_at integer not null
) strict;
create unique index review_pair on review (a, b);
create index review_b on review (b);
create index review_state on review (state, id);

-- What happened to patients.
create table event (
  patient integer not null,
  id integer not null,
  topic text not null,
  at integer not null,
  recorded integer not null,
  about integer not null,
  statement integer not null,
  detail text not null,
  primary key (patient, id)
) strict, without rowid;

-- The audit log: chains of entries, and the head of each.
create table chain (
  chain integer not null primary key,
  number integer not null,
  link blob not null,
  mac blob not null
) strict;
create table audit_entry (
  chain integer not null,
  number integer not null,
  at integer not null,
  person integer not null,
  sealed blob not null,
  link blob not null,
  primary key (chain, number)
) strict, without rowid;
create index audit_person on audit_entry (person, at) where person <> 0;

-- Small tables that an administrator keeps.
create table register (
  kind text not null,
  key text not null,
  sealed blob not null,
  primary key (kind, key)
) strict, without rowid;

-- Short-lived things; the key is kept as a keyed hash.
create table ticket (
  kind text not null,
  token blob not null,
  sealed blob not null,
  expires integer not null,
  primary key (kind, token)
) strict, without rowid;
create index ticket_expires on ticket (expires);
