// Package e2e proves the running program: it builds the real binary, starts it
// on a fresh database (the embedded store, and a real PostgreSQL), and uses it
// from outside as its users would: HL7 senders over MLLP, FHIR clients and
// curl over HTTP, operators on the command line, people in a browser.
package e2e
