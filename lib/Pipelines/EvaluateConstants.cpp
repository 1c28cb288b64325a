//===- EvaluateConstants.cpp - constant subgraphs run at compile time -----------------------------------===//
//
// What depends on constants alone is compiled by the same stages that compile the model, run in this process, and replaced by its result:
// folding, weight packing and batch normalisation have one definition, the code that would have run. All constant work of a function, that in
// branches and loops as well, is one module and one compilation.
//===-----------------------------------------------------------------------------===//
#include "EvaluateConstants.h"

#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "ingot/Import/MappedFiles.h"
#include "ingot/Target/Execute.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ingot;

namespace {

/// A result larger than this that grows by more than kGrowth from its operands stays computed at run time.
constexpr int64_t kLarge = 1 << 16, kGrowth = 4;

int64_t bytesOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() || !tensor.getElementType().isIntOrFloat()) return 0;
  return tensor.getNumElements() * llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
}

bool isConstant(Operation *op) { return op->hasTrait<OpTrait::ConstantLike>(); }

/// Weights that are stored narrower than they are multiplied: the product's lowering looks for them, and what it leaves is evaluated then.
bool widensWeights(Operation *op) {
  return isa<onnx::DequantizeLinearOp>(op) && bytesOf(op->getResult(0).getType()) > kLarge;
}

/// A value that costs nothing to make, worth including but not worth storing.
bool isFree(Operation *op) { return isa<tensor::EmptyOp, linalg::FillOp, tensor::CastOp>(op); }

bool isEvaluable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getElementType().isIntOrFloat() && tensor.getElementTypeBitWidth() <= 64 &&
         tensor.getNumElements() > 0;
}

/// Any interface type with elements of this size: the bytes are taken as they are.
ingot_type typeOfWidth(RankedTensorType type) {
  switch (llvm::divideCeil(type.getElementTypeBitWidth(), 8)) {
  case 1: return INGOT_UINT8;
  case 2: return INGOT_UINT16;
  case 4: return INGOT_UINT32;
  default: return INGOT_UINT64;
  }
}

struct Evaluator {
  func::FuncOp function;
  llvm::SetVector<Operation *> work; // constant ops, in order

  /// The op's regions say what it computes with its operands; those of any other op hold work of their own.
  static bool isOneOperation(Operation *op) { return isa<linalg::LinalgOp, ContractOp>(op) || op->hasTrait<OpTrait::IsIsolatedFromAbove>(); }

  bool dependsOnConstants(Operation *op) {
    if (widensWeights(op) || isConstant(op) || op->hasTrait<OpTrait::IsTerminator>() || !isPure(op)) return false;
    if (op->getNumRegions() && !isa<linalg::LinalgOp, ContractOp>(op)) return false;
    if (!llvm::all_of(op->getResultTypes(), isEvaluable)) return false;
    bool constant = true;
    auto check = [&](Value v) {
      Operation *def = v.getDefiningOp();
      if (def && op->isProperAncestor(def)) return;
      if (auto arg = dyn_cast<BlockArgument>(v); arg && op->isAncestor(arg.getOwner()->getParentOp())) return;
      constant &= def && (isConstant(def) || work.contains(def));
    };
    op->walk([&](Operation *inner) { llvm::for_each(inner->getOperands(), check); });
    if (!constant) return false;
    int64_t in = 0, out = 0;
    for (Value v : op->getOperands()) in += bytesOf(v.getType());
    for (Type t : op->getResultTypes()) out += bytesOf(t);
    return isFree(op) || out <= kLarge || out <= kGrowth * in;
  }

  void collect(bool inRegions) {
    for (Operation &op : function.getBody().front())
      op.walk<WalkOrder::PreOrder>([&](Operation *inner) {
        bool constant = dependsOnConstants(inner);
        if (constant) work.insert(inner);
        return constant || !inRegions || isOneOperation(inner) ? WalkResult::skip() : WalkResult::advance();
      });
  }

  bool isInWork(Operation *op) {
    for (; op != function; op = op->getParentOp())
      if (work.contains(op)) return true;
    return false;
  }

  /// Results that something else than constant work reads.
  SmallVector<Value> results() {
    SmallVector<Value> results;
    for (Operation *op : work)
      if (!isFree(op))
        for (Value v : op->getResults())
          if (llvm::any_of(v.getUsers(), [&](Operation *user) { return !isInWork(user); })) results.push_back(v);
    return results;
  }

