// Package access is being built.
package access
