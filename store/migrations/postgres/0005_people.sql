-- What was done about people on caseloads: kept, never changed. Whose names and words they are is sealed.
create table step (
  person bigint not null,
  id bigint not null,
  at bigint not null,
  kind text not null,
  organisation text not null,
  team text not null,
  account text not null,
  sealed bytea not null,
  primary key (person, id)
);
