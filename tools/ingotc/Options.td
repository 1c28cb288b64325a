//===- Options.td - the command line of ingotc -----------------------------------------===//
include "llvm/Option/OptParser.td"

class Flag_<string name, OptionGroup group, string help> : Flag<["-"], name>, Group<group>, HelpText<help>;
class LongFlag<string name, OptionGroup group, string help> : Flag<["--"], name>, Group<group>, HelpText<help>;
class LongValue<string name, OptionGroup group, string meta, string help>
    : Joined<["--"], name # "=">, Group<group>, MetaVarName<meta>, HelpText<help>;

def outputGroup : OptionGroup<"output">, HelpText<"Output">;
def modelGroup : OptionGroup<"model">, HelpText<"Model">;
def targetGroup : OptionGroup<"target">, HelpText<"Target and code generation">;
def stageGroup : OptionGroup<"stage">, HelpText<"Looking inside">;
def infoGroup : OptionGroup<"info">, HelpText<"Information">;

//===---------------------------------- output -----------------------------------------===//

def o : JoinedOrSeparate<["-"], "o">, Group<outputGroup>, MetaVarName<"<file>">,
    HelpText<"Write to <file>; its suffix says what: .o .a .so .s .ll .bc .mlir .h (- for standard output)">;
def emit : LongValue<"emit", outputGroup, "<kind>", "What to write, whatever the suffix: exe, so, a, o, s, ll, bc, mlir, h">;
def entry : LongValue<"entry", outputGroup, "<name>", "Prefix of the model's C symbols (default: the model file's stem)">;
def weights : LongValue<"weights", outputGroup, "embed|file", "Where weights go: into the output, or into a file beside it that is mapped at run time">;
def MD : Flag_<"MD", outputGroup, "Write a makefile rule with the files that the output depends on">;
def MF : JoinedOrSeparate<["-"], "MF">, Group<outputGroup>, MetaVarName<"<file>">, HelpText<"Where -MD writes (default: the output with suffix .d)">;

//===----------------------------------- model -----------------------------------------===//

def dim : LongValue<"dim", modelGroup, "<name>=<n>", "Fix a symbolic dimension (may be repeated)">;
def dim_separate : Separate<["--"], "dim">, Alias<dim>;
def shape : LongValue<"shape", modelGroup, "<input>=<d>x<d>...", "Fix an input's shape; ? leaves a dimension open (may be repeated)">;
def shape_separate : Separate<["--"], "shape">, Alias<shape>;
def all_values : LongFlag<"all-values", modelGroup, "Make every value of the main graph an output, for ingot-run --bisect">;
def check : LongFlag<"check", modelGroup, "Compile nothing; say whether all nodes are supported, naming those that are not">;
def check_format : LongValue<"check", modelGroup, "text|json", "The same in a form for people (text) or programs (json)">;
def custom_op : LongValue<"custom-op", modelGroup, "<domain>:<name>[=<function>]",
                          "Call a C function for nodes of this operator, ingot_custom_<domain>_<name> unless it is named (may be repeated)">;
def link : LongValue<"link", outputGroup, "<file>", "Link an object, an archive or -l<library> into a library or program, for custom operators (may be repeated)">;

//===---------------------------------- target -----------------------------------------===//

def O : Joined<["-"], "O">, Group<targetGroup>, MetaVarName<"<0..3>">, HelpText<"How hard to optimise (default 2)">;
def g : Flag_<"g", targetGroup, "Debug information: lines of the final IR, which is written beside the output">;
def target : LongValue<"target", targetGroup, "<triple>", "Compile for this platform (default: this machine's)">;
def mcpu : LongValue<"mcpu", targetGroup, "<name>", "Processor whose instructions may be used: native, a name of LLVM's, or generic-multi (default): several variants, of which a run picks one">;
def mattr : LongValue<"mattr", targetGroup, "<+f,-f...>", "Features of the processor to add and to leave out">;
def threads : LongValue<"threads", targetGroup, "<n>|hook|off", "Run kernels through the caller's parallel_for (hook, default), serially (off), or, in programs, on <n> threads">;

def profile : LongFlag<"profile", targetGroup, "Let the model measure its kernels, for ingot-run --profile (some 40 ns for each call)">;

def sanitize : LongValue<"sanitize", targetGroup, "address,undefined", "Check the model's code as it runs. address: every access; what loads it must have AddressSanitizer's runtime. undefined: overflow, shifts, divisions, casts and alignment, where their result is used">;

//===---------------------------------- stages -----------------------------------------===//

def stop_after : LongValue<"stop-after", stageGroup, "<stage>", "Stop after a stage and write the IR">;
def print_ir_after : LongValue<"print-ir-after", stageGroup, "<stage>", "Print the IR after a stage to standard error, without large constants (may be repeated; all)">;
def save_temps : LongFlag<"save-temps", stageGroup, "Keep the IR after each stage beside the output">;
def save_temps_single : Flag<["-"], "save-temps">, Alias<save_temps>;
def time_stages : LongFlag<"time-stages", stageGroup, "Say how long each stage took">;
def v : Flag_<"v", stageGroup, "Say what is done: target, stages, commands run">;

//===---------------------------------- information ------------------------------------===//

def color : LongValue<"color", infoGroup, "auto|always|never", "Colour in messages (default: on terminals)">;
def color_flag : Flag<["--"], "color">, Alias<color>, AliasArgs<["always"]>;
def help : LongFlag<"help", infoGroup, "Show this">;
def help_short : Flag<["-"], "h">, Alias<help>;
def version : LongFlag<"version", infoGroup, "Show versions and the default target">;
