package redact

import (
	"strings"
	"testing"
)

func TestTextReplacesConsistently(t *testing.T) {
	r := New("")
	r.Learn(Cluster, "bankfrankfurt")
	r.Learn(Node, "frankfurt01")
	r.Learn(Node, "n1")
	r.Learn(Group, "rg_konten")
	r.Learn(Serial, "06C1F51")
	in := `rg_konten:ONLINE:frankfurt01:
Node name: frankfurt01
frankfurt01-boot 172.16.50.21->172.16.50.22 FRANKFURT01.bank.example /opt/bankfrankfurt/bin
 n1 n10 en1 n1_svc
UUID 112552f0-c4b7-11e5-8014-56c6a3855d04 IBM,0206C1F51 Machine Id: 00F747C94C00
MAC address = 4a:7d:dd:21:cd:3
CLUSTER VERSION="7.2.7.0" 127.0.0.1 255.255.255.0 fe80::1234:5:6:7
`
	got := r.Text(in)
	for _, bad := range []string{"frankfurt", "konten", "172.16.50", "112552f0", "06C1F51", "00F747C94C00", "4a:7d:dd", "1234:5:6:7", " n1 ", "n1_svc"} {
		if strings.Contains(strings.ToLower(got), strings.ToLower(bad)) {
			t.Errorf("%q is left in:\n%s", bad, got)
		}
	}
	for _, good := range []string{":ONLINE:", "Node name:", "-boot ", "n10 en1", "7.2.7.0", "127.0.0.1", "255.255.255.0", "UUID ", "IBM,02S"} {
		if !strings.Contains(got, good) {
			t.Errorf("%q is gone from:\n%s", good, got)
		}
	}
	if kind, leak := r.Leak(got); leak {
		t.Errorf("a %s is left in:\n%s", kind, got)
	}
	if again := r.Text(in); again != got {
		t.Errorf("a second time otherwise:\n%s\n%s", got, again)
	}
	for i, line := range strings.Split(in, "\n") {
		if l := strings.Split(got, "\n")[i]; len(l) != len(line) && !strings.Contains(line, "fe80") {
			t.Errorf("another length: %q, was %q", l, line)
		}
	}
}

func TestWordsOfTheProductsStay(t *testing.T) {
	r := New("")
	r.Learn(Node, "Online")
	r.Learn(Group, "cluster")
	r.Learn(Name, "hdisk2")
	r.Learn(Name, "42")
	r.Learn(Name, "a")
	r.Learn(Application, "stat") // is in State, Status
	const in = `STATE="ONLINE" Status hdisk2 cluster 42 a stats`
	if got, want := r.Text(in), `STATE="ONLINE" Status hdisk2 cluster 42 a app1s`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if kept := r.Kept(); kept[Node] != 1 || kept[Group] != 1 {
		t.Errorf("kept %v", kept)
	}
}

