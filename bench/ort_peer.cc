// ONNX Runtime as peer and as oracle: times a model, and writes the inputs it made up and the outputs it got.
//
// build   c++ -O2 -std=c++17 ort_peer.cc -ldl -o ort_peer          (no ONNX Runtime header is needed; bench.py does it)
// needs   ORT_LIB=.../libonnxruntime.so.1, for instance out of the npm package onnxruntime-node
// use     ort_peer model.onnx [--threads N] [--seconds S] [--dim NAME=V]... [--fill INPUT=V]... [--seed N] [--basic]
//                  [--inputs DIR] [--write-inputs DIR] [--write-outputs DIR]
//         --dim takes a symbolic dimension's name, or INPUT.AXIS; dimensions left open are 1.
//         --fill sets every element of an input to a whole number; other inputs are random.
//         --basic turns off ONNX Runtime's extended and layout optimisations (for reference outputs).
//         Inputs and outputs are input_N.pb / output_N.pb, TensorProto files as in ONNX's own backend tests.
//         ort_peer --cases FOLDER [--level N]
//         runs every FOLDER/CASE/model.onnx once, each in a process of its own, without optimisations unless --level says so: reads
//         test_data_set_0/input_N.pb beside the model and writes output_N.pb there, and prints a line "CASE ok" or "CASE: why not".
// prints  load_ms=.. first_us=.. p50_us=.. p90_us=.. min_us=.. runs=..
#include <dlfcn.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

// The slots of ONNX Runtime's C function table that are used here; the table only ever grows at its end.
enum Slot {
  GetErrorMessage = 2, CreateEnv = 3, CreateSession = 7, Run = 9, CreateSessionOptions = 10, SetOptLevel = 23,
  SetIntraThreads = 24, SetInterThreads = 25, InputCount = 30, OutputCount = 31, InputTypeInfo = 33, InputName = 36,
  OutputName = 37, CreateTensorWithData = 49, TensorMutableData = 51, CastToTensorInfo = 55, ElementType = 60,
  DimCount = 61, Dims = 62, SymbolicDims = 63, ElementCount = 64, TensorTypeAndShape = 65, CreateCpuMemoryInfo = 69,
  DefaultAllocator = 78, ReleaseValue = 96
};
struct ApiBase {
  const void *(*getApi)(uint32_t);
  const char *(*version)();
};
static void *const *api;

[[noreturn]] static void fail(const std::string &message, int code = 1) {
  fprintf(stderr, "ort_peer: %s\n", message.c_str());
  exit(code);
}

template <class... A> static void call(Slot slot, A... args) {
  void *status = ((void *(*)(A...))api[slot])(args...);
  if (status)
    fail(((const char *(*)(void *))api[GetErrorMessage])(status));
}

static double nowMs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

struct Tensor {
  int type = 1; // TensorProto.DataType; ONNX Runtime uses the same numbers
  std::vector<int64_t> dims;
  std::string data, name;
};

static size_t elementSize(int type) {
  switch (type) {
  case 1: case 6: case 12: return 4;
  case 7: case 11: case 13: case 14: return 8;
  case 4: case 5: case 10: case 16: return 2;
  case 15: return 16;
  default: return 1;
  }
}

// Protobuf by hand: a tensor needs six fields, and the peer shall have no dependency.
class Wire {
public:
  explicit Wire(std::string bytes) : s(std::move(bytes)) {}
  bool atEnd(size_t end) const { return p >= std::min(end, s.size()); }
  uint64_t varint() {
    uint64_t v = 0;
    for (int shift = 0; p < s.size() && shift < 64; shift += 7) {
      uint8_t c = s[p++];
      v |= uint64_t(c & 127) << shift;
      if (!(c & 128))
        break;
    }
    return v;
  }
  std::string take(size_t n) {
    std::string r = s.substr(std::min(p, s.size()), n);
    p += n;
    return r;
  }
  size_t position() const { return p; }
  size_t size() const { return s.size(); }

private:
  std::string s;
  size_t p = 0;
};

enum Field { DimsField = 1, TypeField = 2, FloatData = 4, Int32Data = 5, Int64Data = 7, NameField = 8, RawData = 9, DoubleData = 10 };

