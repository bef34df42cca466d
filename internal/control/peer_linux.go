package control

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// peerUser asks the kernel who is at the other end.
func peerUser(c *net.UnixConn) string {
	raw, err := c.SyscallConn()
	if err != nil {
		return "uid unknown"
	}
	who := "uid unknown"
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			who = fmt.Sprintf("uid %d", cred.Uid)
		}
	})
	return who
}
