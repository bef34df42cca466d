package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The configured command of an HMC is run as it stands, with the HMC's command behind it; a reload follows the file.
func TestHMC(t *testing.T) {
	dir := folder(t)
	tools(t, dir)
	tool(t, dir, "ssh", `shift
echo "$*" >>`+filepath.Join(dir, "asked")+`
case "$*" in
"lssyscfg -r lpar -m p9a --filter lpar_names=lpar1 -F name,state") echo 'lpar1,Running';;
"lslparmigr -r lpar -m p9a --filter lpar_names=lpar1 -F name,migration_state") echo 'lpar1,Not Migrating';;
*) echo 'HSCL8012 The partition named lpar1 was not found.'; exit 1;;
esac`)
	conf := "hmc: {commands: {hmc1: [" + filepath.Join(dir, "ssh") + ", view@hmc1]}, systems: [p9a, p9b], partition: lpar1, interval: 200ms}"
	p := begin(t, dir, conf)
	p.eventually("what the HMC says is in the log", func() bool {
		return strings.Contains(p.said(), `msg="what the HMC says of this partition" partition=lpar1 hmc=hmc1 system=p9a state=running word=Running migration=not_migrating`)
	})
	p.configure(strings.Replace(conf, "p9b", "p9b, p9c", 1))
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.eventually("the new managed system is asked", func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "asked"))
		return strings.Contains(string(b), "-m p9c")
	})
	p.configure(strings.Replace(conf, "partition: lpar1", "partition: 'l; reboot'", 1))
	_ = p.cmd.Process.Signal(syscall.SIGHUP)
	p.eventually("a name that would be a command is refused", func() bool {
		return strings.Contains(p.said(), "hmc.partition") && strings.Contains(p.said(), "cannot stand unquoted")
	})
}
