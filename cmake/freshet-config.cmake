# find_package(freshet) makes the targets freshet::freshet, the core, and freshet::agents, which stands on it. Both are shared;
# for static ones ask pkg-config.
include(CMakeFindDependencyMacro)
find_dependency(PkgConfig)
if(NOT TARGET PkgConfig::libevent_core)
	pkg_check_modules(libevent_core REQUIRED IMPORTED_TARGET "libevent_core >= 2.1")
endif()
include(${CMAKE_CURRENT_LIST_DIR}/freshet-targets.cmake)
