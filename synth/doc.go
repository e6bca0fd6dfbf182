// Package synth is being built.
package synth
