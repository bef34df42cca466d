package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/journal"
)

func addJournal(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	j := app.Command("journal", "Read the actor's journal.")
	show := j.Command("show", "Print the records.")
	episode := show.Flag("episode", "Only the records of this episode.").String()
	j.Command("verify", "Check the chain of hashes from the first record to the last.")
	verbs["journal show"] = func() int { return t.showJournal(*episode) }
	verbs["journal verify"] = t.verifyJournal
}

// readJournal returns the journal's bytes. An absent one is empty.
func (t *tool) readJournal() ([]byte, error) {
	dir := filepath.Join(t.cfg.StateDir, "actor")
	f, err := durable.OpenDir(dir)
	if err == nil {
		var b []byte
		if b, err = f.ReadFile(journal.Name); err == nil {
			return b, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
		err = fmt.Errorf("%w; run as root", err)
	}
	return nil, fmt.Errorf("read journal in %s: %w", dir, err)
}

func (t *tool) showJournal(episode string) int {
	if !t.config() {
		return exitNo
	}
	b, err := t.readJournal()
	if err != nil {
		return t.fail(exitNo, "%v", err)
	}
	recs, damage, err := journal.Parse(b)
	for _, r := range recs {
		if episode != "" && r.Episode != episode {
			continue
		}
		if t.output == "json" {
			fmt.Fprintf(t.stdout, `{"seq":%d,"time":%q,"kind":%q,"episode":%q,"data":%s}`+"\n",
				r.Seq, r.Time.Format(time.RFC3339Nano), r.Kind, r.Episode, orNull(r.Data))
			continue
		}
		fmt.Fprintf(t.stdout, "%5d %s %s %s\n", r.Seq, r.Time.UTC().Format("2006-01-02 15:04:05.000Z"), r.Kind, r.Episode)
		if len(r.Data) > 0 {
			fmt.Fprintln(t.stdout, wrap(string(r.Data), 8))
		}
	}
	return t.journalEnd(damage, err)
}

func orNull(b []byte) []byte {
	if len(b) == 0 {
		return []byte("null")
	}
	return b
}

func (t *tool) verifyJournal() int {
	if !t.config() {
		return exitNo
	}
	b, err := t.readJournal()
	if err != nil {
		return t.fail(exitNo, "%v", err)
	}
	recs, damage, err := journal.Parse(b)
	if t.output == "json" {
		t.json(struct {
			OK      bool           `json:"ok"`
			Records int            `json:"records"`
			Damage  journal.Damage `json:"damage"`
		}{err == nil, len(recs), damage})
		if err != nil {
			return exitNo
		}
		return exitOK
	}
	fmt.Fprintf(t.stdout, "%d records whole and in order\n", len(recs))
	if n := len(recs); n > 0 {
		fmt.Fprintf(t.stdout, "last: number %d of %s, hash %s\n", recs[n-1].Seq, recs[n-1].Time.UTC().Format(time.RFC3339), recs[n-1].Hash)
	}
	return t.journalEnd(damage, err)
}

func (t *tool) journalEnd(damage journal.Damage, err error) int {
	if err != nil {
		return t.fail(exitNo, "%s/actor/%s: %v; what follows it is not to be trusted", t.cfg.StateDir, journal.Name, err)
	}
	if damage.Reason != "" {
		fmt.Fprintln(t.stderr, "lpmctl: "+damage.Reason)
	}
	return exitOK
}
