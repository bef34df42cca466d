package realdrmgr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/command"
)

// ErrUnavailable: drmgr cannot be had on this machine. The error says why.
var ErrUnavailable = errors.New("IBM's drmgr cannot be had here")

// Time limits of what touches the network.
const (
	downloadTimeout = 3 * time.Minute
	localTimeout    = time.Minute
)

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// wanted are packages of one architecture.
type wanted struct {
	arch  string // as Debian calls it
	names []string
}

// drmgrPackages are drmgr and what it is linked with.
func drmgrPackages() wanted {
	return wanted{"ppc64el", []string{"powerpc-ibm-utils", "librtas2", "librtasevent2", "libc6", "zlib1g", "libnuma1"}}
}

// suites are those of Debian whose drmgr has hooks, the steadiest first.
func suites() []string { return []string{"trixie", "sid"} }

// fetch brings the packages into the folder, unless they are there.
func fetch(ctx context.Context, run command.Runner, dir string, w wanted) error {
	if have(dir, w) {
		return nil
	}
	mirrors, err := mirrors("/etc/apt")
	if err != nil {
		return err
	}
	var errs []error
	for _, mirror := range mirrors {
		for _, suite := range suites() {
			err := fetchFrom(ctx, run, dir, w, mirror, suite)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, errors.Join(errs...))
}

// have reports whether every package lies in the folder.
func have(dir string, w wanted) bool {
	for _, p := range w.names {
		if found, _ := filepath.Glob(filepath.Join(dir, p+"_*_"+w.arch+".deb")); len(found) != 1 {
			return false
		}
	}
	return true
}

// fetchFrom asks one suite. Lists and cache of its own keep the machine's apt as it is.
func fetchFrom(ctx context.Context, run command.Runner, dir string, w wanted, mirror, suite string) error {
	apt, err := os.MkdirTemp("", "drmgr-apt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(apt)
	for _, d := range []string{"lists/partial", "cache/archives/partial", "debs"} {
		if err := os.MkdirAll(filepath.Join(apt, d), 0o755); err != nil {
			return err
		}
	}
	list := filepath.Join(apt, "sources.list")
	source := fmt.Sprintf("deb [arch=%s signed-by=%s] %s %s main\n", w.arch, keyring, mirror, suite)
	if err := os.WriteFile(list, []byte(source), 0o600); err != nil {
		return err
	}
	get := []string{"/usr/bin/apt-get", "-qq", "-o", "Dir::Etc::sourcelist=" + list, "-o", "Dir::Etc::sourceparts=/dev/null"}
	for _, o := range []string{
		"Dir::State::lists=" + apt + "/lists", "Dir::Cache=" + apt + "/cache", "APT::Architecture=" + w.arch,
		"APT::Architectures=" + w.arch, "APT::Sandbox::User=root", "Acquire::Languages=none", "Acquire::Retries=2",
	} {
		get = append(get, "-o", o)
	}
	if err := do(ctx, run, downloadTimeout, append(slices.Clone(get), "update")...); err != nil {
		return err
	}
	// apt-get has no option for where to put a download; env(1) goes there first.
	into := append([]string{"/usr/bin/env", "-C", filepath.Join(apt, "debs")}, get...)
	if err := do(ctx, run, downloadTimeout, append(append(into, "download"), w.names...)...); err != nil {
		return err
	}
	return keep(filepath.Join(apt, "debs"), dir, w)
}

// keep moves what was downloaded, whole files only, into the folder in place of what lay there.
func keep(from, dir string, w wanted) error {
	if !have(from, w) {
		return fmt.Errorf("%w: apt-get downloaded something else", ErrUnavailable)
	}
	old, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	for _, o := range old {
		if err := os.Remove(o); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	found, _ := filepath.Glob(filepath.Join(from, "*.deb"))
	for _, f := range found {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.Base(f))
		if err := os.WriteFile(to+".part", b, 0o644); err != nil { //nolint:gosec // a public package
			return err
		}
		if err := os.Rename(to+".part", to); err != nil {
			return err
		}
	}
	return nil
}

// mirrors are the archives of Debian that the machine's apt is set up for.
func mirrors(etc string) ([]string, error) {
	var files []string
	for _, pattern := range []string{"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"} {
		found, _ := filepath.Glob(filepath.Join(etc, pattern))
		files = append(files, found...)
	}
	var out []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		for _, m := range parseMirrors(b) {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: no archive of Debian is configured under %s", ErrUnavailable, etc)
	}
	return out, nil
}

// parseMirrors reads sources.list(5), both its one-line and its deb822 form.
func parseMirrors(b []byte) (out []string) {
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "deb":
			f = f[1:]
			if strings.HasPrefix(f[0], "[") { // options, which may hold blanks
				end := slices.IndexFunc(f, func(s string) bool { return strings.HasSuffix(s, "]") })
				f = f[end+1:]
			}
			f = f[:min(1, len(f))]
		case "URIs:":
			f = f[1:]
		default:
			continue
		}
		for _, uri := range f {
			if strings.HasSuffix(strings.TrimSuffix(uri, "/"), "/debian") {
				out = append(out, uri)
			}
		}
	}
	return out
}

// do runs a command that has to succeed.
func do(ctx context.Context, run command.Runner, limit time.Duration, argv ...string) error {
	out, err := run.Query(ctx, command.Query{Name: argv[0], Argv: argv, Timeout: limit})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if out.Exit != 0 {
		return fmt.Errorf("%w: %s ended with status %d: %s", ErrUnavailable, strings.Join(argv, " "), out.Exit, bytes.TrimSpace(out.Stderr))
	}
	return nil
}
