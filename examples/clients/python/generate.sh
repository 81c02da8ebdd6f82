#!/bin/sh
# The contract as Python modules, with the validation rules that it imports.
set -eu
cd "$(dirname "$0")"
rm -rf gen && mkdir gen
python -m grpc_tools.protoc -I ../../../proto --python_out=gen --pyi_out=gen --grpc_python_out=gen \
  ../../../proto/oteldemo/*.proto ../../../proto/buf/validate/validate.proto
