package disclose

import "context"

// behindKey is where a context carries the commits that are under way behind it.
type behindKey struct{}

// behind are audit entries that are being committed while an answer is made.
type behind struct{ underWay []chan error }

// Behind lets the audit entries of records that are opened under the context
// be committed while the answer is still being made. Nothing of the answer
// may leave before cleared has returned nil; cleared is called by the one
// goroutine that makes the answer, and tells each failure once.
func Behind(ctx context.Context) (under context.Context, cleared func() error) {
	b := &behind{}
	return context.WithValue(ctx, behindKey{}, b), b.cleared
}

func (b *behind) cleared() error {
	var failed error
	for _, done := range b.underWay {
		if err := <-done; err != nil {
			failed = err
		}
	}
	b.underWay = nil
	return failed
}
