package powerha

import (
	"slices"
	"strings"
)

// parseGroupNames reads cllsgrp of PowerHA: the name of a resource group a line.
func parseGroupNames(in *input) ([]string, error) {
	names := []string{}
	for l := range in.lines() {
		name := strings.TrimSpace(l.text)
		switch {
		case name == "":
		case !isName(name):
			in.reject(l, "expected the name of a group alone")
		case in.full(len(names), l):
		case slices.Contains(names, name):
			if l.block == 0 {
				in.reject(l, "the group was named already")
			}
		default:
			names = append(names, name)
		}
	}
	if len(names) == 0 && in.r.Lines > 0 {
		return nil, in.notUnderstood("resource group")
	}
	return names, nil
}
