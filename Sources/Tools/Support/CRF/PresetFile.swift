import Foundation
import MeanField
import LatticeSupport

/// A preset as a JSON file: what `crf-tune` writes and `--preset` reads.
///
/// ```json
/// {
///   "name": "street", "source": "crf-tune on 50 images",
///   "gaussian": {"weight": 3, "spatial": 3},
///   "bilateral": {"weight": 4, "spatial": [67, 80], "color": 3},
///   "iterations": 10, "normalization": "symmetric"
/// }
/// ```
///
/// The kernels' keys are those of `--kernel`. All else may be left out.
package enum PresetFile {
  private static let keys = [
    "name", "source", "gaussian", "bilateral", "iterations", "normalization",
  ]
  private static let defaultIterations = 10
  private static let mostIterations = 1_000_000
  /// More than anybody writes by hand.
  private static let mostBytes = 1 << 20

  /// Reads the file at `path`.
  ///
  /// - Throws: `InputError` that names the file, the key and what is expected there.
  package static func read(_ path: String) throws -> Preset {
    guard let bytes = FileSystem.contents(path) else {
      throw InputError(
        .noInput, at: path, "cannot be read", remedy: "check the name and the permissions")
    }
    do {
      return try decode(Data(bytes), stem: FileSystem.split(FileSystem.name(of: path)).stem)
    } catch let error as InputError {
      throw InputError(.data, at: path, error.problem, remedy: error.remedy)
    }
  }

  /// Writes `preset` to `path`, whole or not at all.
  ///
  /// - Throws: `InputError` where that fails.
  package static func write(_ preset: Preset, to path: String) throws {
    try AtomicOutput.write(to: path) { try $0.write(text(of: preset)) }
  }

  private static func decode(_ data: Data, stem: String) throws -> Preset {
    guard data.count <= mostBytes, let node = try? JSONDecoder().decode(JSONNode.self, from: data),
      case .object(let members) = node
    else {
      throw InputError(
        .data, "is no preset: expected a JSON object",
        remedy: #"as in {"gaussian": {"weight": 3, "spatial": 3}, "bilateral": {"weight": 4, "#
          + #""spatial": 67, "color": 3}, "iterations": 10}; presets by name are in "#
          + "crf-refine --list-presets")
    }
    try check(members.keys, of: "preset", among: keys)
    let gaussian = try Members("gaussian", of: members, keys: ["weight", "spatial"])
    let bilateral = try Members("bilateral", of: members, keys: ["weight", "spatial", "color"])
    return Preset(
      name: try text("name", of: members) ?? stem, source: try text("source", of: members) ?? stem,
      spatial: (try gaussian.weight(), try gaussian.bandwidths("spatial")),
      bilateral: (
        try bilateral.weight(), try bilateral.bandwidths("spatial"),
        try bilateral.bandwidths("color")
      ),
      iterations: try iterations(members["iterations"]),
      normalization: try normalization(text("normalization", of: members)))
  }

  fileprivate static func check(
    _ found: some Sequence<String>, of what: String, among keys: [String]
  ) throws {
    if let key = found.sorted().first(where: { !keys.contains($0) }) {
      throw unknownName(key, of: "key of a \(what)", among: keys)
    }
  }

  private static func text(_ key: String, of members: [String: JSONNode]) throws -> String? {
    guard let node = members[key] else { return nil }
    guard case .text(let text) = node else {
      throw InputError(.data, "'\(key)' is \(node), but must be a text", remedy: "put it in quotes")
    }
    return text
  }

  private static func iterations(_ node: JSONNode?) throws -> Int {
    guard let node else { return defaultIterations }
    guard case .number(let number) = node, let count = Int(exactly: number),
      (0...mostIterations).contains(count)
    else {
      throw InputError(
        .data, "'iterations' is \(node), but must be a whole number 0…\(mostIterations)",
        remedy: "5 to 10 are usual")
    }
    return count
  }

  private static func normalization(_ name: String?) throws -> Normalization {
    guard let name else { return .symmetric }
    guard let value = Normalization(rawValue: name) else {
      throw unknownName(name, of: "normalization", among: Normalization.allCases.map(\.rawValue))
    }
    return value
  }
}

/// The settings of one kernel.
private struct Members {
  private let kernel: String
  private let values: [String: JSONNode]

  init(_ kernel: String, of members: [String: JSONNode], keys: [String]) throws {
    guard let node = members[kernel] else {
      throw InputError(
        .data, "lacks '\(kernel)'",
        remedy: "give its " + keys.joined(separator: ", ") + "; a weight of 0 takes it away")
    }
    guard case .object(let values) = node else {
      throw InputError(
        .data, "'\(kernel)' is \(node), but must be an object",
        remedy: "with " + keys.joined(separator: ", "))
    }
    self.kernel = kernel
    self.values = values
    try PresetFile.check(values.keys, of: "\(kernel) kernel", among: keys)
  }

  func weight() throws -> Float {
    let node = try value("weight")
    guard case .number(let number) = node, Float(number).isFinite else {
      throw ill("weight", node, "a finite number")
    }
    return Float(number)
  }

  /// One, or one an axis.
  func bandwidths(_ key: String) throws -> Bandwidths {
    let node = try value(key)
    let nodes: [JSONNode] = if case .list(let nodes) = node { nodes } else { [node] }
    let values = nodes.compactMap { node -> Float? in
      guard case .number(let number) = node, number > 0, Float(number).isFinite else { return nil }
      return Float(number)
    }
    guard !values.isEmpty, values.count == nodes.count else {
      throw ill(key, node, "a number above 0, or a list of one for each axis")
    }
    return Bandwidths(values)
  }

  private func value(_ key: String) throws -> JSONNode {
    guard let node = values[key] else {
      throw InputError(.data, "'\(kernel)' lacks '\(key)'", remedy: "add it; see docs/tune.md")
    }
    return node
  }

  private func ill(_ key: String, _ node: JSONNode, _ expected: String) -> InputError {
    InputError(.data, "'\(kernel)' has '\(key)': \(node), but expected \(expected)")
  }
}

extension PresetFile {
  /// Written by hand, so that the members stand in the order in which people read them.
  private static func text(of preset: Preset) -> String {
    """
    {
      "name": \(quoted(preset.name)),
      "source": \(quoted(preset.source)),
      "gaussian": {"weight": \(preset.spatial.weight.shortText), \
    "spatial": \(numbers(preset.spatial.sigma))},
      "bilateral": {"weight": \(preset.bilateral.weight.shortText), \
    "spatial": \(numbers(preset.bilateral.spatialSigma)), \
    "color": \(numbers(preset.bilateral.colorSigma))},
      "iterations": \(preset.iterations),
      "normalization": "\(preset.normalization.rawValue)"
    }

    """
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let data = try? encoder.encode(text) else { preconditionFailure("a text is no JSON") }
    return String(decoding: data, as: UTF8.self)
  }

  private static func numbers(_ bandwidths: Bandwidths) -> String {
    let texts = bandwidths.values.map(\.shortText)
    return texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
  }
}
