-- Long data of attachments, kept outside the blocks: sealed, by patient and hash.
create table file (
  patient integer not null,
  hash blob not null,
  data blob not null,
  primary key (patient, hash)
) strict, without rowid;
