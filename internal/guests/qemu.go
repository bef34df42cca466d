//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// machine is how guests of one architecture are started.
type machine struct {
	name    string // as Go names it
	qemu    []string
	kernel  string   // glob below the folder of kernels
	modules []string // in the order of loading
	device  string
	append  string
}

func machines() []machine {
	return []machine{
		{
			name: "amd64", qemu: []string{"qemu-system-x86_64", "-M", "pc", "-cpu", "qemu64", "-m", "256"}, kernel: "*amd64/boot/vmlinuz-*",
			modules: []string{
				"virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "failover", "net_failover", "virtio_net",
			},
			device: "virtio-net-pci", append: "console=ttyS0 quiet panic=1",
		},
		{
			name: "ppc64le", qemu: []string{"qemu-system-ppc64", "-M", "pseries", "-cpu", "power9", "-m", "512"}, kernel: "*powerpc64le/boot/vmlinux-*",
			modules: []string{"ibmveth"}, device: "spapr-vlan", append: "console=hvc0 quiet panic=1",
		},
	}
}

// guest is one running qemu and its monitor (QMP).
type guest struct {
	cmd    *exec.Cmd
	conn   net.Conn
	answer chan reply
	events chan reply
}

type reply struct {
	Return    json.RawMessage `json:"return"`
	Error     *struct{ Desc string }
	Event     string
	Data      json.RawMessage
	Timestamp struct{ Seconds, Microseconds int64 }
}

func (r reply) at() time.Time { return time.Unix(r.Timestamp.Seconds, r.Timestamp.Microseconds*1000) }

// boot starts a guest on a tap of the bridge. incoming is "" or where its state comes from.
func boot(m machine, dir, name, kernel, initrd, tap, incoming string) (*guest, error) {
	sock := filepath.Join(dir, name+".qmp")
	args := append(m.qemu[1:len(m.qemu):len(m.qemu)], "-accel", "tcg", "-nodefaults", "-display", "none", "-no-reboot",
		"-serial", "file:"+filepath.Join(dir, name+".console"), "-kernel", kernel, "-initrd", initrd, "-append", m.append,
		"-netdev", "tap,id=n,ifname="+tap+",script=no,downscript=no", "-device", m.device+",netdev=n,mac=52:54:00:77:00:02",
		"-qmp", "unix:"+sock+",server=on,wait=off")
	if incoming != "" {
		args = append(args, "-incoming", incoming)
	}
	g := &guest{cmd: exec.Command(m.qemu[0], args...), answer: make(chan reply, 1), events: make(chan reply, 64)}
	g.cmd.Stderr = os.Stderr
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	var err error
	for range 100 {
		if g.conn, err = net.Dial("unix", sock); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		g.kill()
		return nil, fmt.Errorf("monitor of %s: %w", name, err)
	}
	go g.read()
	if _, err := g.do("qmp_capabilities", nil); err != nil {
		g.kill()
		return nil, err
	}
	return g, nil
}

func (g *guest) read() {
	for s := bufio.NewScanner(g.conn); s.Scan(); {
		var r reply
		switch err := json.Unmarshal(s.Bytes(), &r); {
		case err != nil:
		case r.Event != "":
			select {
			case g.events <- r:
			default:
			}
		case r.Return != nil || r.Error != nil:
			g.answer <- r
		}
	}
	close(g.answer)
}

func (g *guest) do(command string, args any) (json.RawMessage, error) {
	line, err := json.Marshal(map[string]any{"execute": command, "arguments": args})
	if args == nil {
		line, err = json.Marshal(map[string]any{"execute": command})
	}
	if err != nil {
		return nil, err
	}
	if _, err := g.conn.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	r, ok := <-g.answer
	switch {
	case !ok:
		return nil, io.ErrUnexpectedEOF
	case r.Error != nil:
		return nil, fmt.Errorf("%s: %s", command, r.Error.Desc)
	}
	return r.Return, nil
}

// event waits for an event of the monitor and returns when it happened.
func (g *guest) event(name string, wait time.Duration) (time.Time, error) {
	limit := time.After(wait)
	for {
		select {
		case e := <-g.events:
			if e.Event == name {
				return e.at(), nil
			}
		case <-limit:
			return time.Time{}, fmt.Errorf("no event %s within %s", name, wait)
		}
	}
}

// forget drops events of before.
func (g *guest) forget() {
	for len(g.events) > 0 {
		<-g.events
	}
}

func (g *guest) kill() {
	_ = g.cmd.Process.Kill()
	_ = g.cmd.Wait()
}
