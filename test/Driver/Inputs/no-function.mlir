// Says that it is ready for emission, but there is nothing to emit.
module attributes {ingot.stage = "codegen", ingot.inputs = [], ingot.outputs = []} {}
