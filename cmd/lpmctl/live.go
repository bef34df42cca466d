package main

import "time"

func (t *tool) rehearseLive(time.Duration) int { return exitNo }
