// Package fhir is being built.
package fhir
