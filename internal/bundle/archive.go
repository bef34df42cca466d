package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Bounds of an archive: more than any cluster prints, and no more than a small machine can hold.
const (
	maxArchive = 16 << 20 // compressed
	maxTotal   = 96 << 20
	maxMember  = 4 << 20
	maxMembers = 256
)

// folder is the first part of every member's name.
const folder = "powerha_lpm_bundle/"

// memberForm is every name that a member may have.
var memberForm = regexp.MustCompile(`^(?:README|manifest\.json|report\.json|config\.yml|rejected\.json|replaced\.json|output/[a-z_]{1,64}\.std(?:out|err)|logs/[a-z_]{1,32}\.[a-z]{1,8})$`)

// Write writes the archive as tar, compressed by gzip. Its headers tell of no user and no host.
func (b *Bundle) Write(w io.Writer) error {
	manifest, err := json.MarshalIndent(b.Manifest, "", "  ")
	if err != nil {
		return err
	}
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	member := func(name string, p []byte) error {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: folder + name, Mode: 0o600, Size: int64(len(p)), ModTime: b.Manifest.Made, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := t.Write(p)
		return err
	}
	if err := member(manifestName, append(manifest, '\n')); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		if err := member(name, b.Files[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return errors.Join(t.Close(), z.Close())
}

// Read reads an archive. What is not of a bundle is refused as a whole: its error names the first thing that is wrong.
func Read(r io.Reader) (*Bundle, error) {
	p, err := io.ReadAll(io.LimitReader(r, maxArchive+1))
	if err != nil {
		return nil, err
	}
	if len(p) > maxArchive {
		return nil, fmt.Errorf("is larger than %d MiB: no support bundle is", maxArchive>>20)
	}
	z, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, fmt.Errorf("is no archive that `lpmctl support-bundle` writes (tar.gz): %w", err)
	}
	b := &Bundle{Files: make(map[string][]byte)}
	if err := b.readMembers(tar.NewReader(io.LimitReader(z, maxTotal))); err != nil {
		return nil, err
	}
	manifest, ok := b.Files[manifestName]
	if !ok {
		return nil, fmt.Errorf("has no %s: it is no support bundle", manifestName)
	}
	delete(b.Files, manifestName)
	return b, b.readManifest(manifest)
}

func (b *Bundle) readMembers(t *tar.Reader) error {
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("is damaged, or more than %d MiB when unpacked: %w", maxTotal>>20, err)
		}
		name, ok := strings.CutPrefix(h.Name, folder)
		switch {
		case n >= maxMembers:
			return fmt.Errorf("has more than %d members: no support bundle has", maxMembers)
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("has a member %q that is no plain file", h.Name)
		case !ok || !memberForm.MatchString(name):
			return fmt.Errorf("has a member %q that no support bundle has", h.Name)
		case h.Size > maxMember:
			return fmt.Errorf("has a member %q of more than %d MiB", h.Name, maxMember>>20)
		case b.Files[name] != nil:
			return fmt.Errorf("has the member %q twice", h.Name)
		}
		p, err := io.ReadAll(io.LimitReader(t, maxMember+1))
		if err != nil {
			return fmt.Errorf("is damaged in %q: %w", h.Name, err)
		}
		b.Files[name] = append([]byte{}, p...)
	}
}

func (b *Bundle) readManifest(p []byte) error {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(p, &head); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	if head.Format != Format {
		return fmt.Errorf("has format %d, and this program reads %d: use the release that made it, or a newer one", head.Format, Format)
	}
	if err := json.Unmarshal(p, &b.Manifest); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	seen := make(map[string]bool)
	for i := range b.Manifest.Asked {
		a := &b.Manifest.Asked[i]
		stdout, stderr := outputNames(a.Source)
		switch {
		case !memberForm.MatchString(stdout):
			return fmt.Errorf("%s names the source %q, which no command answers", manifestName, a.Source)
		case seen[stdout]:
			return fmt.Errorf("%s names the source %q twice", manifestName, a.Source)
		case a.Ran && (b.Files[stdout] == nil || b.Files[stderr] == nil):
			return fmt.Errorf("has no output of %q (%s)", a.Command, stdout)
		}
		seen[stdout] = true
	}
	return nil
}
