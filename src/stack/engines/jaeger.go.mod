// Names the version of jaeger that is built; jaeger.go.sum has its hash, so that no checksum database is asked for it.
module orrery/engines/jaeger

go 1.21

require github.com/jaegertracing/jaeger v1.76.0
