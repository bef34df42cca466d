package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// A lab takes a block of ports below those that the system hands out by itself
// (32768 on Linux). Where it looks first depends on the process and on the
// slot within it, so that scenarios side by side do not meet.
const (
	firstPort  = 20000
	blockPorts = 40
	blocks     = 300
	slotBlocks = 7
)

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// freeBlock returns the first of blockPorts free ports.
func freeBlock(slot int) (int, error) {
	start := (os.Getpid() + slot*slotBlocks) % blocks
	for i := range blocks {
		first := firstPort + (start+i)%blocks*blockPorts
		if free(first) {
			return first, nil
		}
	}
	return 0, errors.New("find free ports: every block between 20000 and 32000 is in use on the loopback")
}

func free(first int) bool {
	for port := first; port < first+blockPorts; port++ {
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}
