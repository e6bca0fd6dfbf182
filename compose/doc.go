// Package compose is being built.
package compose
