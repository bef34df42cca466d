package month

// Spans and moments are whole seconds since the first of the month.

// Scrape is how far two scrapes of a target are apart, Cap what an exporter's cap lets one migration leave out.
const (
	Scrape = 30
	Cap    = 30 * minute
)

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
	// Length is that of the month.
	Length = 30 * day
)

// Cluster is the name of the cluster.
const Cluster = "prod"

// Span is a stretch of time, without its end.
type Span struct{ From, To int }

// Has reports whether the moment lies in it.
func (s Span) Has(t int) bool { return t >= s.From && t < s.To }

// Move is one migration.
type Move struct {
	Node     string
	Start    int // the DR script's premigrate
	Frozen   Span
	Brownout int
	End      int
	Resume   int
	Result   string
}

// Story is what happened.
type Story struct {
	Moves []Move
	// Outages of applications, as everybody saw them.
	Outages map[string][]Span
	// Away are the spans in which an exporter did not answer, Dark those in which Prometheus was down.
	Away map[string][]Span
	Dark []Span
}

// Apps are the applications with the node that runs each; the other one probes it.
func Apps() map[string]string { return map[string]string{"db": "n1", "web": "n2"} }

// Peer is the other node.
func Peer(node string) string {
	if node == "n1" {
		return "n2"
	}
	return "n1"
}

// Twelve is a month with twelve migrations. One of them was undone, one was suspended for longer than the cap lets
// count, with an outage in the time that was refused, and one froze for so long that it shows.
func Twelve() Story {
	s := Story{
		Outages: map[string][]Span{
			"db":  {{9*day + 5*hour, 9*day + 5*hour + 10*minute}, {21*day + 3*hour + 40*minute, 21*day + 3*hour + 45*minute}},
			"web": {{27*day + 100, 27*day + 100 + 95}},
		},
		Away: map[string][]Span{
			"n2": {{13 * day, 13*day + 2*hour}},     // nobody sees db as users do; its node says that it is well
			"n1": {{17*day + 40, 17*day + 40 + 35}}, // restarted
		},
		// Between two full hours, so that the rules lose no sum of one.
		Dark: []Span{{5*day + 7*hour + 45, 5*day + 10*hour - 45}},
	}
	for i := range 12 {
		m := Move{Node: []string{"n1", "n2"}[i%2], Start: (2*i+1)*day + 3*hour + 17*i, Brownout: i % 3, Result: "completed"}
		at := m.Start + 120 + 3*i
		m.Frozen = Span{at, at + 4 + 5*i}
		m.End = m.Frozen.To + 15
		m.Resume = m.End + 5*minute + 60*i
		switch i {
		case 4:
			m.Frozen = Span{at, at + 130}
			m.End, m.Resume = at+150, at+15*minute
		case 7:
			m.Result, m.Frozen, m.Brownout, m.End = "aborted", Span{at, at}, 0, at
		case 10: // day 21: until 50 minutes after its start
			m.Resume = m.Start + 50*minute
		}
		s.Moves = append(s.Moves, m)
	}
	return s
}
