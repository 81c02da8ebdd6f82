// Names the version of prometheus that is built; prometheus.go.sum has its hash, so that no checksum database is asked for it.
module orrery/engines/prometheus

go 1.21

require github.com/prometheus/prometheus v0.315.0
