// Package match is being built.
package match
