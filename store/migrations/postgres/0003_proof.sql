-- The transparency log of the audit log: tiles of a Merkle tree (level -1 holds
-- the leaves), its newest signed checkpoint, and how far each chain is in it.
create table log_tile (
  level bigint not null,
  n bigint not null,
  data bytea not null,
  primary key (level, n)
);
create table log_head (
  one bigint not null primary key check (one = 1),
  size bigint not null,
  checkpoint bytea not null
);
insert into log_head (one, size, checkpoint) values (1, 0, '');
create table log_cursor (
  chain bigint not null primary key,
  number bigint not null
);
