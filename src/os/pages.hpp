// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Memory for slots that are never unmapped, and whose pages go back to the system while they are free.
//
// Guarantees: map_pages() gives zeroed memory, in small pages (of a huge one nothing could go back alone), that leak
// checkers look into. forget_pages() leaves the addresses readable: zeros, or what was there before, if the system's
// pages are larger than what is to go, or if it refuses.
#pragma once

#include <cstddef>

namespace pool::os {

// `size` bytes, aligned to `alignment`, a multiple of the system's pages. Null: no memory.
void* map_pages(std::size_t size, std::size_t alignment) noexcept;
void unmap_pages(void* memory, std::size_t size) noexcept;
void forget_pages(void* memory, std::size_t size) noexcept;

}  // namespace pool::os
