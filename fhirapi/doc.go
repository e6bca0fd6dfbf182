// Package fhirapi is being built.
package fhirapi
