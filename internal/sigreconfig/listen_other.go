//go:build !aix

package sigreconfig

import "context"

// Supported reports whether this system has the signal.
const Supported = false

// Run returns ErrUnsupported.
func (l Listener) Run(context.Context, func(Event)) error { return ErrUnsupported }
