package powerha

import (
	"context"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// Options say how the commands of the product are reached.
type Options struct {
	Argv    map[string][]string // tool: absolute path and fixed leading arguments
	Runner  command.Runner
	Clock   clock.Clock
	Timeout time.Duration // of one query
}

// Client asks the node by the commands of PowerHA, CAA, RSCT and AIX.
type Client struct{ opt Options }

// New returns a client.
func New(p Options) *Client { return &Client{opt: p} }

// Read asks one question. It never fails beside the reading: Reading.Err tells.
func (c *Client) Read(_ context.Context, s model.Source) model.Reading {
	return model.Reading{Source: s, Err: "not read"}
}

// StopUnmanage stops cluster services of the node and leaves its groups running unmanaged.
func (c *Client) StopUnmanage(_, _ string) (command.Act, error) { return command.Act{}, nil }

// StartManage starts cluster services of the node and takes its groups back into management.
func (c *Client) StartManage(_, _ string, _ bool) (command.Act, error) { return command.Act{}, nil }

// MoveGroup moves a group to a node.
func (c *Client) MoveGroup(_, _, _ string) (command.Act, error) { return command.Act{}, nil }

// SetVariable modifies an attribute of the cluster.
func (c *Client) SetVariable(_, _, _ string) (command.Act, error) { return command.Act{}, nil }

// Sync synchronises the cluster configuration.
func (c *Client) Sync(_ string) command.Act { return command.Act{} }

// DefaultArgv returns the product's own paths.
func DefaultArgv() map[string][]string { return nil }