static bool readTensor(const std::string &path, Tensor &t) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return false;
  std::stringstream bytes;
  bytes << file.rdbuf();
  Wire in(bytes.str());
  std::vector<int64_t> ints;
  t = Tensor();
  while (!in.atEnd(in.size())) {
    uint64_t key = in.varint();
    int field = key >> 3, wire = key & 7;
    if (wire == 0) {
      uint64_t v = in.varint();
      if (field == DimsField) t.dims.push_back(v);
      else if (field == TypeField) t.type = v;
      else if (field == Int32Data || field == Int64Data) ints.push_back(v);
    } else if (wire == 5 || wire == 1) {
      std::string v = in.take(wire == 5 ? 4 : 8);
      if (field == FloatData || field == DoubleData) t.data += v;
    } else if (wire == 2) {
      size_t n = in.varint(), end = in.position() + n;
      if (field == NameField) t.name = in.take(n);
      else if (field == RawData || field == FloatData || field == DoubleData) t.data = in.take(n);
      else if (field == DimsField) while (!in.atEnd(end)) t.dims.push_back(in.varint());
      else if (field == Int32Data || field == Int64Data) while (!in.atEnd(end)) ints.push_back(in.varint());
      else in.take(n);
    } else {
      return false;
    }
  }
  for (int64_t v : ints)
    t.data.append((const char *)&v, elementSize(t.type));
  return true;
}

static void writeTensor(const std::string &path, const Tensor &t) {
  std::string out;
  auto varint = [&](uint64_t v) {
    for (; v > 127; v >>= 7)
      out += char(v | 128);
    out += char(v);
  };
  auto bytes = [&](int field, const std::string &v) {
    varint(field << 3 | 2);
    varint(v.size());
    out += v;
  };
  for (int64_t d : t.dims) {
    varint(DimsField << 3);
    varint(d);
  }
  varint(TypeField << 3);
  varint(t.type);
  bytes(NameField, t.name);
  bytes(RawData, t.data);
  std::ofstream(path, std::ios::binary) << out;
}

struct Options {
  std::string model, inputs, writeInputs, writeOutputs, cases;
  int threads = 1, seed = 1, level = 99;
  double seconds = 2;
  std::map<std::string, int64_t> dims, fills;
};

static Options parse(int argc, char **argv) {
  Options o;
  if (argc < 2 || (argv[1][0] == '-' && std::string(argv[1]) != "--cases"))
    fail("usage: ort_peer model.onnx [--threads N] [--seconds S] [--dim NAME=V] [--fill INPUT=V] [--seed N] [--basic]"
         " [--inputs DIR] [--write-inputs DIR] [--write-outputs DIR]\n       ort_peer --cases FOLDER [--level N]", 2);
  bool many = argv[1][0] == '-';
  if (many)
    o.level = 0;
  else
    o.model = argv[1];
  for (int i = many ? 1 : 2; i < argc; i++) {
    std::string a = argv[i];
    if (a == "--basic") {
      o.level = 1;
      continue;
    }
    if (i + 1 == argc)
      fail(a + " needs a value", 2);
    std::string v = argv[++i];
    size_t eq = v.find('=');
    if (a == "--cases") o.cases = v;
    else if (a == "--level") o.level = atoi(v.c_str());
    else if (a == "--threads") o.threads = atoi(v.c_str());
    else if (a == "--seconds") o.seconds = atof(v.c_str());
    else if (a == "--seed") o.seed = atoi(v.c_str());
    else if (a == "--inputs") o.inputs = v;
    else if (a == "--write-inputs") o.writeInputs = v;
    else if (a == "--write-outputs") o.writeOutputs = v;
    else if (a == "--dim" && eq != v.npos) o.dims[v.substr(0, eq)] = atoll(v.c_str() + eq + 1);
    else if (a == "--fill" && eq != v.npos) o.fills[v.substr(0, eq)] = atoll(v.c_str() + eq + 1);
    else fail("bad option " + a + " " + v, 2);
  }
  return o;
}

