# ingot_add_library(NAME [ONNX] SOURCES ... [LINK libs...] [DEPENDS targets...])
#   a static library of the compiler; it joins INGOT_LIBS, so tools need no edit. ONNX: most of its sources work on the onnx dialect.
function(ingot_add_library name)
  cmake_parse_arguments(ARG "ONNX" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  add_dependencies(${name} ingot-headers ${ARG_DEPENDS})
  ingot_use_pch(${name} ${ARG_ONNX})
  set_property(GLOBAL APPEND PROPERTY INGOT_LIBS ${name})
endfunction()

# ingot_add_tool(NAME SOURCES ...): a program linked to the whole compiler and the shared MLIR and LLVM.
function(ingot_add_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  # A model that is run in the tool's process finds the runtime's functions there.
  add_executable(${name} ${ARG_SOURCES} $<TARGET_OBJECTS:ingot_values>)
  target_link_options(${name} PRIVATE "LINKER:--export-dynamic-symbol=ingot_op_*")
  get_property(libs GLOBAL PROPERTY INGOT_LIBS)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} ${libs} ingot_rt MLIR LLVM)
  add_dependencies(${name} ingot-headers)
  # The precompiled header is built as PIC, not as PIE.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  ingot_use_pch(${name})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# ingot_tablegen(FILE.td out1 -gen1 [out2 -gen2 ...]): generated headers of one .td file.
function(ingot_tablegen td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(outs ${ARGN})
  set(generated)
  while(outs)
    list(POP_FRONT outs out gens)
    string(REPLACE " " ";" gens "${gens}")
    mlir_tablegen(${out} ${gens} -I ${CMAKE_SOURCE_DIR}/include)
    list(APPEND generated ${CMAKE_CURRENT_BINARY_DIR}/${out})
  endwhile()
  get_filename_component(name ${td} NAME_WE)
  add_custom_target(ingot-tablegen-${name} DEPENDS ${generated})
  set_property(GLOBAL APPEND PROPERTY INGOT_GENERATED ingot-tablegen-${name})
endfunction()

# One precompiled header of the MLIR headers that nearly every file uses: a file compiles in 2 s instead of 8 s; with a second argument that
# is true the one that has the onnx dialect too.
function(ingot_use_pch target)
  if(ARGV1)
    target_precompile_headers(${target} REUSE_FROM ingot-onnx-pch)
  else()
    target_precompile_headers(${target} REUSE_FROM ingot-pch)
  endif()
endfunction()
