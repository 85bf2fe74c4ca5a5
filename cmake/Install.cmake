# SPDX-License-Identifier: MIT
# What is installed: the tool, the libraries, headers, modules, pkg-config and find_package files, man page.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET libcdpi-capture AND TARGET cdpi)
install(TARGETS libcdpi libcdpi-capture EXPORT cdpi-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS cdpi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/cdpi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES docs/cdpi.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/flow.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/cdpi)

foreach(module ndpi protoident ml)
  if(TARGET cdpi-${module})
    install(TARGETS cdpi-${module} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cdpi/modules)
  endif()
endforeach()
if(TARGET cdpi-ml)
  install(FILES modules/ml/cdpi-tcp.model modules/ml/cdpi-udp.model DESTINATION ${CMAKE_INSTALL_LIBDIR}/cdpi/modules)
endif()

foreach(part cdpi cdpi-capture)
  configure_file(cmake/${part}.pc.in ${CMAKE_BINARY_DIR}/${part}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${part}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

install(EXPORT cdpi-targets NAMESPACE cdpi:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/cdpi)
file(WRITE ${CMAKE_BINARY_DIR}/cdpi-config.cmake "include(\${CMAKE_CURRENT_LIST_DIR}/cdpi-targets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cdpi-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cdpi-config.cmake ${CMAKE_BINARY_DIR}/cdpi-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/cdpi)
endif()
