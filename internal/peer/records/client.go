package records

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// callTimeout bounds one call beside the caller's own context.
const callTimeout = 10 * time.Second

// Client is a Link over the network.
type Client struct {
	clk   clock.Clock
	peers map[string]*peerClient
}

type peerClient struct {
	address string
	http    http.Client
}

var _ Link = (*Client)(nil)

// NewLink returns a link to the targets (PowerHA node name: host:port). Nothing is opened before the first call.
func NewLink(creds *Credentials, targets map[string]string, clk clock.Clock) *Client {
	c := &Client{clk: clk, peers: make(map[string]*peerClient, len(targets))}
	var d net.Dialer
	for node, address := range targets {
		c.peers[node] = &peerClient{address: address, http: http.Client{
			Transport: &http.Transport{
				TLSClientConfig:   creds.client(node),
				DisableKeepAlives: true, // calls are rare, and a connection does not outlive a freeze well
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return d.DialContext(ctx, network, address)
				},
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}
	}
	return c
}

// SendRecord hands a record to a peer and returns its acknowledgement. A repetition is harmless.
func (c *Client) SendRecord(ctx context.Context, peer string, r model.Record) (Ack, error) {
	var ack Ack
	if err := c.call(ctx, peer, http.MethodPost, "/v1/record", r, &ack); err != nil {
		return Ack{}, fmt.Errorf("send record of episode %s to the actor of %s: %w", r.Episode, peer, err)
	}
	if ack.Node != peer || ack.Episode != r.Episode {
		return Ack{}, fmt.Errorf("send record of episode %s to the actor of %s: it acknowledged %q for %q", r.Episode, peer, ack.Episode, ack.Node)
	}
	return ack, nil
}

// SendClosed tells a peer that an episode of node is over. A repetition is harmless.
func (c *Client) SendClosed(ctx context.Context, peer, node, episode, result string) error {
	var ack Ack
	if err := c.call(ctx, peer, http.MethodPost, "/v1/closed", Closed{Node: node, Episode: episode, Result: result}, &ack); err != nil {
		return fmt.Errorf("tell the actor of %s that episode %s is closed: %w", peer, episode, err)
	}
	return nil
}

// Ask asks a peer's actor about its own node.
func (c *Client) Ask(ctx context.Context, peer string) (PeerInfo, error) {
	var info PeerInfo
	if err := c.call(ctx, peer, http.MethodGet, "/v1/info", nil, &info); err != nil {
		return PeerInfo{}, fmt.Errorf("ask the actor of %s: %w", peer, err)
	}
	if info.Node != peer {
		return PeerInfo{}, fmt.Errorf("ask the actor of %s: it calls itself %q", peer, info.Node)
	}
	return info, nil
}

func (c *Client) call(ctx context.Context, peer, method, path string, in, out any) error {
	p, ok := c.peers[peer]
	if !ok {
		return fmt.Errorf("no address; add it to actors.targets")
	}
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	ctx, cancel := c.clk.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "https://actor"+path, body)
	if err != nil {
		return err
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w; check that its actor runs, the port is open and the certificates fit", p.address, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return fmt.Errorf("%s: read answer: %w", p.address, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: refused: %s", p.address, strings.TrimSpace(string(answer)))
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: answer not understood: %w", p.address, err)
	}
	return nil
}
