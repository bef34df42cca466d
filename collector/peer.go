package collector

func peer(e *emitter, v *View) {
	if v.Datagrams != nil {
		e.counted("powerha_peer_datagrams_total", v.Datagrams, "sent", "accepted", "unproven")
	}
	for _, p := range v.Peers {
		e.bool("powerha_peer_up", p.Up, p.Node)
		e.time("powerha_peer_last_heartbeat_timestamp_seconds", p.LastHeartbeat, p.Node)
		e.state("powerha_peer_lpm_phase", string(p.Phase), p.Node)
		e.histogram("powerha_peer_silence_seconds", p.Silences, p.Node)
	}
}