// Random elements: floats in [0, 1), integers in [0, 100), halves in [0.125, 0.5), bools true.
static void fillRandom(Tensor &t, size_t count, std::mt19937 &rng) {
  std::uniform_real_distribution<double> unit(0, 1);
  for (size_t k = 0; k < count; k++) {
    char *p = &t.data[k * elementSize(t.type)];
    switch (t.type) {
    case 1: *(float *)p = unit(rng); break;
    case 11: *(double *)p = unit(rng); break;
    case 10: *(uint16_t *)p = 0x3000 + rng() % 0x0800; break;
    case 9: *p = 1; break;
    default: {
      int64_t v = rng() % 100;
      memcpy(p, &v, std::min<size_t>(elementSize(t.type), 8));
    }
    }
  }
}

static void fillConstant(Tensor &t, size_t count, int64_t value) {
  for (size_t k = 0; k < count; k++) {
    char *p = &t.data[k * elementSize(t.type)];
    if (t.type == 1) *(float *)p = value;
    else if (t.type == 11) *(double *)p = value;
    else memcpy(p, &value, std::min<size_t>(elementSize(t.type), 8));
  }
}

static Tensor makeInput(void *session, size_t i, const char *name, const Options &o, std::mt19937 &rng) {
  const void *typeInfo, *info;
  Tensor t;
  size_t rank, count = 1;
  call(InputTypeInfo, session, i, &typeInfo);
  call(CastToTensorInfo, typeInfo, &info);
  if (!info)
    fail(std::string("input ") + name + " is no tensor");
  call(ElementType, info, &t.type);
  call(DimCount, info, &rank);
  t.dims.resize(rank);
  std::vector<const char *> symbols(rank);
  call(Dims, info, t.dims.data(), rank);
  call(SymbolicDims, info, symbols.data(), rank);
  for (size_t k = 0; k < rank; k++) {
    auto given = o.dims.find(std::string(name) + "." + std::to_string(k));
    if (given == o.dims.end() && t.dims[k] < 0)
      given = o.dims.find(symbols[k]);
    if (given != o.dims.end())
      t.dims[k] = given->second;
    else if (t.dims[k] < 0)
      t.dims[k] = 1;
    count *= t.dims[k];
  }
  t.data.resize(count * elementSize(t.type));
  auto fill = o.fills.find(name);
  if (fill != o.fills.end())
    fillConstant(t, count, fill->second);
  else
    fillRandom(t, count, rng);
  return t;
}

static void writeOutputs(const std::string &folder, const std::vector<void *> &values, const std::vector<const char *> &names) {
  mkdir(folder.c_str(), 0777);
  for (size_t i = 0; i < values.size(); i++) {
    void *info, *data;
    size_t rank, count;
    Tensor y;
    call(TensorTypeAndShape, values[i], &info);
    call(ElementType, info, &y.type);
    call(DimCount, info, &rank);
    call(ElementCount, info, &count);
    y.dims.resize(rank);
    call(Dims, info, y.dims.data(), rank);
    call(TensorMutableData, values[i], &data);
    y.name = names[i];
    y.data.assign((char *)data, count * elementSize(y.type));
    writeTensor(folder + "/output_" + std::to_string(i) + ".pb", y);
  }
}

