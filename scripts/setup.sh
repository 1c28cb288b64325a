#!/bin/bash
# Installs what Ingot needs on Debian 12 and is not there yet:  scripts/setup.sh [build|test]   (test unless given: all of it)
# As root or with sudo. Takes a fraction of a second when nothing is missing; the network is used only when something is.
set -euo pipefail

# One line each: the set it belongs to, the package, and what it is for.
packages() {
  cat <<'LIST'
build  clang-22                the compiler of the compiler; also turns the runtime into bitcode
build  lld-22                  the linker, for Ingot itself and for the libraries it emits
build  llvm-22-dev             LLVM's headers and shared library: code generation
build  libmlir-22-dev          MLIR's headers and shared library: the stages are built on it
build  mlir-22-tools           mlir-tblgen writes the operators' classes while building; mlir-opt is handy in tests
build  llvm-22-tools           lit and FileCheck
build  cmake                   configures the build
build  ninja-build             runs the build
build  ccache                  makes a second build, or another clone's, take seconds
build  gcc                     the system compiler `cc`, which links programs and the example
build  g++                     the C++ library and headers that clang uses
build  libc6-dev               the C library's headers
build  zlib1g-dev              demanded by LLVM's CMake package
build  libprotobuf-dev         reads ONNX files by our own description of the format
build  protobuf-compiler       generates that reader
build  libpthreadpool-dev      the default thread pool of compiled models
build  libre2-dev              regular expressions of models that have some
build  libjpeg62-turbo-dev     images of models that decode some: JPEG,
build  libpng-dev              PNG,
build  libwebp-dev             WebP,
build  libtiff-dev             TIFF,
build  libopenjp2-7-dev        and JPEG 2000
build  libgtest-dev            unit tests; configuring looks for it
test   libclang-rt-22-dev      the address sanitizer of the preset asan
test   python3                 runs lit and the numerics suites (always /usr/bin/python3)
test   python3-numpy           compares tensors
test   python3-onnx            builds small models for tests
test   libonnx-testdata        the ONNX backend cases: models with inputs and expected outputs
test   gcc-aarch64-linux-gnu   links AArch64 programs in tests
test   libc6-dev-arm64-cross   their C library
test   qemu-user               runs them
test   valgrind                Helgrind watches several instances run at once
test   file                    tells what kind of file was emitted
LIST
}

wanted() { packages | awk -v set="$1" '$1 == "build" || set == "test" { print $2 }'; }

# Prints those of the named packages that are not installed. No query for a package that dpkg has never heard of may end the script.
missing() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | awk '$1 == "ii" { print $2 }' || true)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else
    echo "setup: not root and no sudo; run as root: apt-get install $(tr '\n' ' ' <<<"$absent")" >&2
    exit 1
  fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=5 -o DPkg::Lock::Timeout=600 "$@"; }

retry() {
  local try
  for try in 1 2 3; do
    "$@" && return 0
    echo "setup: '$*' failed (attempt $try of 3)" >&2
    sleep $((try * 5))
  done
  return 1
}

# LLVM 22 is in bookworm's security archive, which a bare root made by debootstrap does not have among its sources.
security_archive() {
  apt-cache show llvm-22-dev >/dev/null 2>&1 && return 0
  echo "setup: llvm-22-dev is in no configured archive; adding Debian's security updates (bookworm-security)"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian-security bookworm-security main" |
    as_root tee /etc/apt/sources.list.d/bookworm-security.list >/dev/null
  retry apt update
}

setup() {
  local set=${1:-test} absent
  case $set in build | test) ;; *) echo "setup: expected 'build' or 'test', got '$set'" >&2; return 2 ;; esac
  if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian; needed are: $(wanted "$set" | tr '\n' ' ')" >&2
    return 1
  fi
  # shellcheck disable=SC2046
  absent=$(missing $(wanted "$set"))
  [ -z "$absent" ] && return 0
  echo "setup: installing $(tr '\n' ' ' <<<"$absent")"
  retry apt update
  security_archive
  # shellcheck disable=SC2086
  retry apt install --no-install-recommends $absent
}

setup "$@"
