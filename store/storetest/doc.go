// Package storetest is the specification of store: what every dialect must
// show, as one suite that store's own tests run on SQLite and on a real
// PostgreSQL. It also starts that PostgreSQL for whoever needs one in a test.
// It may import kmcr, fhir, audit and store.
package storetest
