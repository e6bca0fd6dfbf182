// Package store is the memory of the record: all SQL, in two dialects, with
// their migrations; the sealing and compression of what is kept; the ledger
// of messages; contributors' patients and the blocks of their statements;
// persons as links; the audit log.
//
// Writing. Callers hand closures to Write; a writer runs as many as are
// queued in one transaction, each in its own savepoint, commits once and then
// answers all of them, so that many callers share one sync. SQLite has one
// writer; PostgreSQL has a few, side by side, with the same code.
//
// The audit log is a few chains, one for each transaction that can be under
// way at a time: a transaction that audits or counts locks whichever chain is
// free, adds to it and to the counters of the same number, and lets it go
// with its commit. SQLite therefore has one chain, PostgreSQL as many as there
// were ever writers side by side, on however many nodes; no row is shared by
// all. The head of every chain is authenticated, and its newest state is
// also kept in a file beside the keys, so that a database put back to an
// earlier day is found out.
//
// Reading. Everything a contributor states of one patient is a Compartment,
// decoded once, cached, and brought up to date by the blocks that are newer.
//
// Keys. Every patient has a random data key, wrapped by the master key, which
// is kept outside the database; what identifies a person is looked up by
// keyed hashes. It may import kmcr, fhir, audit and the database drivers.
package store
