-- Contributors take turns: what one has sent does not wait for the backlog of another.
create index inbox_turn on inbox (node, contributor, message) where waiting = 1;
drop index inbox_waiting;
