module powerha_lpm_exporter/internal/tools

go 1.26.0

require github.com/google/go-jsonnet v0.22.0

require (
	go.yaml.in/yaml/v3 v3.0.6
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	sigs.k8s.io/yaml v1.4.0 // indirect
)
