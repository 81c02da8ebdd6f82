// Names the version of alertmanager that is built; alertmanager.go.sum has its hash, so that no checksum database is asked for it.
module orrery/engines/alertmanager

go 1.21

require github.com/prometheus/alertmanager v0.34.2
