import Formats
import LatticeSupport
import Unaries

/// What a pickle may name. Nothing is ever called: each stands for what the reader does itself.
enum PickleGlobal {
  case orderedDictionary
  /// A tensor from a storage, an offset, sizes and strides.
  case rebuildTensor
  /// A parameter, which is its tensor.
  case rebuildParameter
  /// Sizes, which are their tuple.
  case size
  case storage(StoredNumber)
  /// Makes data that nothing is wanted from.
  case inert

  /// - Throws: `InputError` where the name is not one of those that a state dictionary needs.
  init(module: String, name: String) throws {
    let name = module + "." + name
    guard let known = Self.known[name] else {
      throw InputError(
        .data,
        "its pickle asks for \(quoted(name)), which no state dictionary needs; it was not run",
        remedy: "if you trust the file, load it where it was written and save model.state_dict()")
    }
    self = known
  }

  private static let known: [String: PickleGlobal] = {
    var known: [String: PickleGlobal] = [
      "collections.OrderedDict": .orderedDictionary,
      "torch._utils._rebuild_tensor": .rebuildTensor,
      "torch._utils._rebuild_tensor_v2": .rebuildTensor,
      "torch._utils._rebuild_parameter": .rebuildParameter,
      "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
      "torch.Size": .size,
    ]
    for (name, number) in storages { known["torch.\(name)Storage"] = .storage(number) }
    for name in inertNames { known[name] = .inert }
    return known
  }()

  private static let storages: [(String, StoredNumber)] = [
    ("Double", .float64), ("Float", .float32), ("Half", .float16), ("BFloat16", .bfloat16),
    ("Long", .int64), ("Int", .int32), ("Short", .int16), ("Char", .int8), ("Byte", .uint8),
    ("Bool", .bool),
  ]

  /// What training programs save beside the tensors: options, counters, scores.
  private static let inertNames: [String] =
    [
      "numpy.dtype", "numpy.ndarray", "_codecs.encode", "torch.device", "argparse.Namespace",
      "collections.defaultdict", "collections.Counter",
    ]
    + ["numpy.core", "numpy._core"].flatMap { module in
      ["scalar", "_reconstruct"].map { "\(module).multiarray.\($0)" }
    }
    + ["builtins", "__builtin__"].flatMap { module in
      ["set", "frozenset", "list", "dict", "int", "float"].map { "\(module).\($0)" }
    }
    + [
      "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8",
      "bool",
    ].map { "torch.\($0)" }
}
