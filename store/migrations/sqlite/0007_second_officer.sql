-- A decision about somebody who must not be found is proposed by one officer and made by another; how long each took is kept.
alter table review add column proposed text not null default '';
alter table review add column proposed_by text not null default '';
alter table review add column took integer not null default 0;
