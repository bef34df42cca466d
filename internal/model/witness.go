package model

// GroupAttr is a resource group of the cluster's configuration, with its state as the cluster's own tool tells it.
type GroupAttr struct {
	Name string `json:"name"`
	// State and CurrentNodes are "" and empty where the source does not tell them.
	State        GroupState `json:"state,omitempty"`
	Raw          string     `json:"raw,omitempty"`
	CurrentNodes []string   `json:"current_nodes,omitempty"`
	Nodes        []string   `json:"nodes,omitempty"` // participating, in order
	// Startup, Fallover, Fallback are codes (OHN, OFAN, OUDP, OAAN; FNPN, FUDNP, BO; FBHPN, NFB) where the words are known,
	// else the words as printed.
	Startup       string     `json:"startup,omitempty"`
	Fallover      string     `json:"fallover,omitempty"`
	Fallback      string     `json:"fallback,omitempty"`
	Site          string     `json:"site,omitempty"` // site relationship
	Applications  []string   `json:"applications,omitempty"`
	ServiceLabels []string   `json:"service_labels,omitempty"`
	VolumeGroups  []string   `json:"volume_groups,omitempty"`
	Rows          []GroupRow `json:"rows,omitempty"` // of clRGinfo -v
}

// AppState is the state of the monitoring of one application as clRGinfo -m tells it.
type AppState struct {
	Group       string `json:"group"`
	Application string `json:"application"`
	Node        string `json:"node,omitempty"`
	State       string `json:"state"` // monitored, not_monitored, monitor_failed, monitor_suspended, online, offline, unknown
	Raw         string `json:"raw"`
}

// Topology is what cltopinfo says.
type Topology struct {
	Cluster    string         `json:"cluster"`
	Type       string         `json:"type"`      // standard, stretched, linked, unknown
	Heartbeat  string         `json:"heartbeat"` // unicast, multicast, unknown
	Repository string         `json:"repository,omitempty"`
	Nodes      []TopologyNode `json:"nodes"`
	Groups     []GroupAttr    `json:"groups,omitempty"`
}

// TopologyNode is a node with its labels and addresses by network.
type TopologyNode struct {
	Name     string              `json:"name"`
	Networks map[string][]string `json:"networks,omitempty"` // network: "label address"
}

// Interface is one interface of one node as lscluster -i tells it.
type Interface struct {
	Node       string `json:"node"`
	Name       string `json:"name"`
	Up         bool   `json:"up"`
	Restricted bool   `json:"restricted,omitempty"` // ifrestrict, or not for heartbeats
	State      string `json:"state"`                // as printed
}

// CAA is what lscluster -c says.
type CAA struct {
	Name              string            `json:"name"`
	UUID              string            `json:"uuid,omitempty"`
	Nodes             map[string]string `json:"nodes"` // node: primary address, "" where none is told
	Disks             int               `json:"disks"`
	CommunicationMode string            `json:"communication_mode,omitempty"`
}

// Partition is what lparstat -i says of the logical partition. The number may change in a migration.
type Partition struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
	Type   string `json:"type,omitempty"`
	Mode   string `json:"mode,omitempty"`
}
