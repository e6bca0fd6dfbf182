// Package hl7 is being built.
package hl7
