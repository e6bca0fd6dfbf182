-- What was done about people on caseloads: kept, never changed. Whose names and words they are is sealed.
create table step (
  person integer not null,
  id integer not null,
  at integer not null,
  kind text not null,
  organisation text not null,
  team text not null,
  account text not null,
  sealed blob not null,
  primary key (person, id)
) strict, without rowid;
