import LatticeSupport

/// Which of a network's parameters a checkpoint has, and what else it has.
///
/// A layer is taken whole or not at all: a bias goes ill with a weight that it was not learned
/// beside.
struct CheckpointComparison {
  /// Each parameter's shape, and the tensor with its values where the checkpoint has its layer.
  private(set) var places: [String: (tensor: String?, shape: [Int])] = [:]
  /// The parameters, by the network's names, of layers that the checkpoint does not have.
  private(set) var leftOut: [String] = []
  /// Tensors that are not taken: of heads that the network lacks, or that are to be made anew.
  private(set) var heads: [String] = []
  /// Tensors that the network needs and that are not there.
  private(set) var missing: [String] = []
  /// Tensors of another shape than the network needs, and both shapes.
  private(set) var misshaped: [String] = []
  /// Tensors of layers that are there, behind some that are not.
  private var severed: [String] = []
  /// Tensors that would lengthen a part that the network has: its layers go on where the network's
  /// end, so that they are another network's.
  private(set) var unexpected: [String] = []
  /// Tensors of parts that the network has nothing like: a loss, a counter, another network.
  private(set) var extra: [CheckpointEntry] = []

  private let scheme: KeyScheme
  private let isPartial: Bool
  /// Tensors that the network has asked for, whatever their shapes.
  private var asked: Set<String> = []
  /// What the parts of the network are called, without numbers.
  private let parts: Set<Substring>

  /// What heads that may be left over begin with: a classifier, PyTorch's auxiliary one, and that
  /// of networks that adapt to other domains.
  private static let headNames = [
    "fc.", "aux_classifier.", "classifier.", "layer5.conv2d_list.",
  ]
  /// The same where heads are made anew: `fc6` … `fc8`, `fc1000`, pyramids, decoders, branches at
  /// the sides.
  private static let replaceableHeadNames =
    headNames + ["fc", "aspp.", "msc_", "decoder.", "head.", "auxiliary.", "score_", "upscore"]
  /// The lines that are shown of each kind.
  private static let shown = 8

  /// - Parameter isPartial: whether the network's last layers may be missing.
  init(
    _ network: Network, _ entries: [CheckpointEntry], scheme: KeyScheme, isPartial: Bool = false
  ) {
    self.scheme = scheme
    self.isPartial = isPartial
    parts = Set(
      network.parameters.compactMap { scheme.key(for: $0.name) }
        .map { Self.part($0.dropFirst(scheme.prefix.count)) })
    let shapes = Dictionary(entries.map { ($0.name, $0.shape) }) { first, _ in first }
    // For each node, whether it or anything before it is missing.
    var isAffected: [Bool] = []
    for node in network.nodes {
      let tensors = find(node, in: shapes)
      let isBehindMissing = node.inputs.contains {
        if case .node(let index) = $0 { isAffected[index] } else { false }
      }
      if isBehindMissing, let tensors { severed += tensors.filter { !isHead($0) } }
      isAffected.append(isBehindMissing || tensors == nil)
    }
    let taken = Set(places.values.compactMap(\.tensor))
    let constants = Self.constants(of: network, scheme)
    for entry in entries where !taken.contains(entry.name) && !constants.contains(entry.name) {
      sort(entry)
    }
    // With little of the network there, what else is there is no mere addition.
    if isPartial, 2 * taken.count < places.count {
      unexpected += extra.filter { $0.count > 1 }.map(\.name)
      extra.removeAll { $0.count > 1 }
    }
  }

  /// Tensors with factors that the network has as constants, as FCN-8s trained at once.
  private static func constants(of network: Network, _ scheme: KeyScheme) -> Set<String> {
    Set(constantNames(of: network).map { scheme.key(for: $0) ?? $0 })
  }

  private static func constantNames(of network: Network) -> [String] {
    network.nodes.filter { $0.layer is Scale }.map { $0.name + ".weight" }
  }

  /// The tensors for a layer's parameters; `nil` where one is missing.
  private mutating func find(_ node: Network.Node, in shapes: [String: [Int]]) -> [String]? {
    let parameters = node.layer.parameters.map { ("\(node.name).\($0.name)", $0.shape) }
    let tensors = parameters.compactMap { tensor(for: $0, $1, in: shapes) }
    let isWhole = tensors.count == parameters.count
    for (index, (name, shape)) in parameters.enumerated() {
      places[name] = (isWhole ? tensors[index] : nil, shape)
      if !isWhole { leftOut.append(name) }
    }
    return isWhole ? tensors : nil
  }

