package store

import "syscall"

// networkFileSystem names the network file system that dir is on, "" for a local one (statfs(2), magic.h).
func networkFileSystem(dir string) string {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return ""
	}
	switch uint32(s.Type) {
	case 0x6969:
		return "NFS"
	case 0x517b, 0xff534d42, 0xfe534d42:
		return "SMB"
	case 0x00c36400:
		return "Ceph"
	case 0x01021997:
		return "9P"
	}
	return ""
}
