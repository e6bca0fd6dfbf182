// Package translate is being built.
package translate
