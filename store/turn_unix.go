//go:build unix && !solaris && !illumos && !aix

package store

import (
	"errors"
	"os"
	"syscall"
)

// turn makes processes write to one SQLite file in turn. SQLite's own lock is
// taken by whoever asks at the right moment, so a busy server would leave a
// command waiting for ever. Here whoever wants to write first stands in the
// door, then waits for the room, then leaves the door: nobody can enter twice
// while another stands in the door. The kernel lets go of both when a process dies.
type turn struct {
	door, room *os.File
}

func openTurn(path string) (*turn, error) {
	door, err := os.OpenFile(path+"-door", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	room, err := os.OpenFile(path+"-room", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		door.Close()
		return nil, err
	}
	return &turn{door, room}, nil
}

func (t *turn) take() error {
	if err := flock(t.door, syscall.LOCK_EX); err != nil {
		return err
	}
	err := flock(t.room, syscall.LOCK_EX)
	return errors.Join(err, flock(t.door, syscall.LOCK_UN))
}

func (t *turn) leave() {
	_ = flock(t.room, syscall.LOCK_UN)
}

func (t *turn) close() error { return errors.Join(t.door.Close(), t.room.Close()) }

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
