-- To find whom a person that nobody is linked to any more has become.
create index link_from on link (from_person, id) where from_person <> 0;
