-- The transparency log of the audit log: tiles of a Merkle tree (level -1 holds
-- the leaves), its newest signed checkpoint, and how far each chain is in it.
create table log_tile (
  level integer not null,
  n integer not null,
  data blob not null,
  primary key (level, n)
) strict, without rowid;
create table log_head (
  one integer not null primary key check (one = 1),
  size integer not null,
  checkpoint blob not null
) strict;
insert into log_head (one, size, checkpoint) values (1, 0, x'');
create table log_cursor (
  chain integer not null primary key,
  number integer not null
) strict;
