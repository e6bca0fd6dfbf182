// Package notify is being built.
package notify
