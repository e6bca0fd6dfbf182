-- What readers have acknowledged, with a mark of what they read: what changes after that is new to them again.
create table acknowledged (
  account text not null,
  alert text not null,
  mark text not null,
  at bigint not null,
  primary key (account, alert)
);

-- What was asked of those who provide care, by whom, and who was told: kept, never changed.
create table request (
  patient bigint not null,
  id bigint not null,
  at bigint not null,
  sealed bytea not null,
  primary key (patient, id)
);

-- Events that somebody may have to be told of, in order; dealt once deliveries have been made of them.
create table bulletin (
  id bigint not null primary key,
  patient bigint not null,
  dealt bigint not null
);
create index bulletin_open on bulletin (id) where dealt = 0;

-- What is to be delivered to a subscriber, in order for each person; what it says is decided when it is sent.
create table delivery (
  subscription text not null,
  id bigint not null,
  person bigint not null,
  state text not null,
  due bigint not null,
  attempts bigint not null,
  sealed bytea not null,
  primary key (subscription, id)
);
create index delivery_due on delivery (due) where state = 'waiting';
create index delivery_person on delivery (subscription, person, id) where state = 'waiting';