/// Loads the model, runs it and prints how long that took.
static void runModel(const Options &o) {
  void *env, *options, *session, *allocator, *memory;
  call(CreateEnv, 3, "peer", &env);
  call(CreateSessionOptions, &options);
  call(SetIntraThreads, options, o.threads);
  call(SetInterThreads, options, 1);
  call(SetOptLevel, options, o.level);
  double before = nowMs();
  call(CreateSession, env, o.model.c_str(), options, &session);
  double load = nowMs() - before;
  call(DefaultAllocator, &allocator);
  call(CreateCpuMemoryInfo, 1, 0, &memory);

  size_t inputCount, outputCount;
  call(InputCount, session, &inputCount);
  call(OutputCount, session, &outputCount);
  std::vector<Tensor> inputs(inputCount);
  std::vector<void *> inputValues(inputCount), outputValues(outputCount);
  std::vector<const char *> inputNames(inputCount), outputNames(outputCount);
  std::mt19937 rng(o.seed);
  for (size_t i = 0; i < inputCount; i++) {
    call(InputName, session, i, allocator, &inputNames[i]);
    std::string file = "/input_" + std::to_string(i) + ".pb";
    Tensor &x = inputs[i];
    if (o.inputs.empty())
      x = makeInput(session, i, inputNames[i], o, rng);
    else if (!readTensor(o.inputs + file, x))
      fail("cannot read " + o.inputs + file);
    x.name = inputNames[i];
    call(CreateTensorWithData, memory, (void *)x.data.data(), x.data.size(), (const int64_t *)x.dims.data(), x.dims.size(), x.type,
         &inputValues[i]);
    if (!o.writeInputs.empty()) {
      mkdir(o.writeInputs.c_str(), 0777);
      writeTensor(o.writeInputs + file, x);
    }
  }
  for (size_t i = 0; i < outputCount; i++)
    call(OutputName, session, i, allocator, &outputNames[i]);

  std::vector<double> times;
  double start = nowMs();
  while (times.size() < (o.seconds >= 0 ? 3 : 1) || (nowMs() - start < o.seconds * 1e3 && times.size() < 300000)) {
    std::fill(outputValues.begin(), outputValues.end(), nullptr);
    double begin = nowMs();
    call(Run, session, (void *)nullptr, inputNames.data(), inputValues.data(), inputCount, outputNames.data(), outputCount,
         outputValues.data());
    times.push_back(nowMs() - begin);
    if (times.size() == 1 && !o.writeOutputs.empty())
      writeOutputs(o.writeOutputs, outputValues, outputNames);
    for (void *v : outputValues)
      ((void (*)(void *))api[ReleaseValue])(v);
  }
  if (o.seconds < 0)
    return;
  double first = times[0];
  times.erase(times.begin(), times.begin() + std::min<size_t>(times.size() / 5, 20)); // the caches are cold in these
  std::sort(times.begin(), times.end());
  printf("load_ms=%.1f first_us=%.1f p50_us=%.1f p90_us=%.1f min_us=%.1f runs=%zu\n", load, first * 1e3,
         times[times.size() / 2] * 1e3, times[times.size() * 9 / 10] * 1e3, times[0] * 1e3, times.size());
}

/// Runs one case in a process of its own; what it says on stderr, or the signal that ended it, is why it has no outputs.
static void runCase(const Options &common, const std::string &name) {
  Options o = common;
  std::string folder = o.cases + "/" + name;
  o.model = folder + "/model.onnx";
  o.inputs = o.writeOutputs = folder + "/test_data_set_0";
  o.seconds = -1;
  int ends[2];
  if (pipe(ends) != 0)
    fail("no pipe");
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], STDERR_FILENO);
    alarm(60);
    runModel(o);
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof(buffer))) > 0;)
    said.append(buffer, n);
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status))
    said = "signal " + std::to_string(WTERMSIG(status)) + " " + said;
  std::replace(said.begin(), said.end(), '\n', ' ');
  if (status == 0)
    printf("%s ok\n", name.c_str());
  else
    printf("%s: %s\n", name.c_str(), said.c_str());
  fflush(stdout);
}

static void runCases(const Options &o) {
  DIR *folder = opendir(o.cases.c_str());
  if (!folder)
    fail("cannot read " + o.cases);
  std::vector<std::string> names;
  while (dirent *entry = readdir(folder))
    if (access((o.cases + "/" + entry->d_name + "/model.onnx").c_str(), R_OK) == 0)
      names.push_back(entry->d_name);
  closedir(folder);
  std::sort(names.begin(), names.end());
  for (const std::string &name : names)
    runCase(o, name);
}

int main(int argc, char **argv) {
  Options o = parse(argc, argv);
  void *lib = dlopen(getenv("ORT_LIB") ? getenv("ORT_LIB") : "libonnxruntime.so.1", RTLD_NOW);
  if (!lib)
    fail(std::string(dlerror()) + " (set ORT_LIB)");
  auto *base = ((ApiBase * (*)()) dlsym(lib, "OrtGetApiBase"))();
  api = (void *const *)base->getApi(17);
  if (o.cases.empty())
    runModel(o);
  else
    runCases(o);
}
