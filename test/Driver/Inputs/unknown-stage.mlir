module attributes {ingot.stage = "weld"} {}
