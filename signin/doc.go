// Package signin is being built.
package signin
