package rtc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	sysfs  = "/sys/class/rtc/rtc0/since_epoch"
	device = "/dev/rtc0"
)

// readChip reads the first clock chip: by sysfs, which everybody may (Linux,
// Documentation/ABI/testing/sysfs-class-rtc), or by the device, which one
// process at a time may hold open (rtc(4)).
func readChip() (int64, error) {
	sec, err := readSysfs(sysfs)
	if err == nil {
		return sec, nil
	}
	sec, err2 := readDevice(device)
	if err2 == nil {
		return sec, nil
	}
	return 0, fmt.Errorf("no clock chip can be read: %w", errors.Join(err, err2))
}

func readSysfs(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
}

func readDevice(path string) (int64, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	t, err := unix.IoctlGetRTCTime(fd)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	return time.Date(int(t.Year)+1900, time.Month(t.Mon+1), int(t.Mday), int(t.Hour), int(t.Min), int(t.Sec), 0, time.UTC).Unix(), nil
}
