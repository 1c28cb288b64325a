/*===- Main.c - main of a program made by --emit=exe -----------------------------------------------===*/
#include "Program.h"

const ingot_model *ingot_model_entry(void);

int main(int argc, char **argv) { return ingotProgram(argc, argv, ingot_model_entry(), NULL); }
