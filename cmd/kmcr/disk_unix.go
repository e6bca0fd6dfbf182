//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// roomOnDisk fails when less than 1 GiB is free: messages are refused when the disk is full.
func roomOnDisk(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return err
	}
	free := uint64(fs.Bavail) * uint64(fs.Bsize)
	if free < 1<<30 {
		return fmt.Errorf("only %d MiB are free: make room before messages are refused", free>>20)
	}
	return nil
}
