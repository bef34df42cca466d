package peer

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// MinKey is the least length of a key in bytes.
const MinKey = 16

// LoadKey reads the shared key of a file; blanks and line ends around it do
// not count. Nobody but its owner and group may read the file, nobody but its
// owner may write it.
func LoadKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("peer key: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("peer key: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("peer key %s: not a regular file", path)
	}
	if mode := st.Mode().Perm(); mode&0o027 != 0 {
		return nil, fmt.Errorf("peer key %s has mode %04o and is open to others: chmod 0640 or 0600", path, mode)
	}
	b, err := io.ReadAll(io.LimitReader(f, 4097))
	if err != nil {
		return nil, fmt.Errorf("peer key: %w", err)
	}
	b = bytes.TrimSpace(b)
	switch {
	case len(b) < MinKey:
		return nil, fmt.Errorf("peer key %s holds %d bytes: write at least %d, the same on every node", path, len(b), MinKey)
	case len(b) > 4096:
		return nil, fmt.Errorf("peer key %s is longer than 4096 bytes", path)
	}
	return b, nil
}
