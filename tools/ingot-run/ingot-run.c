/*===- ingot-run.c - runs the model of a shared library ------------------------------------------===
 *
 * The command itself is lib/Runtime/Program, as in programs made by --emit=exe; here is how its model is found.
 *===----------------------------------------------------------------------------------*/
#include "Program/Program.h"

#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef const ingot_model *(*Entry)(void);

/* "dir/libresnet50.so" to "resnet50_model". */
static void entryName(const char *path, char *name, size_t size) {
  const char *stem = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  if (!strncmp(stem, "lib", 3))
    stem += 3;
  const char *end = strstr(stem, ".so");
  snprintf(name, size, "%.*s_model", (int)(end ? end - stem : (long)strlen(stem)), stem);
  for (char *p = name; *p; ++p)
    if (!isalnum((unsigned char)*p))
      *p = '_';
}

/* A program asks for an interpreter, a library does not. */
static int isProgram(const char *path) {
  ingot_file file;
  int found = 0;
  if (ingot_file_map(path, &file, NULL))
    return 0;
  const Elf64_Ehdr *head = file.data;
  if (file.bytes >= sizeof *head && !memcmp(head->e_ident, ELFMAG, SELFMAG) && head->e_ident[EI_CLASS] == ELFCLASS64 &&
      head->e_phentsize == sizeof(Elf64_Phdr) && head->e_phoff <= file.bytes &&
      head->e_phnum <= (file.bytes - head->e_phoff) / sizeof(Elf64_Phdr)) {
    for (unsigned i = 0; i < head->e_phnum; ++i) {
      Elf64_Phdr segment;
      memcpy(&segment, (const char *)file.data + head->e_phoff + i * sizeof segment, sizeof segment);
      found |= segment.p_type == PT_INTERP;
    }
  }
  ingot_file_unmap(&file);
  return found;
}

/* A program holds the command already: it takes over with the same options. Returns only on failure. */
static void becomeProgram(const Options *options, const char *path, int argc, char **argv) {
  char **rest = calloc((size_t)argc + 1, sizeof *rest);
  int count = 0;
  for (int i = 0; rest && i < argc; ++i)
    if (argv[i] != options->model)
      rest[count++] = argv[i];
  if (rest)
    execv(path, rest);
  ingotComplain(options, "cannot start '%s'", path);
  free(rest);
}

static const ingot_model *load(const Options *options, int argc, char **argv) {
  char path[4096], name[512];
  /* dlopen searches the system's folders for a name without a slash */
  snprintf(path, sizeof path, "%s%s", strchr(options->model, '/') ? "" : "./", options->model);
  if (isProgram(path)) {
    becomeProgram(options, path, argc, argv);
    return NULL;
  }
  double start = ingotMicroseconds();
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    ingotComplain(options, "cannot load '%s': %s", options->model, dlerror());
    return NULL;
  }
  entryName(path, name, sizeof name);
  Entry entry = (Entry)dlsym(library, "ingot_model_entry");
  if (!entry)
    entry = (Entry)dlsym(library, name);
  if (!entry) {
    ingotComplain(options, "'%s' holds no model: it has neither ingot_model_entry nor %s", options->model, name);
    return NULL;
  }
  const ingot_model *model = entry();
  if (options->verbose)
    fprintf(stderr, "%s: load_us=%.1f\n", options->program, ingotMicroseconds() - start);
  return model;
}

int main(int argc, char **argv) { return ingotProgram(argc, argv, NULL, load); }
