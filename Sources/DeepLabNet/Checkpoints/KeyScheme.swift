import LatticeSupport

/// How a program that writes checkpoints calls the parameters of networks.
public struct KeyScheme: Sendable {
  /// The program, or the format.
  public let name: String
  /// What stands before every key, such as `module.` where several processors have trained
  /// together; it ends with a dot, or is empty.
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

  func with(prefix: String) -> KeyScheme {
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
}

extension KeyScheme: CustomStringConvertible {
  /// The name, and the prefix where there is one.
  public var description: String { description(behind: "") }

  /// The same where `outer` stands before the prefix.
  package func description(behind outer: String) -> String {
    outer.isEmpty && prefix.isEmpty ? name : "\(name), behind \(outer)\(prefix)"
  }
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
