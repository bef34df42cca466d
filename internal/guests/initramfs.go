//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// initramfs makes an archive in the format newc of cpio(5), which the kernel unpacks as the root of the guest.
type initramfs struct {
	b    bytes.Buffer
	dirs []string
	ino  int
}

func (a *initramfs) entry(name string, mode uint32, major, minor int, data []byte) {
	a.ino++
	fmt.Fprintf(&a.b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		a.ino, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0, name)
	a.pad()
	a.b.Write(data)
	a.pad()
}

func (a *initramfs) pad() {
	for a.b.Len()%4 != 0 {
		a.b.WriteByte(0)
	}
}

func (a *initramfs) folder(dir string) {
	if dir == "." || slices.Contains(a.dirs, dir) {
		return
	}
	a.folder(path.Dir(dir))
	a.dirs = append(a.dirs, dir)
	a.entry(dir, 0o040555, 0, 0, nil)
}

// file adds a file; the folders above it come first.
func (a *initramfs) file(name string, mode uint32, data []byte) {
	name = strings.TrimPrefix(name, "/")
	a.folder(path.Dir(name))
	a.entry(name, 0o100000|mode, 0, 0, data)
}

// copied adds a file of this machine.
func (a *initramfs) copied(name, from string, mode uint32) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	a.file(name, mode, b)
	return nil
}

// console is the only device: the kernel hands it to the first program.
func (a *initramfs) console() {
	a.folder("dev")
	a.entry("dev/console", 0o020600, 5, 1, nil)
}

func (a *initramfs) write(to string) error {
	a.entry("TRAILER!!!", 0, 0, 0, nil)
	return os.WriteFile(to, a.b.Bytes(), 0o600)
}
