package config

import _ "embed"

// Template is a commented file that holds every default, for `lpmctl config init`.
//
//go:embed template.yml
var Template string
