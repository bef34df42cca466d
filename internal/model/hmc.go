package model

// HMCState is what an HMC says of a partition on one managed system: STATE of
// lssyscfg -r lpar, and migration_state of lslparmigr -r lpar.
type HMCState struct {
	HMC       string       `json:"hmc"`
	System    string       `json:"system"`
	State     LPARState    `json:"state"`
	RawState  string       `json:"raw_state"`
	Migration HMCMigration `json:"migration"`
	Raw       string       `json:"raw_migration,omitempty"`
}

// HMCView is one look at this node's partition from outside: one row for each
// managed system that lists it. Err says what could not be asked; then the
// view is not whole, and absence proves nothing.
type HMCView struct {
	At        Instant    `json:"at"` // before the question
	Partition string     `json:"partition"`
	Rows      []HMCState `json:"rows,omitempty"`
	Err       string     `json:"error,omitempty"`
}

// LPARState is the state of a partition at the HMC.
type LPARState string

// The states of a partition, lssyscfg(HMC).
const (
	LPARRunning      LPARState = "running"
	LPARNotActivated LPARState = "not_activated"
	LPARNotAvailable LPARState = "not_available"
	LPAROpenFirmware LPARState = "open_firmware"
	LPARStarting     LPARState = "starting"
	LPARShuttingDown LPARState = "shutting_down"
	LPARError        LPARState = "error"
	LPARMigrating    LPARState = "migrating" // Migrating - Running, Migrating - Not Activated
	LPARSuspended    LPARState = "suspended" // also suspending and resuming
	LPARUnknown      LPARState = "unknown"
)

// HMCMigration is migration_state of lslparmigr.
type HMCMigration string

// The states of a migration at the HMC.
const (
	HMCNotMigrating HMCMigration = "not_migrating"
	HMCStarting     HMCMigration = "starting"
	HMCInProgress   HMCMigration = "in_progress"
	HMCFailed       HMCMigration = "failed"
	HMCComplete     HMCMigration = "complete"
	HMCStopping     HMCMigration = "stopping"
	HMCRecovery     HMCMigration = "requires_recovery"
	HMCUnknown      HMCMigration = "unknown"
)
