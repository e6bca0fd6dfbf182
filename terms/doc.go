// Package terms is being built.
package terms
