# SPDX-License-Identifier: MIT
# What is needed, and what is welcome. What is missing is said in one plain line, by name, and skipped.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Threads REQUIRED)

function(cdpi_optional variable package what)
  pkg_check_modules(${variable} QUIET IMPORTED_TARGET ${package})
  if(NOT ${variable}_FOUND)
    message(STATUS "cdpi: ${package} is not installed: ${what}")
  endif()
  set(${variable}_FOUND ${${variable}_FOUND} PARENT_SCOPE)
endfunction()

cdpi_optional(PCAP libpcap "no live capture, no --filter")
cdpi_optional(ZLIB zlib "no gzip-compressed captures")
cdpi_optional(ZSTD libzstd "no zstd-compressed captures")

# C++ serves the module protoident and the tests of a module in C++.
include(CheckLanguage)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
  enable_language(CXX)
  set(CMAKE_CXX_STANDARD 11)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
endif()
