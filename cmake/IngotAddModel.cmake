# ingot_add_model(NAME MODEL file.onnx [ENTRY prefix] [OPTIONS ingotc-option...])
#   a static library target NAME that holds the compiled model; whoever links to it finds the generated header as "PREFIX.h" and ingot.h
#   on the include path. PREFIX, the prefix of the C symbols, is NAME unless ENTRY says otherwise. The model is compiled again when the
#   file, a file of weights that it names, or ingotc changes.
#
#     find_package(Ingot REQUIRED)
#     ingot_add_model(resnet MODEL resnet50.onnx OPTIONS --mcpu=x86-64-v3)
#     target_link_libraries(app PRIVATE resnet)         # app: #include "resnet.h"
cmake_policy(PUSH)
cmake_policy(VERSION 3.20) # paths in dependency files; a policy holds for functions defined under it

function(ingot_add_model name)
  cmake_parse_arguments(ARG "" "MODEL;ENTRY" "OPTIONS" ${ARGN})
  if(NOT ARG_MODEL)
    message(FATAL_ERROR "ingot_add_model(${name}): expected MODEL followed by an .onnx file")
  endif()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "ingot_add_model(${name}): unknown arguments '${ARG_UNPARSED_ARGUMENTS}', expected MODEL, ENTRY and OPTIONS")
  endif()
  get_filename_component(model "${ARG_MODEL}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  if(NOT EXISTS "${model}" AND NOT IS_ABSOLUTE "${ARG_MODEL}")
    get_filename_component(model "${ARG_MODEL}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}") # made by another rule
  endif()
  if(ARG_ENTRY)
    set(entry "${ARG_ENTRY}")
  else()
    string(MAKE_C_IDENTIFIER "${name}" entry)
  endif()
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/${name}.ingot")
  file(MAKE_DIRECTORY "${dir}")
  set(object "${dir}/${entry}.o")

  add_custom_command(
    OUTPUT "${object}"
    BYPRODUCTS "${dir}/${entry}.h"
    COMMAND Ingot::ingotc "${model}" -o "${object}" "--entry=${entry}" -MD -MF "${object}.d" ${ARG_OPTIONS}
    MAIN_DEPENDENCY "${model}"
    DEPENDS "$<TARGET_FILE:Ingot::ingotc>"
    DEPFILE "${object}.d"
    COMMENT "Compiling model ${ARG_MODEL} with ingotc"
    VERBATIM COMMAND_EXPAND_LISTS)
  add_library(${name} STATIC "${object}")
  set_source_files_properties("${object}" PROPERTIES GENERATED ON EXTERNAL_OBJECT ON)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
  target_include_directories(${name} PUBLIC "${dir}")
  target_link_libraries(${name} PUBLIC Ingot::interface)
endfunction()

cmake_policy(POP)
