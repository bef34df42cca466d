package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Errors that a caller tells apart with errors.Is.
var (
	// ErrUnreachable: no actor answers on the socket.
	ErrUnreachable = errors.New("the actor does not answer")
	// ErrLost: the actor went away in the midst of an answer.
	ErrLost = errors.New("the actor went away before it had answered")
)

// maxReply is the largest answer that is read.
const maxReply = 4 << 20

// Client speaks to the actor of this node. Waiting is bounded by the contexts.
type Client struct {
	path string
	http http.Client
}

// NewClient returns a client of the socket. Nothing is opened before the first call.
func NewClient(path string) *Client {
	var d net.Dialer
	return &Client{path: path, http: http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", path)
		},
	}}}
}

// DR tells the actor of a call of drmgr and hands every line of its answer to
// reply, up to the one with Done. The error matches ErrUnreachable when the
// actor was not there, ErrLost when it went away before Done, or is the
// context's.
func (c *Client) DR(ctx context.Context, r DRRequest, reply func(DRReply)) error {
	body, err := c.do(ctx, http.MethodPost, "/v1/dr", r)
	if err != nil {
		return err
	}
	defer body.Close()
	dec := json.NewDecoder(io.LimitReader(body, maxReply))
	for {
		var line DRReply
		if err := dec.Decode(&line); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("wait for the actor's answer to %s: %w", r.Phase, ctx.Err())
			}
			return fmt.Errorf("%w to %s: %w", ErrLost, r.Phase, err)
		}
		reply(line)
		if line.Done {
			return nil
		}
	}
}

// Status asks for the actor's view.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.call(ctx, http.MethodGet, "/v1/status", nil, &s)
}

// Operator hands a person's word to the actor.
func (c *Client) Operator(ctx context.Context, r OperatorRequest) (OperatorReply, error) {
	var o OperatorReply
	return o, c.call(ctx, http.MethodPost, "/v1/operator", r, &o)
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	body, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxReply)).Decode(out); err != nil {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return nil
}

func (c *Client) do(ctx context.Context, method, path string, in any) (io.ReadCloser, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://actor"+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address in it is made up
		}
		return nil, fmt.Errorf("%w: %w; is powerha_lpm_actor running, and are you root?", ErrUnreachable, err)
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
		_ = resp.Body.Close()
		return nil, fmt.Errorf("the actor on %s refused: %s", c.path, strings.TrimSpace(string(text)))
	}
	return resp.Body, nil
}
