-- What readers have acknowledged, with a mark of what they read: what changes after that is new to them again.
create table acknowledged (
  account text not null,
  alert text not null,
  mark text not null,
  at integer not null,
  primary key (account, alert)
) strict, without rowid;

-- What was asked of those who provide care, by whom, and who was told: kept, never changed.
create table request (
  patient integer not null,
  id integer not null,
  at integer not null,
  sealed blob not null,
  primary key (patient, id)
) strict, without rowid;

-- Events that somebody may have to be told of, in order; dealt once deliveries have been made of them.
create table bulletin (
  id integer not null primary key,
  patient integer not null,
  dealt integer not null
) strict;
create index bulletin_open on bulletin (id) where dealt = 0;

-- What is to be delivered to a subscriber, in order for each person; what it says is decided when it is sent.
create table delivery (
  subscription text not null,
  id integer not null,
  person integer not null,
  state text not null,
  due integer not null,
  attempts integer not null,
  sealed blob not null,
  primary key (subscription, id)
) strict, without rowid;
create index delivery_due on delivery (due) where state = 'waiting';
create index delivery_person on delivery (subscription, person, id) where state = 'waiting';
