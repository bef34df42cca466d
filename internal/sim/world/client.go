package world

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
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
	last, err := answer(d, conn, each)
	if !last.Done && ctx.Err() != nil {
		return Frame{}, ctx.Err()
	}
	return last, err
}

// CallPlainly is Call for a tool, which does nothing else and dies by the signals it gets: it blocks in its system
// calls, without threads, poller and signals of the runtime. A node runs tools by the hundred.
func CallPlainly(d Dir, r Request, each func(Frame)) (Frame, error) {
	conn, err := dialPlainly(d.Socket())
	if err != nil {
		return Frame{}, fmt.Errorf("reach the simulated cluster in %s (is it up? see %s): %w", d, d.Log(), err)
	}
	defer conn.Close()
	b, err := json.Marshal(r)
	if err != nil {
		return Frame{}, fmt.Errorf("encode the request %s: %w", r.Op, err)
	}
	if _, err := conn.Write(append(b, '\n')); err != nil {
		return Frame{}, fmt.Errorf("ask the simulated cluster in %s: %w", d, err)
	}
	return answer(d, conn, each)
}

// dialPlainly connects a socket that blocks.
func dialPlainly(path string) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	unix.CloseOnExec(fd)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return nil, errors.Join(&os.PathError{Op: "connect", Path: path, Err: err}, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), path), nil
}

// answer reads the frames of an answer up to the last.
func answer(d Dir, conn io.Reader, each func(Frame)) (Frame, error) {
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
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
	return Request{Op: opCommand, Node: c.Node, Name: c.Tool, Args: args, By: by, Locale: c.Locale}
}

// HMC asks the HMC, from outside of all nodes.
func HMC(args []string) Request { return Request{Op: opCommand, Name: "hmc", Args: args} }

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