  /// The tensor for a parameter, if there is one that fits.
  private mutating func tensor(
    for name: String, _ expected: [Int], in shapes: [String: [Int]]
  ) -> String? {
    let key = scheme.key(for: name)
    guard let key, let found = shapes[key] else {
      missing.append(key ?? name)
      return nil
    }
    asked.insert(key)
    guard Self.fits(found, expected) else {
      misshaped.append("\(key) is \(Self.text(found)), the network needs \(Self.text(expected))")
      return nil
    }
    return key
  }

  /// Whether a tensor's values are those of the network's parameter, in the same order.
  ///
  /// A fully connected layer over maps of C × H × W is the convolution with this window: Caffe and
  /// PyTorch both store its weight as (outputs, C · H · W), the columns fastest. So VGG-16's `fc6`
  /// of 4096 × 25088 is a convolution of 4096 × 512 × 7 × 7. DeconvNet's normalisations are stored
  /// as maps of one position, 1 × channels × 1 × 1.
  private static func fits(_ found: [Int], _ expected: [Int]) -> Bool {
    if found == expected || found == [1] + expected + [1, 1] { return true }
    return found.count == 2 && expected.count == 4 && found[0] == expected[0]
      && found[1] == expected.dropFirst().reduce(1, *)
  }

  private func isHead(_ tensor: String) -> Bool {
    let own = tensor.hasPrefix(scheme.prefix) ? tensor.dropFirst(scheme.prefix.count) : tensor[...]
    return (isPartial ? Self.replaceableHeadNames : Self.headNames).contains(where: own.hasPrefix)
  }

  /// What the part of a network that a tensor belongs to is called, without numbers: `layer` of
  /// `layer3.22.conv1.weight`, `conv` of `conv5_4.bias`.
  private static func part(_ name: Substring) -> Substring {
    var part = name.prefix { $0 != "." && !$0.isNumber }
    while part.last == "_" { part.removeLast() }
    return part
  }

  /// Whether a tensor belongs to no part of the network, and to none of its siblings': branches at
  /// the sides, without which the rest is not what was trained.
  private func isForeign(_ tensor: String) -> Bool {
    guard tensor.hasPrefix(scheme.prefix) else { return true }
    let own = tensor.dropFirst(scheme.prefix.count)
    return !parts.contains(Self.part(own)) && !Self.knownNames.contains(String(own))
  }

  /// The parameters and constants of all networks that are known.
  private static let knownNames = Set(
    NetworkCatalog.all.compactMap { try? $0.make() }.flatMap { network in
      network.parameters.map(\.name) + constantNames(of: network)
    })

  /// Files a tensor that is not taken.
  private mutating func sort(_ entry: CheckpointEntry) {
    let tensor = entry.name
    if tensor.hasSuffix("num_batches_tracked") { return }
    if asked.contains(tensor) {
      // Otherwise it is an error already, by shape or by what is missing beside it.
      if isPartial { heads.append(tensor) }
    } else if isHead(tensor) {
      heads.append(tensor)
    } else if isForeign(tensor) {
      extra.append(entry)
    } else {
      unexpected.append(tensor)
    }
  }
}

extension CheckpointComparison {
  private var isAcceptable: Bool {
    guard unexpected.isEmpty else { return false }
    guard isPartial else { return missing.isEmpty && misshaped.isEmpty }
    return severed.isEmpty && leftOut.count < places.count
  }

  /// - Throws: `InputError` with all that does not fit.
  func check() throws {
    guard !isAcceptable else { return }
    var lines = ["does not fit the network (names as in \(scheme))"]
    lines += Self.list("missing", missing) { name in
      suggestion(for: name, among: unexpected + extra.map(\.name)).map { "\(name); there is \($0)" }
        ?? name
    }
    lines += Self.list("of another shape", misshaped) { $0 }
    if isPartial { lines += Self.list("behind layers that are missing", severed) { $0 } }
    lines += Self.list("not in the network", unexpected) { $0 }
    lines += Self.list("heads that the network does not have", heads) { $0 }
    lines += Self.list("of no part of the network", extra) { $0.name }
    lines.append("  choose the network, the classes and the key scheme that it was made for")
    throw InputError(.data, lines.joined(separator: "\n"))
  }

  /// A heading with the number, and the first few.
  private static func list<Item>(
    _ heading: String, _ items: [Item], _ line: (Item) -> String
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
