//go:build !linux

package control

import "net"

// peerUser cannot tell here; the socket's mode admits root alone.
func peerUser(*net.UnixConn) string { return "uid unknown" }
