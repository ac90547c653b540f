import Support

/// What a network needs beside what a checkpoint has.
struct CheckpointComparison {
  /// Where each parameter's values stand, and the shape that it has.
  private(set) var keys: [String: (tensor: String, shape: [Int])] = [:]
  /// Tensors of heads that the network does not have.
  private(set) var heads: [String] = []
  private var missing: [String] = []
  private var misshaped: [String] = []
  private var unexpected: [String] = []

  /// What heads that may be left out begin with: a classifier, and PyTorch's auxiliary one.
  private static let headNames = ["fc.", "aux_classifier.", "classifier."]
  /// The lines that are shown of each kind.
  private static let shown = 8

  init(_ network: Network, _ entries: [CheckpointEntry], scheme: KeyScheme) {
    let shapes = Dictionary(entries.map { ($0.name, $0.shape) }) { first, _ in first }
    var used: Set<String> = []
    for (name, specification) in network.parameters {
      guard let tensor = scheme.key(for: name) else {
        missing.append(name)
        continue
      }
      used.insert(tensor)
      compare(tensor, with: specification.shape, found: shapes[tensor])
      keys[name] = (tensor, specification.shape)
    }
    for entry in entries where !used.contains(entry.name) {
      sort(entry.name, prefix: scheme.prefix)
    }
  }

  private mutating func compare(_ tensor: String, with expected: [Int], found: [Int]?) {
    guard let found else {
      missing.append(tensor)
      return
    }
    guard !Self.fits(found, expected) else { return }
    misshaped.append("\(tensor) is \(Self.text(found)), the network needs \(Self.text(expected))")
  }

  /// Whether a tensor's values are those of the network's parameter, in the same order.
  ///
  /// A fully connected layer over maps of C × H × W is the convolution with this window: Caffe and PyTorch
  /// both store its weight as (outputs, C · H · W), the columns fastest. So VGG-16's `fc6` of 4096 × 25088
  /// is a convolution of 4096 × 512 × 7 × 7.
  private static func fits(_ found: [Int], _ expected: [Int]) -> Bool {
    if found == expected { return true }
    return found.count == 2 && expected.count == 4 && found[0] == expected[0]
      && found[1] == expected.dropFirst().reduce(1, *)
  }

  private mutating func sort(_ tensor: String, prefix: String) {
    if tensor.hasSuffix("num_batches_tracked") { return }
    let own = tensor.hasPrefix(prefix) ? tensor.dropFirst(prefix.count) : tensor[...]
    if Self.headNames.contains(where: own.hasPrefix) {
      heads.append(tensor)
    } else {
      unexpected.append(tensor)
    }
  }

  /// - Throws: `InputError` with all that does not fit.
  func check(scheme: KeyScheme) throws {
    guard !(missing.isEmpty && misshaped.isEmpty && unexpected.isEmpty) else { return }
    var lines = ["does not fit the network (names as in \(scheme))"]
    lines += Self.list("missing", missing) { name in
      suggestion(for: name, among: unexpected).map { "\(name); there is \($0)" } ?? name
    }
    lines += Self.list("of another shape", misshaped) { $0 }
    lines += Self.list("not in the network", unexpected) { $0 }
    lines += Self.list("heads that the network does not have", heads) { $0 }
    lines.append("  choose the network, the classes and the key scheme that it was made for")
    throw InputError(.data, lines.joined(separator: "\n"))
  }

  /// A heading with the number, and the first few.
  private static func list(
    _ heading: String, _ items: [String], _ line: (String) -> String
  ) -> [String] {
    guard !items.isEmpty else { return [] }
    let left = items.count - shown
    return ["  \(heading): \(items.count)"] + items.prefix(shown).map { "    " + line($0) }
      + (left > 0 ? ["    and \(left) more"] : [])
  }

  /// `64 × 3 × 7 × 7`; `a single number` where there are no sizes.
  private static func text(_ shape: [Int]) -> String {
    shape.isEmpty ? "a single number" : shape.map(String.init).joined(separator: " × ")
  }
}
