// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// path.hpp - paths are bytes, of any length.
#pragma once

#include <string>

#include "base/fd.hpp"

namespace consumer {

/// A path: any bytes but NUL, not text. Absolute, except on the command line.
using Path = std::string;

/// Opens an absolute path, longer than PATH_MAX if need be; O_CLOEXEC is added. Returns none and sets errno on failure.
Fd open_path(const Path& path, int flags);

}  // namespace consumer
