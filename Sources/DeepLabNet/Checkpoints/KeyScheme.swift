import Support

/// How a program that writes checkpoints calls the parameters of networks.
public struct KeyScheme: Sendable {
  /// The program, or the format.
  public let name: String
  /// What stands before every key, such as `module.` where several processors have trained
  /// together.
  public let prefix: String
  private let rules: [KeyRule]
  private let block: BlockName

  /// How the blocks of a residual network are called.
  enum BlockName: Sendable {
    /// `layer3.12`.
    case asIs
    /// `layer4.block13`: the first convolution counts as a stage, and counting starts at 1.
    case fromOne
    /// `4b12`; `4a` for a stage's first, and `2b`, `2c` in stages of three blocks: Caffe's
    /// ResNet-101.
    case caffe
  }

  init(_ name: String, block: BlockName = .asIs, prefix: String = "", rules: [KeyRule]) {
    self.name = name
    self.prefix = prefix
    self.rules = rules
    self.block = block
  }

  private func with(prefix: String) -> KeyScheme {
    KeyScheme(name, block: block, prefix: prefix, rules: rules)
  }

  /// The tensor with the values of a parameter of the network; `nil` where the scheme has no name
  /// for it.
  package func key(for parameter: String) -> String? {
    for rule in rules {
      if let key = rule.apply(to: parameter, block: block) { return prefix + key }
    }
    return nil
  }

  /// The scheme, and its prefix, under which most parameters of the network are among `names`.
  ///
  /// - Throws: `InputError` where no scheme finds a single one.
  public static func guess(for network: Network, names: some Sequence<String>) throws -> KeyScheme {
    let names = Set(names)
    let parameters = network.parameters.map(\.name)
    let scored = all.flatMap { scheme in
      let keys = parameters.compactMap(scheme.key)
      return prefixes.map { prefix in
        (scheme.with(prefix: prefix), keys.count { names.contains(prefix + $0) })
      }
    }
    // The first of equals: the schemes are listed by how much they leave to chance.
    guard var best = scored.first else { preconditionFailure("no key scheme is listed") }
    for candidate in scored where candidate.1 > best.1 { best = candidate }
    guard best.1 > 0 else {
      let example = names.min().map { ", but tensors such as \($0)" } ?? ""
      throw InputError(
        .data,
        "holds none of the network's parameters, such as \(parameters.first ?? "")\(example)",
        remedy: "choose the network that it was made for")
    }
    return best.0
  }
}

extension KeyScheme: CustomStringConvertible {
  /// The name, and the prefix where there is one.
  public var description: String { prefix.isEmpty ? name : "\(name), behind \(prefix)" }
}

extension KeyScheme.BlockName {
  /// The name of the block `layer<stage>.<number>`.
  func text(for block: Substring) -> String {
    let parts = block.dropFirst("layer".count).split(separator: ".")
    guard parts.count == 2, let stage = Int(parts[0]), let number = Int(parts[1]) else {
      return String(block)
    }
    switch self {
    case .asIs: return String(block)
    case .fromOne: return "layer\(stage + 1).block\(number + 1)"
    case .caffe:
      let hasFew = stage == 1 || stage == 4
      return "\(stage + 1)" + (hasFew || number == 0 ? KeyRule.letter(number + 1) : "b\(number)")
    }
  }
}
