// Package disclose is being built.
package disclose
