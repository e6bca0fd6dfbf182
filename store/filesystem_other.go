//go:build !linux

package store

// networkFileSystem cannot tell here.
func networkFileSystem(string) string { return "" }
