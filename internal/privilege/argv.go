// Package privilege knows which commands need root, has them run through sudo
// by programs that are not root, and writes the rules that this needs: each
// command with all its arguments, and nothing else.
package privilege

import (
	"path"
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/powerha"
)

// rootTools are the tools whose answers depend on the rights of the caller. PowerHA's own answer to root or to its roles;
// lscluster and clctrl of CAA, long listings of lssrc, drmgr and the switches of RSCT to root; the inittab may be closed
// to others. errpt, lsattr, lparstat and ps answer to everybody.
func rootTools() []string {
	return []string{
		"clmgr", "clRGinfo", "cllsgrp", "clodmget", "clshowsrv", "cltopinfo", "listdms", "lscluster", "clctrl", "lssrc",
		"lsitab", "drmgr",
	}
}

// Argvs are the commands as a program runs them: with cluster.sudo before those that need root, unless it is root. A tool
// for which the configuration gives arguments is run as it stands there.
func Argvs(c *config.Config, root bool) map[string][]string {
	out := c.Argvs()
	if root || len(c.Cluster.Sudo) == 0 {
		return out
	}
	defaults := powerha.DefaultArgv()
	for _, tool := range rootTools() {
		argv := out[tool]
		if len(argv) > 1 {
			continue
		}
		if len(argv) == 0 {
			argv = defaults[tool]
		}
		if len(argv) > 0 {
			out[tool] = append(slices.Clone([]string(c.Cluster.Sudo)), argv...)
		}
	}
	return out
}

// Reading is how a program asks the product by this configuration; the runner and the clock are the caller's.
func Reading(c *config.Config, root bool) powerha.Options {
	return powerha.Options{Argv: Argvs(c, root), Timeout: c.Cluster.Timeout.D(), ErrlogResources: c.Migration.Errpt.Resources()}
}

// wrapper takes a command apart that is run through sudo.
type wrapper struct {
	sudo    string   // its path
	user    string   // as whom: root when it is not said
	command []string // absolute path and arguments
}

// unwrap reports whether argv is run through sudo, and what it runs.
func unwrap(argv []string) (wrapper, bool) {
	if len(argv) < 2 || path.Base(argv[0]) != "sudo" {
		return wrapper{}, false
	}
	w := wrapper{sudo: argv[0], user: "root"}
	for i := 1; i < len(argv); i++ {
		a := argv[i]
		switch {
		case strings.HasPrefix(a, "/"):
			w.command = argv[i:]
			return w, true
		case a == "-u" || a == "--user":
			if i+1 < len(argv) {
				w.user = argv[i+1]
				i++
			}
		case strings.HasPrefix(a, "--user="):
			w.user = strings.TrimPrefix(a, "--user=")
		case strings.HasPrefix(a, "-u"):
			w.user = a[2:]
		}
	}
	return wrapper{}, false
}
