package world

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// Call sends a request to the world of a folder and hands each frame of the answer to each, the last one included. It
// returns the last frame.
func Call(ctx context.Context, d Dir, r Request, each func(Frame)) (Frame, error) {
	var dial net.Dialer
	conn, err := dial.DialContext(ctx, "unix", d.Socket())
	if err != nil {
		return Frame{}, fmt.Errorf("reach the simulated cluster in %s (is it up? see %s): %w", d, d.Log(), err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	b, err := json.Marshal(r)
	if err != nil {
		return Frame{}, fmt.Errorf("encode the request %s: %w", r.Op, err)
	}
	if _, err := conn.Write(append(b, '\n')); err != nil {
		return Frame{}, fmt.Errorf("ask the simulated cluster in %s: %w", d, err)
	}
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			if ctx.Err() != nil {
				return Frame{}, ctx.Err()
			}
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return Frame{}, fmt.Errorf("the simulated cluster in %s ended before it answered (see %s): %w", d, d.Log(), err)
		}
		var f Frame
		if err := json.Unmarshal(line, &f); err != nil {
			return Frame{}, fmt.Errorf("read the answer of the simulated cluster: %w", err)
		}
		if each != nil {
			each(f)
		}
		if f.Done {
			if f.Error != "" {
				return f, errors.New(f.Error)
			}
			return f, nil
		}
	}
}

// Command asks the core to be a tool.
func Command(c Caller, args []string, by string) Request {
	return Request{Op: opCommand, Node: c.Node, Name: c.Tool, Args: args, By: by}
}

// Ping asks whether the cluster is up and its applications are started: then the exit status is 0.
func Ping() Request { return Request{Op: opPing} }

// Down asks the world to end all nodes and itself.
func Down() Request { return Request{Op: opDown} }

// StatusRequest asks for a Status.
func StatusRequest() Request { return Request{Op: opStatus} }

// NodeRequest asks for power-off, boot or kill-node.
func NodeRequest(op, node string) Request { return Request{Op: op, Node: node} }

// Knob asks for another value of a knob.
func Knob(name, value string) Request { return Request{Op: opKnob, Name: name, Value: value} }
