package paging

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// server is a program that listens on the loopback until it is ended.
type server struct {
	name, address, log string
	cmd                *exec.Cmd
	done               chan struct{}
}

// startServer starts a program and waits until it says that it is ready.
func startServer(ctx context.Context, dir, path, address string, args ...string) (*server, error) {
	name := filepath.Base(path)
	s := &server{name: name, address: address, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	s.cmd = exec.Command(path, args...)
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = log, log, dir
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait() // its log tells how it ended
		_ = log.Close()
	}()
	if err := s.ready(ctx); err != nil {
		text, _ := os.ReadFile(s.log)
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, text), s.end())
	}
	return s, nil
}

func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/-/ready", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not become ready: %w", s.name, context.Cause(ctx))
		case <-s.done:
			return fmt.Errorf("%s ended at once", s.name)
		case <-time.After(pollEvery):
		}
	}
}

// end asks the program to end and waits for it; one that does not is killed.
func (s *server) end() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
		return nil
	case <-time.After(20 * time.Second):
	}
	_ = s.cmd.Process.Kill()
	<-s.done
	return fmt.Errorf("end %s: it did not end by SIGTERM within 20 s and was killed", s.name)
}
