-- Long data of attachments, kept outside the blocks: sealed, by patient and hash.
create table file (
  patient bigint not null,
  hash bytea not null,
  data bytea not null,
  primary key (patient, hash)
);
