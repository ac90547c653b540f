import LatticeSupport

/// How well a checkpoint fits a network of the catalogue.
public struct CheckpointFit: Sendable {
  /// The network's name.
  public let name: String
  /// The classes that the checkpoint tells apart; `nil` where it does not say.
  public let classes: Int?
  /// How the checkpoint calls parameters.
  public let scheme: KeyScheme
  /// The tensors that the network needs.
  public let needed: Int
  /// Those of them that are not there.
  public let missing: [String]
  /// Those of them that have another shape, with both shapes.
  public let misshaped: [String]
  /// Tensors that would lengthen a part that the network has, without other networks' heads.
  public let unexpected: [String]
  /// Tensors that are left out: of heads, or of parts that the network has nothing like.
  public let leftOut: [String]
  /// Prefixes behind which the checkpoint has as much of the network; more than one where the user
  /// has to choose.
  public let prefixes: [String]

  /// Whether the network can be run with it.
  public var isWhole: Bool { missing.isEmpty && misshaped.isEmpty && unexpected.isEmpty }

  /// The share of the needed tensors that are there in their shapes, 0…1.
  public var share: Double { 1 - Double(missing.count + misshaped.count) / Double(needed) }

  /// `nil` where none of the network's parameters is there.
  init?(_ entry: CatalogEntry, _ checkpoint: any Checkpoint) {
    guard let likely = try? entry.make() else { return nil }
    let (schemes, checkpoint) = KeyScheme.readings(checkpoint, for: likely)
    guard let scheme = schemes.first else { return nil }
    let classes = try? entry.classCount(in: checkpoint, scheme: scheme)
    guard let network = try? entry.make(classes: classes ?? CatalogEntry.defaultClasses) else {
      return nil
    }
    let comparison = CheckpointComparison(network, checkpoint.entries, scheme: scheme)
    name = entry.name
    self.classes = classes
    self.scheme = scheme
    needed = network.parameters.count
    missing = comparison.missing
    misshaped = comparison.misshaped
    unexpected = comparison.unexpected
    leftOut = comparison.heads + comparison.extra.map(\.name)
    prefixes = schemes.map(\.prefix)
  }

  /// Networks of the catalogue that share fewer of their tensors than this are not worth naming.
  private static let leastShare = 0.25

  /// The networks that a checkpoint fits, best first: all that it fits wholly, leaving out as
  /// little as possible, else those that come close.
  ///
  /// - Parameters:
  ///   - checkpoint: weights of some network.
  ///   - limit: the number of networks that only come close.
  /// - Complexity: O(networks · key schemes · parameters); no values are read.
  public static func best(for checkpoint: any Checkpoint, limit: Int = 3) -> [CheckpointFit] {
    let fits = NetworkCatalog.all.compactMap { CheckpointFit($0, checkpoint) }
    let whole = fits.filter(\.isWhole)
    if let least = whole.map(\.leftOut.count).min() {
      return whole.filter { $0.leftOut.count == least }
    }
    let close = fits.filter { $0.share >= leastShare }.sorted {
      ($1.share, $0.unexpected.count + $0.leftOut.count)
        < ($0.share, $1.unexpected.count + $1.leftOut.count)
    }
    return Array(close.prefix(limit))
  }
}

extension CheckpointFit: Encodable {
  private enum CodingKeys: CodingKey {
    case name, classes, keyScheme, fits, needed, missing, misshaped, unexpected, leftOut, prefixes
  }

  /// Writes all members; the scheme in words, and `isWhole` as `fits`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encodeIfPresent(classes, forKey: .classes)
    try container.encode(scheme.description, forKey: .keyScheme)
    try container.encode(isWhole, forKey: .fits)
    try container.encode(needed, forKey: .needed)
    try container.encode(missing, forKey: .missing)
    try container.encode(misshaped, forKey: .misshaped)
    try container.encode(unexpected, forKey: .unexpected)
    try container.encode(leftOut, forKey: .leftOut)
    try container.encode(prefixes, forKey: .prefixes)
  }
}
