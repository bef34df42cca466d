//go:build race

package main

// The simulator that the tests start is checked as they are.
const raceFlag = "-race=true"