  OwningOpRef<ModuleOp> extract(ArrayRef<Value> results) {
    MLIRContext *context = function.getContext();
    OpBuilder b(context);
    OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
    SmallVector<Type> types = llvm::to_vector(TypeRange(ValueRange(results)));
    auto graph = func::FuncOp::create(function.getLoc(), "main_graph", b.getFunctionType({}, types));
    module->push_back(graph);
    b.setInsertionPointToStart(graph.addEntryBlock());
    IRMapping map;
    auto copyConstants = [&](Operation *op) {
      op->walk([&](Operation *inner) {
        for (Value v : inner->getOperands())
          if (Operation *def = v.getDefiningOp(); def && isConstant(def) && !op->isProperAncestor(def) && !map.contains(v)) b.clone(*def, map);
      });
    };
    for (Operation *op : work) {
      copyConstants(op);
      b.clone(*op, map);
    }
    SmallVector<Value> returned;
    for (Value v : results) returned.push_back(map.lookup(v));
    func::ReturnOp::create(b, function.getLoc(), returned);
    Builder attrs(context);
    SmallVector<Attribute> outputs;
    for (Value v : results) {
      auto type = cast<RankedTensorType>(v.getType());
      SmallVector<Attribute> symbols(type.getRank(), attrs.getStringAttr(""));
      outputs.push_back(attrs.getDictionaryAttr({attrs.getNamedAttr("name", attrs.getStringAttr("constant")),
                                                 attrs.getNamedAttr("type", attrs.getI32IntegerAttr(typeOfWidth(type))),
                                                 attrs.getNamedAttr("kind", attrs.getI32IntegerAttr(INGOT_TENSOR)),
                                                 attrs.getNamedAttr("dims", attrs.getDenseI64ArrayAttr(type.getShape())),
                                                 attrs.getNamedAttr("symbols", attrs.getArrayAttr(symbols)),
                                                 attrs.getNamedAttr("doc", attrs.getStringAttr(""))}));
    }
    module.get()->setAttr("ingot.inputs", attrs.getArrayAttr({}));
    module.get()->setAttr("ingot.outputs", attrs.getArrayAttr(outputs));
    return module;
  }

  /// The constant whose bytes lie in `blob`.
  static ElementsAttr toAttribute(RankedTensorType type, AsmResourceBlob blob) {
    int64_t elements = type.getNumElements();
    if (type.getElementType().isInteger(1)) {
      auto bytes = reinterpret_cast<const uint8_t *>(blob.getData().data());
      SmallVector<bool> values(elements);
      for (int64_t i = 0; i < elements; ++i) values[i] = bytes[i] != 0;
      return DenseElementsAttr::get(type, values);
    }
    if (elements <= 1024) return DenseElementsAttr::getFromRawBuffer(type, blob.getData());
    return DenseResourceElementsAttr::get(type, "constant", std::move(blob));
  }
};

struct EvaluateConstantsPass : PassWrapper<EvaluateConstantsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EvaluateConstantsPass)
  EvaluateConstantsPass(Stage first) : first(first) {}
  StringRef getArgument() const override { return "ingot-evaluate-constants"; }
  StringRef getDescription() const override { return "run what depends on constants alone, and keep the results"; }

  void runOnOperation() override {
    auto graph = getOperation().lookupSymbol<func::FuncOp>("main_graph");
    if (!graph) return;
    // What a branch holds may fail where the branch is never taken: then the rest is evaluated without it.
    if (!evaluate(graph, /*inRegions=*/true)) evaluate(graph, /*inRegions=*/false);
  }

  /// Whether all work was done; where it was not, it stays work for run time.
  bool evaluate(func::FuncOp graph, bool inRegions) {
    Evaluator evaluator{graph, {}};
    evaluator.collect(inRegions);
    SmallVector<Value> results = evaluator.results();
    if (results.empty()) return true;
    OwningOpRef<ModuleOp> module = evaluator.extract(results);
    PipelineOptions options;
    options.target.cpu = "native";
    options.target.optLevel = 1;
    options.parallel = false;
    options.evaluateConstants = false;
    if (failed(runStages(*module, options, Stage::Codegen, {}, first))) return false;
    // A function that only the model's user links cannot be called here.
    ScopedDiagnosticHandler silent(&getContext(), [](Diagnostic &) { return success(); });
    auto model = loadModel(*module, options.target);
    if (failed(model)) return false;
    MappedFiles::dropPages(&getContext()); // the loaded model has copies
    ingot_instance *instance = nullptr;
    if ((*model)->get()->create((*model)->get(), nullptr, &instance) != INGOT_OK) return false;
    // Results are written to where they stay.
    SmallVector<AsmResourceBlob> blobs;
    SmallVector<ingot_tensor> outputs(results.size(), ingot_tensor{});
    for (auto [result, output] : llvm::zip(results, outputs)) {
      output.bytes = bytesOf(result.getType());
      blobs.push_back(HeapAsmResourceBlob::allocate(output.bytes, 64, /*dataIsMutable=*/true));
      output.data = blobs.back().getMutableData().data();
    }
    bool done = (*model)->get()->run(instance, nullptr, outputs.data()) == INGOT_OK;
    (*model)->get()->destroy(instance);
    if (done) replace(results, blobs);
    return done;
  }

  void replace(ArrayRef<Value> results, MutableArrayRef<AsmResourceBlob> blobs) {
    for (auto [result, blob] : llvm::zip(results, blobs)) {
      Value v = result;
      OpBuilder b(v.getDefiningOp());
      auto type = cast<RankedTensorType>(v.getType());
      ElementsAttr value = Evaluator::toAttribute(type, std::move(blob));
      Operation *constant = isa<onnx::ONNXDialect>(v.getDefiningOp()->getDialect())
                                ? onnx::ConstantOp::create(b, v.getLoc(), type, value).getOperation()
                                : arith::ConstantOp::create(b, v.getLoc(), cast<TypedAttr>(value)).getOperation();
      v.replaceAllUsesWith(constant->getResult(0));
    }
  }

  Stage first;
};
} // namespace

std::unique_ptr<Pass> ingot::createEvaluateConstants(Stage first) { return std::make_unique<EvaluateConstantsPass>(first); }