func TestOneReplacementForOneName(t *testing.T) {
	r := New("")
	seen := map[string]string{}
	names := []string{"ab", "ac", "ad", "n2", "node1", "frankfurt", "db01", "db02", "oslo"}
	for i := range 300 {
		names = append(names, "x"+strings.Repeat("y", i%5)+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	for _, n := range names {
		r.Learn(Node, n)
	}
	for _, n := range names {
		with := r.Text(n)
		if other, ok := seen[strings.ToLower(with)]; ok && other != n {
			t.Errorf("%q and %q are both %q", n, other, with)
		}
		if strings.EqualFold(with, n) {
			t.Errorf("%q is left", n)
		}
		seen[strings.ToLower(with)] = n
	}
}

func TestTellsOriginalsToTheOwnerAlone(t *testing.T) {
	r := New("")
	r.Learn(Node, "frankfurt01")
	r.Learn(Node, "nowhere")
	r.Text("frankfurt01 frankfurt01")
	if got := r.Replaced(); len(got) != 1 || got[0].Times != 2 || got[0].With != "node0000001" {
		t.Errorf("replaced %+v", got)
	}
	if got := r.Originals(); len(got) != 1 || got[0].Original != "frankfurt01" {
		t.Errorf("originals %+v", got)
	}
}

func TestLearnText(t *testing.T) {
	for _, c := range []struct {
		name, text string
		words      string // that have to go
	}{
		{"members", "Node name: oslo\nState of node: UP\nCLUSTER NAME       SHID         UUID\nbergen             0            11403f34-c4b7-11e5-8014-56c6a3855d04\nSITE NAME          SHID         UUID\ntromso 1 51735173-5173-5173-5173-517351735173\n", "oslo bergen 11403f34 tromso"},
		{"clmgr plain", "CLUSTER_NAME=\"bergen\"\nCLUSTER_ID=\"1120652512\"\nREPOSITORIES=\"hdisk2 (00f6f5d0d387b342)\"\nSOMETHING_NEW=\"oslo, tromso\"\nSTATE=\"STABLE\"\n", "bergen 1120652512 00f6f5d0d387b342 oslo tromso"},
		{"clmgr rows", "# NAME:STATE:RAW_STATE\noslo:NORMAL:ST_STABLE\n", "oslo"},
		{"clmgr xml", "<NAME>oslo</NAME><STATE>STABLE</STATE>", "oslo"},
		{"message", "Cluster IPC error: The cluster manager on node CL1_OSLO is in ST_INIT or NOT_CONFIGURED state", "CL1_OSLO"},
		{"tunables", "bergen(11403f34-c4b7-11e5-8014-56c6a3855d04).node_timeout = 30000", "bergen 11403f34"},
		{"topology", "Cluster Name:    bergen\nNODE oslo:\n        Network net_oslo_01\n                oslo-svc      172.16.50.99\nResource Group konten\n        Participating Nodes         oslo narvik\n        Service IP Label             tromso\n", "bergen oslo net_oslo_01 172.16.50.99 konten narvik tromso"},
		{"error log", "Machine Id:      000123456700\nNode Id:         oslo-c2n1\n", "000123456700 oslo-c2n1"},
		{"logs", "Nov 23 22:10:05 oslo user:notice PowerHA SystemMirror for AIX: EVENT START: node_down x\nTue Jan 26 10:57:09 UTC 2016 cl_dr: Node = BERGEN_1, state = NORMAL\n", "oslo bergen_1"},
		{"events", "x PowerHA SystemMirror for AIX: EVENT FAILED: 1: server_start konten 2 1\nx EVENT START: rg_move bergen 1 ACQUIRE\n", "konten bergen"},
		{"spoilt", "Resource Group Name: konten surplus\n", "konten"},
		{"hmc", "Server-8286-42A-SN21C1F5V,8286-42A*21C1F5V", "21C1F5V"},
		{"secret", "headers: {Authorization: \"Bearer abcdefgh1234\"}\nurl: https://me:geheim99@prom:9090/", "abcdefgh1234 geheim99"},
		{"lparstat", "Node Name                                  : oslo\nPartition Name                             : lpar_bergen\n", "oslo lpar_bergen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New("")
			r.LearnText(c.text)
			got := r.Text(c.text)
			for _, w := range strings.Fields(c.words) {
				if strings.Contains(strings.ToLower(got), strings.ToLower(w)) {
					t.Errorf("%q is left in:\n%s", w, got)
				}
			}
			for _, w := range []string{"ST_STABLE", "node_timeout = 30000", "Participating Nodes", "NOT_CONFIGURED", "51735173-5173"} {
				if strings.Contains(c.text, w) && !strings.Contains(got, w) {
					t.Errorf("%q is gone from:\n%s", w, got)
				}
			}
		})
	}
}

func TestNULBytesHideNoName(t *testing.T) {
	const in = "NAME=\"os\x00lo\"\x00\nNODES=\"ber\x01gen\"\n\x00\nSTATE=\"ONLINE\"\n"
	r := New("")
	r.LearnText(in)
	if got, want := r.Text(in), "NAME=\"nam1\"\x00\nNODES=\"node01\"\n\x00\nSTATE=\"ONLINE\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLearnRows(t *testing.T) {
	for _, text := range []string{
		"konten:ONLINE:oslo:ignore:OHN\nkonten:OFFLINE: bergen :x\n",
		"-----\nGroup Name     Group State                  Node\n-----\nkonten         OFFLINE                      oslo\n               ONLINE SECONDARY             bergen@nord\n",
	} {
		r := New("")
		r.LearnRows(text)
		got := r.Text(text)
		for _, w := range []string{"konten", "oslo", "bergen", "nord"} {
			if strings.Contains(got, w) {
				t.Errorf("%q is left in:\n%s", w, got)
			}
		}
		for _, w := range []string{"ONLINE", "OFFLINE", "Group State"} {
			if strings.Contains(text, w) && !strings.Contains(got, w) {
				t.Errorf("%q is gone from:\n%s", w, got)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("frankfurt01 172.16.50.21 4a:7d:dd:21:cd:3", "frankfurt01")
	f.Add("CLUSTER_NAME=\"x\" 112552f0-c4b7-11e5-8014-56c6a3855d04", "oslo")
	f.Fuzz(func(t *testing.T, text, name string) {
		r := New("")
		r.Learn(Node, name)
		r.LearnText(text)
		r.LearnRows(text)
		got := r.Text(text)
		if again := r.Text(text); again != got {
			t.Fatalf("not the same twice: %q, %q", got, again)
		}
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Fatalf("lines were lost: %q of %q", got, text)
		}
	})
}
