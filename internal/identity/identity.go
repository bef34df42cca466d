// Package identity tells on which server a partition of Linux on Power runs.
// AIX has lsattr for that; Linux has files, which the kernel writes anew after
// a migration, so nothing is kept between two reads.
//
//	/proc/device-tree/system-id   manufacturer and serial number (LoPAPR, root node of the device tree)
//	/proc/device-tree/model       manufacturer, machine type and model
//	/proc/powerpc/lparcfg         serial_number=, system_type= (arch/powerpc/platforms/pseries/lparcfg.c);
//	                              /proc/ppc64 is the older name of the folder
package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// The files, below the root folder.
const (
	deviceTree = "proc/device-tree"
	systemID   = deviceTree + "/system-id"
	modelName  = deviceTree + "/model"
)

// lparcfgs are the places of lparcfg, the newer one first.
func lparcfgs() []string { return []string{"proc/powerpc/lparcfg", "proc/ppc64/lparcfg"} }

// maxFile is how much of a file is read: lparcfg has about two kilobytes.
const maxFile = 64 << 10

// ErrNoPower: this machine is no partition of a Power server, or hides it.
var ErrNoPower = errors.New("no serial number of a server under /proc/device-tree or in lparcfg")

// Read asks the files of root, the whole file system. The device tree wins:
// lparcfg repeats it. unparsed counts lines that were not understood.
func Read(root fs.FS) (s *model.Server, unparsed int, err error) {
	id, idErr := read(root, systemID)
	if idErr == nil {
		name, _ := read(root, modelName) // a serial number alone identifies
		if s, err = ParseDeviceTree(id, name); err == nil {
			return s, 0, nil
		}
		idErr = err
	}
	errs := []error{ErrNoPower, idErr}
	for _, path := range lparcfgs() {
		b, err := read(root, path)
		if err == nil {
			if s, unparsed, err = ParseLparcfg(b); err == nil {
				return s, unparsed, nil
			}
			err = fmt.Errorf("/%s: %w", path, err)
		}
		errs = append(errs, err)
	}
	return nil, unparsed, errors.Join(errs...)
}

// ParseDeviceTree makes a server of the properties system-id and model: text
// that ends with a zero byte. An empty model is none.
func ParseDeviceTree(id, name []byte) (*model.Server, error) {
	serial, err := property(id)
	if err != nil {
		return nil, fmt.Errorf("/%s: %w", systemID, err)
	}
	s := &model.Server{Serial: serial}
	if s.TypeModel, err = property(name); err != nil {
		s.TypeModel = ""
	}
	return s, nil
}

// ParseLparcfg reads lparcfg: a title, then name=value lines.
func ParseLparcfg(b []byte) (*model.Server, int, error) {
	var s model.Server
	unparsed := 0
	for line := range bytes.Lines(b) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), "=")
		whole := bytes.HasSuffix(line, []byte("\n")) // what was cut would be the number of another server
		if !ok || !whole {
			if name != "" && !strings.HasPrefix(name, "lparcfg ") {
				unparsed++
			}
			continue
		}
		var err error
		switch name {
		case "serial_number":
			s.Serial, err = word(value)
		case "system_type":
			s.TypeModel, err = word(value)
		}
		if err != nil {
			unparsed++
		}
	}
	if s.Serial == "" {
		return nil, unparsed, errors.New("no serial_number")
	}
	return &s, unparsed, nil
}

// property is the text of a property of the device tree, up to its zero byte. Without one it was cut.
func property(b []byte) (string, error) {
	text, _, whole := bytes.Cut(b, []byte{0})
	if !whole {
		return "", errors.New("does not end with a zero byte")
	}
	return word(strings.TrimSpace(string(text)))
}

// maxWord is longer than any serial number or model.
const maxWord = 64

// word takes the manufacturer off ("IBM,0278ABCDE"), as the values of lsattr are treated, and refuses what is no word.
func word(s string) (string, error) {
	if _, rest, ok := strings.Cut(s, ","); ok {
		s = rest
	}
	if s == "" {
		return "", errors.New("is empty")
	}
	if len(s) > maxWord || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fmt.Errorf("%.32q is no serial number or model", s)
	}
	return s, nil
}

func read(root fs.FS, path string) ([]byte, error) {
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}
