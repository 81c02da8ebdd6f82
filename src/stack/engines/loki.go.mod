// Names the versions of Loki and of a part of it that is a module of its own; loki.go.sum has their hashes, so that no
// checksum database is asked for them.
module orrery/engines/loki

go 1.21

require (
	github.com/grafana/loki/pkg/push v0.0.0-20250630054201-94c0ba7b0952
	github.com/grafana/loki/v3 v3.7.8
)
