// Package audit is being built.
package audit
